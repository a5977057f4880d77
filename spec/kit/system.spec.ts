// Promises of core/clock.ts, kept by lib/kit/system.ts and by the fake clock of other specs. Only
// these specs wait for real time, a few milliseconds.

import { expect } from 'chai';
import type { Clock } from '../../lib/core/clock.ts';
import { systemClock, systemEnvironment, systemRandom } from '../../lib/kit/system.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';

const clocks: readonly {
  name: string;
  make: () => Clock;
  pass: (clock: Clock) => Promise<void>;
}[] = [
  { name: 'the system clock', make: () => systemClock, pass: async () => undefined },
  {
    name: 'the fake clock',
    make: () => new FakeClock(),
    pass: async (clock) => {
      if (clock instanceof FakeClock) await clock.advance(5);
    },
  },
];

for (const { name, make, pass } of clocks) {
  describe(name, () => {
    it('sleeps at least as long as asked', async () => {
      const clock = make();
      const before = clock.monotonic();
      const slept = clock.sleep(5, NEVER);
      await pass(clock);
      await slept;
      // A timer may fire a fraction of a millisecond before a finer clock says so.
      expect(clock.monotonic() - before).to.be.at.least(4);
    });

    it('rejects a sleep with the reason of the signal as soon as it aborts', async () => {
      const stop = new AbortController();
      const reason = new Error('stopping');
      const slept = make()
        .sleep(3_600_000, stop.signal)
        .catch((error: unknown) => error);
      stop.abort(reason);
      expect(await slept).to.equal(reason);
    });

    it('does not start to sleep once the signal has aborted', async () => {
      const reason = new Error('over');
      const slept = make().sleep(3_600_000, AbortSignal.abort(reason));
      expect(await slept.catch((error: unknown) => error)).to.equal(reason);
    });
  });
}

describe('systemClock', () => {
  it('leaves no timer behind an abort', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    // Mocha sets a timer of its own once a spec has become asynchronous.
    await systemClock.sleep(1, NEVER);
    const before = timers();
    const stop = new AbortController();
    const slept = systemClock.sleep(3_600_000, stop.signal).catch(() => undefined);
    expect(timers()).to.equal(before + 1);
    stop.abort();
    await slept;
    expect(timers()).to.equal(before);
  });

  it('sleeps for longer than the longest timer of Node', async () => {
    const stop = new AbortController();
    const slept = systemClock.sleep(2 ** 31, stop.signal).then(
      () => 'slept',
      () => 'aborted',
    );
    // Two timers of Node's own choice, 1 ms each, would be over long before this.
    await systemClock.sleep(20, NEVER);
    stop.abort();
    expect(await slept).to.equal('aborted');
  });

  it('returns the wall clock in milliseconds since 1970', () => {
    expect(new Date(systemClock.now()).getUTCFullYear()).to.be.at.least(2025);
  });
});

describe('systemEnvironment', () => {
  it('is a copy of the variables of this process', () => {
    const copy = systemEnvironment();
    expect(copy['PATH']).to.be.a('string');
    expect(copy).to.not.equal(systemEnvironment());
  });
});

describe('systemRandom', () => {
  it('draws from [0, 1)', () => {
    for (let draw = 0; draw < 100; draw += 1) expect(systemRandom()).to.be.within(0, 1);
  });
});

describe('FakeClock', () => {
  it('wakes sleepers in the order of their times, those that sleep again included', async () => {
    const clock = new FakeClock(1000);
    const woken: string[] = [];
    const beat = async (): Promise<void> => {
      for (let count = 1; count <= 3; count += 1) {
        await clock.sleep(10, NEVER);
        woken.push(`beat ${clock.now()}`);
      }
    };
    const once = clock.sleep(15, NEVER).then(() => woken.push(`once ${clock.now()}`));
    const beats = beat();
    await clock.advance(30);
    await Promise.all([once, beats]);
    expect(woken).to.deep.equal(['beat 1010', 'once 1015', 'beat 1020', 'beat 1030']);
  });

  it('jumps the wall clock alone', async () => {
    const clock = new FakeClock(1000);
    clock.jump(-500);
    await clock.advance(1);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([501, 1]);
  });
});

describe('the machine’s clock, after a time', () => {
  it('calls once', async () => {
    let calls = 0;
    systemClock.after(1, () => (calls += 1));
    await until(() => calls === 1, 'the call');
    await systemClock.sleep(5, NEVER);
    expect(calls).to.equal(1);
  });

  it('does not call a cancelled function; cancelling is idempotent', async () => {
    let calls = 0;
    const cancel = systemClock.after(1, () => (calls += 1));
    cancel();
    cancel();
    await systemClock.sleep(5, NEVER);
    expect(calls).to.equal(0);
  });

  it('does not call early after more than the longest timer of Node', async () => {
    let calls = 0;
    const cancel = systemClock.after(2 ** 31 + 5, () => (calls += 1));
    await systemClock.sleep(5, NEVER);
    cancel();
    expect(calls).to.equal(0);
  });
});

describe('the machine’s clock, at the end of a turn', () => {
  it('resolves after everything that was ready before', async () => {
    const order: string[] = [];
    const turn = systemClock.turn().then(() => order.push('turn'));
    const ready = Promise.resolve()
      .then(() => order.push('ready'))
      .then(() => order.push('and what that made ready'));
    await Promise.all([turn, ready]);
    expect(order).to.deep.equal(['ready', 'and what that made ready', 'turn']);
  });
});
