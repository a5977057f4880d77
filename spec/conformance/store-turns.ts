// The promises of turns: a backlog of one namespace does not delay the deliveries of another.

import { expect } from 'chai';
import fc from 'fast-check';
import { type Delivery, eventNamespaceOf } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, deliveriesOf, idOf, NOW } from '../support/builders.ts';
import { Waits } from '../support/waits.ts';
import { CLAIM, settle } from './store-steps.ts';

const ORDERS = ['none', 'object'] as const;

const namespacesOf = (many: readonly Delivery[]): readonly string[] => many.map(eventNamespaceOf);

/** Declares the cases of fairness between namespaces. */
export function describeTurns(store: () => Store): void {
  describe('turns', () => {
    const commit = async (...many: readonly (readonly Delivery[])[]): Promise<void> => {
      await store().journal.commit(aCommit({ deliveries: many.flat() }));
    };

    for (const order of ORDERS) {
      const claim = (limit: number) => store().outbox.claim({ ...CLAIM, order, limit });

      it(`${order}: claims one delivery of each namespace in turn, however long one has waited`, async () => {
        const long = deliveriesOf('noisy', { from: 0, count: 60, dueAt: NOW - 1_000 });
        const short = deliveriesOf('quiet', { from: 100, count: 3 });
        await commit(long, short);
        const claimed: Delivery[] = [];
        for (let turn = 0; turn < 6; turn += 1) claimed.push(...(await claim(1)));
        expect(namespacesOf(claimed).toSorted()).to.deep.equal([
          'noisy',
          'noisy',
          'noisy',
          'quiet',
          'quiet',
          'quiet',
        ]);
      });

      it(`${order}: shares one claim between namespaces and uses its whole limit`, async () => {
        const long = deliveriesOf('noisy', { from: 0, count: 60, dueAt: NOW - 1_000 });
        const short = deliveriesOf('quiet', { from: 100, count: 3 });
        await commit(long, short);
        const names = namespacesOf(await claim(10));
        expect(names.filter((name) => name === 'quiet')).to.have.length(3);
        expect(names).to.have.length(10);
        // The order within the claim is fair as well, because a lane starts deliveries in this order.
        expect(new Set(names.slice(0, 2)).size).to.equal(2);
      });

      it(`${order}: gives the next turn to the namespace that has waited for it`, async () => {
        await commit(
          deliveriesOf('a', { from: 0, count: 5 }),
          deliveriesOf('b', { from: 10, count: 5 }),
          deliveriesOf('c', { from: 20, count: 5 }),
        );
        const first = namespacesOf(await claim(2));
        const second = namespacesOf(await claim(2));
        expect(new Set([...first, ...second])).to.deep.equal(new Set(['a', 'b', 'c']));
      });

      it(`${order}: skips a namespace without due deliveries`, async () => {
        await commit(
          deliveriesOf('later', { from: 0, count: 5, dueAt: NOW + 60_000 }),
          deliveriesOf('now', { from: 10, count: 2 }),
        );
        expect(namespacesOf(await claim(10))).to.deep.equal(['now', 'now']);
        expect(await store().outbox.next('build')).to.equal(NOW + 60_000);
      });
    }

    it('claims the earliest due within a namespace', async () => {
      await commit(
        deliveriesOf('a', { from: 0, count: 2, dueAt: NOW - 5 }),
        deliveriesOf('b', { from: 10, count: 1, dueAt: NOW - 9 }),
        deliveriesOf('b', { from: 20, count: 1, dueAt: NOW - 10 }),
      );
      const claimed = await store().outbox.claim(CLAIM);
      const ofB = claimed.filter((one) => eventNamespaceOf(one) === 'b').map(({ id }) => id);
      expect(ofB).to.deep.equal([idOf(20), idOf(10)]);
    });

    it('includes released deliveries in the turns of their namespace', async () => {
      const held = deliveriesOf('quiet', { from: 100, count: 1, state: 'held' });
      await commit(deliveriesOf('noisy', { from: 0, count: 60, dueAt: NOW - 1_000 }), held);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: idOf(100), from: ['held'], next, now: NOW });
      expect(namespacesOf(await store().outbox.claim({ ...CLAIM, limit: 2 }))).to.include('quiet');
    });

    it('makes a namespace with a due delivery wait for at most one turn of each other', async () => {
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(STEPS, async (steps) => {
          const trigger = `t${(runs += 1)}`;
          const waits = new Waits();
          for (const [place, step] of steps.entries()) {
            if (step.act === 'commit') {
              const from = runs * 10_000 + place * 10;
              await commit(deliveriesOf(step.name, { from, count: step.count, trigger }));
              waits.came(step.name, step.count);
              continue;
            }
            const [claimed] = await store().outbox.claim({ ...CLAIM, trigger, limit: 1 });
            expect(claimed === undefined).to.equal(waits.areOver);
            if (claimed === undefined) continue;
            if (step.settled) await settle(store(), claimed.id);
            expect(waits.turn(eventNamespaceOf(claimed))).to.be.at.most(1);
          }
        }),
        { numRuns: 40, seed: 7 },
      );
    });
  });
}

const STEPS = fc.array(
  fc.oneof(
    fc.record({
      act: fc.constant('commit' as const),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      count: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ act: fc.constant('claim' as const), settled: fc.boolean() }),
  ),
  { minLength: 30, maxLength: 60 },
);
