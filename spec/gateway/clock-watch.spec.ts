// Jumps of the wall clock: the store and the steady clock follow them, in the right order.

import { expect } from 'chai';
import { compareClocks, watchClock } from '../../lib/gateway/clock-watch.ts';
import { SteadyClock } from '../../lib/kit/async/steady-clock.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';

function bench() {
  const clock = new FakeClock(1_000_000);
  const steady = new SteadyClock(clock);
  const recording = recordingObserve();
  const done: string[] = [];
  const upkeep = {
    shift: async (byMs: number): Promise<void> => {
      done.push(`shift ${byMs} at ${steady.now()}`);
    },
  };
  const clockJumped = async (byMs: number): Promise<void> => void done.push(`jumped ${byMs}`);
  const watch = { clock, steady, upkeep, observe: recording.observe, clockJumped };
  return { clock, steady, recording, done, watch };
}

describe('the clock watch', () => {
  // At no moment may a delivery seem due because only one of the two has moved.
  const jumps = [
    ['forward', 3_600_000, ['shift 3600000 at 1000000', 'jumped 3600000']],
    ['back', -3_600_000, ['shift -3600000 at -2600000', 'jumped -3600000']],
  ] as const;
  for (const [way, byMs, steps] of jumps) {
    it(`shifts due times by a jump ${way}, ${byMs > 0 ? 'before' : 'after'} the clock`, async () => {
      const { clock, steady, recording, done, watch } = bench();
      clock.jump(byMs);
      await compareClocks(watch);
      expect(done).to.deep.equal(steps);
      expect(steady.now()).to.equal(clock.now());
      expect(recording.seen).to.deep.equal([{ kind: 'clock-jumped', byMs }]);
    });
  }

  it('ignores differences that NTP slews', async () => {
    const { clock, recording, done, watch } = bench();
    clock.jump(-1_900);
    await compareClocks(watch);
    expect([done, recording.seen]).to.deep.equal([[], []]);
  });

  it('looks once a second and handles a jump once', async () => {
    const { clock, recording, watch } = bench();
    const stop = new AbortController();
    const running = watchClock(watch, stop.signal);
    await clock.advance(5_000);
    clock.jump(60_000);
    await clock.advance(1_000);
    expect(recording.of('clock-jumped').map(({ byMs }) => byMs)).to.deep.equal([60_000]);
    await clock.advance(5_000);
    expect(recording.seen).to.have.length(1);
    stop.abort();
    await running;
  });
});
