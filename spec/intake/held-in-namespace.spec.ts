// The order in which one queue releases its deliveries, compared with a simple model.

import { expect } from 'chai';
import fc from 'fast-check';
import { type HeldDelivery, HeldInNamespace } from '../../lib/intake/held-in-namespace.ts';
import { aDelivery } from '../support/builders.ts';

const KEY = { trigger: 'build', namespace: 'shop' };

function held(id: string, object: string): HeldDelivery {
  return { ...KEY, id, object, rule: aDelivery().rule, since: 0 };
}

const ACT = fc.oneof(
  fc.record({ act: fc.constant('add' as const), object: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ act: fc.constant('start' as const) }),
  fc.record({ act: fc.constant('remove' as const), which: fc.nat(40) }),
  fc.record({ act: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  /** Another queue took the token of an object. */
  fc.record({ act: fc.constant('spend' as const), object: fc.integer({ min: 0, max: 4 }) }),
);

describe('a queue of held deliveries', () => {
  it('returns the oldest one whose object has a token, after any additions and removals', () => {
    fc.assert(
      fc.property(fc.array(ACT, { minLength: 30, maxLength: 150 }), (acts) => {
        const queue = new HeldInNamespace(KEY);
        const all: HeldDelivery[] = [];
        const freeAt = new Map<string, number>();
        let now = 1;
        let ids = 0;
        const waitMs = (object: string) => Math.max(0, (freeAt.get(object) ?? 0) - now);
        const take = (id: string) =>
          all.splice(
            all.findIndex((one) => one.id === id),
            1,
          );
        for (const step of acts) {
          if (step.act === 'wait') now += step.ms;
          if (step.act === 'spend') freeAt.set(`o${step.object}`, now + 20);
          if (step.act === 'add') {
            const one = held(`d${(ids += 1)}`, `o${step.object}`);
            const ms = waitMs(one.object);
            queue.add(one, ms > 0 ? now + ms : 0);
            all.push(one);
          }
          if (step.act === 'remove') {
            const one = all[step.which % Math.max(1, all.length)];
            if (one === undefined) continue;
            expect(queue.remove(one.id)).to.equal(one);
            take(one.id);
          }
          const expected = all.find(({ object }) => waitMs(object) === 0);
          const next = queue.next(now, waitMs);
          expect(next).to.equal(expected);
          expect(queue.size).to.equal(all.length);
          expect(queue.oldest).to.equal(all[0]);
          if (next === undefined && all.length > 0) {
            const first = Math.min(...all.map(({ object }) => now + waitMs(object)));
            // Another queue may have taken the token meanwhile: then the look is too early, never
            // late.
            expect(queue.blockedUntil).to.be.above(now).and.at.most(first);
            const objects = new Set(all.map(({ object }) => object));
            expect(queue.blockedObjects).to.equal(objects.size);
          }
          if (step.act !== 'start' || next === undefined) continue;
          freeAt.set(next.object, now + 20);
          queue.remove(next.id, now + 20);
          take(next.id);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('looks at one delivery of an object, however many of it wait', () => {
    const queue = new HeldInNamespace(KEY);
    for (let place = 0; place < 10_000; place += 1) queue.add(held(`a${place}`, 'busy'), 50);
    queue.add(held('b', 'free'), 0);
    let asked = 0;
    const next = queue.next(1, () => {
      asked += 1;
      return 0;
    });
    expect([next?.id, asked]).to.deep.equal(['b', 1]);
  });
});
