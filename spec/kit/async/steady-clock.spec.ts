// The steady clock advances evenly, independent of the wall clock.

import { expect } from 'chai';
import { SteadyClock } from '../../../lib/kit/async/steady-clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('a steady clock', () => {
  for (const [jump, byMs] of [
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ] as const) {
    it(`does not follow the wall clock ${jump} and returns the difference`, async () => {
      const clock = new FakeClock(1_000_000);
      const steady = new SteadyClock(clock);
      await clock.advance(500);
      clock.jump(byMs);
      await clock.advance(500);
      expect([steady.now(), steady.driftMs]).to.deep.equal([1_001_000, byMs]);
      steady.adjust(byMs);
      expect([steady.now(), steady.driftMs]).to.deep.equal([clock.now(), 0]);
    });
  }

  it('shows whole milliseconds, as a store keeps them', () => {
    let monotonic = 0.4;
    const rough = Object.assign(new FakeClock(1_000), { monotonic: () => monotonic });
    const steady = new SteadyClock(rough);
    monotonic = 7.9;
    expect(steady.now()).to.equal(1_008);
  });
});
