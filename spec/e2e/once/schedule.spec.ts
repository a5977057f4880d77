// The schedule of faults over many seeds: the same seed gives the same faults, and no lives that
// could make poison of a delivery.

import { expect } from 'chai';
import { describeKill, type PlannedKill, scheduleOf } from './harness/schedule.ts';

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);
const KILLS = 60;

function isShort({ death }: PlannedKill): boolean {
  return death.how === 'start' || (death.how === 'point' && death.point.armedAfterMs === 0);
}

describe('the schedule of faults', () => {
  it('is fixed by its seed', () => {
    expect(scheduleOf(7, KILLS)).to.deep.equal(scheduleOf(7, KILLS));
    expect(scheduleOf(7, KILLS)).to.not.deep.equal(scheduleOf(8, KILLS));
    expect(scheduleOf(7, KILLS).slice(0, 5)).to.deep.equal(scheduleOf(7, 5));
  });

  it('never makes the first life a short one, so it reads Events', () => {
    for (const seed of SEEDS)
      expect(scheduleOf(seed, 1).some(isShort), `seed ${seed}`).to.equal(false);
  });

  it('never has two short lives in a row', () => {
    for (const seed of SEEDS) {
      const planned = scheduleOf(seed, KILLS);
      const pairs = planned.filter((one, place) => {
        const next = planned[place + 1];
        return next !== undefined && isShort(one) && isShort(next);
      });
      expect(pairs.map(describeKill), `seed ${seed}`).to.deep.equal([]);
    }
  });

  it('has every kind of death', () => {
    const ways = new Set(SEEDS.flatMap((seed) => scheduleOf(seed, KILLS).map(wayOf)));
    const calls = ['begin', 'lookup', 'commit', 'claim', 'attempt', 'settle'];
    const points = calls.flatMap((call) =>
      ['before', 'during', 'after'].map((when) => `${when} ${call}`),
    );
    expect([...ways]).to.have.members(['moment', 'start', 'read', 'answered', ...points]);
  });
});

function wayOf({ death }: PlannedKill): string {
  return death.how === 'point' ? `${death.point.when} ${death.point.call}` : death.how;
}
