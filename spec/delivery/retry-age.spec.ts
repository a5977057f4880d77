// Ages of deliveries and lost answers: pauses, spans without a gateway, clocks that jump, and
// recovery by the next process.

import { expect } from 'chai';
import { RetryAge } from '../../lib/delivery/retry-age.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;

function setUp() {
  const clock = new FakeClock();
  const { keyValues } = createMemoryStore();
  const made = (downtimes: readonly { from: number; to: number }[] = []): RetryAge =>
    new RetryAge('build', { clock, keyValues, downtimes });
  const from = clock.now();
  /** The age of a delivery from the beginning, in minutes. */
  const age = (aging: RetryAge): number => aging.ageMs(from, clock.now()) / MINUTE;
  const pass = (minutes: number): Promise<void> => clock.advance(minutes * MINUTE);
  return { clock, keyValues, made, from, age, pass };
}

describe('the age of a delivery', () => {
  it('does not grow while no attempts are made', async () => {
    const { made, age, pass } = setUp();
    const aging = made();
    await pass(1);
    aging.pause();
    await pass(10);
    expect(age(aging)).to.equal(1);
    aging.resume();
    await pass(2);
    expect(age(aging)).to.equal(3);
  });

  it('does not grow in a pause before a restart, nor until the restart', async () => {
    const { made, age, pass } = setUp();
    const first = made();
    await pass(1);
    first.pause();
    await pass(5);
    first.resume();
    await pass(1);
    first.pause();
    await first.saved;
    await pass(10);
    const second = made();
    await second.restore();
    expect(age(second)).to.equal(2);
    await pass(3);
    expect(age(second)).to.equal(5);
  });

  it('does not grow while no gateway ran', async () => {
    const { made, age, pass, from } = setUp();
    const aging = made([{ from: from + 2 * MINUTE, to: from + 10 * MINUTE }]);
    await aging.restore();
    await pass(11);
    expect(age(aging)).to.equal(3);
  });

  it('counts a moment once that is both in a pause and without a gateway', async () => {
    const { made, age, pass, from } = setUp();
    const first = made();
    first.pause();
    await first.saved;
    await pass(10);
    const second = made([{ from: from + 5 * MINUTE, to: from + 10 * MINUTE }]);
    await second.restore();
    await pass(1);
    expect(age(second)).to.equal(1);
  });

  it('keeps stored spans although the clock jumps before they are recovered', async () => {
    const { clock, made, age, pass } = setUp();
    const first = made();
    first.pause();
    await pass(5);
    first.resume();
    await first.saved;
    const second = made();
    clock.jump(60 * MINUTE);
    second.clockJumped(60 * MINUTE);
    await second.saved;
    const third = made();
    await third.restore();
    await pass(1);
    expect(age(third)).to.equal(1);
  });

  it('does not grow by a jump of the clock', async () => {
    const { clock, made, age, pass } = setUp();
    const aging = made();
    await pass(1);
    clock.jump(60 * MINUTE);
    aging.clockJumped(60 * MINUTE);
    await pass(1);
    expect(age(aging)).to.equal(2);
  });

  it('is never too high after the clock was set back, also in a pause', async () => {
    const { clock, made, age, pass } = setUp();
    const aging = made();
    await pass(10);
    aging.pause();
    clock.jump(-5 * MINUTE);
    aging.clockJumped(-5 * MINUTE);
    await pass(20);
    aging.resume();
    expect(age(aging)).to.be.at.most(10);
    // A later delivery, in the pause that began before.
    expect(aging.ageMs(clock.now() - 20 * MINUTE, clock.now())).to.equal(0);
  });

  it('is counted although the store fails', async () => {
    const { clock, age, pass } = setUp();
    const refuse = (): Promise<never> => Promise.reject(new Error('disk full'));
    const keyValues = { read: async () => null, write: refuse };
    const aging = new RetryAge('build', { clock, keyValues, downtimes: [] });
    await aging.restore();
    aging.pause();
    await aging.saved;
    await pass(10);
    aging.resume();
    await pass(1);
    expect(age(aging)).to.equal(1);
  });

  for (const text of ['{}', 'null', '7', '{"pauses":7}', '{"pauses":[7,["x",null],[1]]}', '{']) {
    it(`ignores ${text} as its stored value`, async () => {
      const { keyValues, made, age, pass } = setUp();
      await keyValues.write('pauses/build', text);
      const aging = made();
      await aging.restore();
      await pass(1);
      expect(age(aging)).to.equal(1);
    });
  }
});

describe('the age of a lost answer', () => {
  it('follows the clock, also in pauses', async () => {
    const { clock, made, from, pass } = setUp();
    const aging = made();
    aging.pause();
    await pass(10);
    expect(aging.sinceMs(from, clock.now())).to.equal(10 * MINUTE);
  });

  it('is not lower after the clock was set back, also for the next process', async () => {
    const { clock, made, from, pass } = setUp();
    const first = made();
    await pass(10);
    clock.jump(-60 * MINUTE);
    first.clockJumped(-60 * MINUTE);
    await pass(70);
    await first.saved;
    const second = made();
    await second.restore();
    for (const aging of [first, second]) {
      expect(aging.sinceMs(from, clock.now())).to.equal(80 * MINUTE);
      expect(aging.sinceMs(clock.now() - MINUTE, clock.now())).to.equal(MINUTE);
    }
  });

  it('exceeds the life of any limited key if it is in the future', () => {
    const { clock, made } = setUp();
    const since = made().sinceMs(clock.now() + 1, clock.now());
    expect(since).to.be.above(365 * 24 * 60 * MINUTE);
    expect(since).to.be.below(Number.POSITIVE_INFINITY);
  });
});
