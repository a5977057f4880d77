// The promises of the order of claims.

import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, deliveries, idOf, NOW } from '../support/builders.ts';
import { CLAIM, idsOf, settle } from './store-steps.ts';

/** Declares the cases of the order of claims. */
export function describeOrder(store: () => Store): void {
  describe('order', () => {
    const ORDERED = { ...CLAIM, order: 'object' } as const;

    async function retryFirst(dueAt: number): Promise<readonly string[]> {
      const same = deliveries(2, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      const [first] = await store().outbox.claim(ORDERED);
      const id = first?.id ?? '';
      await store().outbox.attempt({ id, incarnation: 'one', now: NOW });
      await settle(store(), id, { state: 'waiting', dueAt });
      return same.map((one) => one.id);
    }

    it('none: claims the next delivery of an object while a retry of it waits', async () => {
      const [, second] = await retryFirst(NOW + 5_000);
      expect((await store().outbox.claim(CLAIM)).map(({ id }) => id)).to.deep.equal([second]);
    });

    it('object: blocks the next delivery while a retry waits', async () => {
      const [first] = await retryFirst(NOW + 5_000);
      expect(await store().outbox.claim(ORDERED)).to.deep.equal([]);
      const later = { ...ORDERED, now: NOW + 5_000 };
      expect((await store().outbox.claim(later)).map(({ id }) => id)).to.deep.equal([first]);
    });

    it('object: claims the next delivery after a retry has waited for a minute', async () => {
      const [, second] = await retryFirst(NOW + 300_000);
      expect(await store().outbox.claim({ ...ORDERED, now: NOW + 59_000 })).to.deep.equal([]);
      const later = { ...ORDERED, now: NOW + 60_005 };
      expect((await store().outbox.claim(later)).map(({ id }) => id)).to.deep.equal([second]);
    });

    it('none: claims the earliest due, also within one object', async () => {
      const [, second] = await retryFirst(NOW + 10);
      await store().outbox.claim(CLAIM);
      await settle(store(), second ?? '', { state: 'waiting', dueAt: NOW + 5 });
      const later = { ...CLAIM, now: NOW + 20 };
      expect(idsOf(await store().outbox.claim(later))).to.deep.equal([second]);
    });

    it('object: claims a retry before a later delivery, however long that one is due', async () => {
      const [first] = await retryFirst(NOW + 10);
      const later = { ...ORDERED, now: NOW + 20 };
      expect(idsOf(await store().outbox.claim(later))).to.deep.equal([first]);
    });

    it('object: keeps the order of creation, including a delivery that was held', async () => {
      const [held, waiting] = deliveries(2, { object: 'v1/Pod/shop/web' });
      if (!held || !waiting) throw new Error('no deliveries were built');
      const made = [{ ...held, state: 'held' as const }, waiting];
      await store().journal.commit(aCommit({ deliveries: made }));
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: held.id, from: ['held'], next, now: NOW });
      expect(idsOf(await store().outbox.claim(ORDERED))).to.deep.equal([held.id]);
    });

    it('object: overtakes several retries that have waited for a minute', async () => {
      const same = deliveries(3, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      for (const [place, { id }] of same.slice(0, 2).entries()) {
        const now = NOW + place * 60_006;
        const claimed = await store().outbox.claim({ ...ORDERED, now });
        expect(idsOf(claimed)).to.deep.equal([id]);
        await store().outbox.attempt({ id, incarnation: 'one', now });
        await settle(store(), id, { state: 'waiting', dueAt: NOW + 900_000 });
      }
      const now = NOW + 2 * 60_006;
      expect(await store().outbox.claim({ ...ORDERED, now: now - 10 })).to.deep.equal([]);
      const last = await store().outbox.claim({ ...ORDERED, now });
      expect(idsOf(last)).to.deep.equal([idOf(2)]);
    });

    it('object: counts that minute from the last attempt, not from a claim without one', async () => {
      const [first, second] = await retryFirst(NOW + 10);
      await store().outbox.claim({ ...ORDERED, now: NOW + 20 });
      await settle(store(), first ?? '', { state: 'waiting', dueAt: NOW + 300_000 });
      const later = { ...ORDERED, now: NOW + 60_005 };
      expect(idsOf(await store().outbox.claim(later))).to.deep.equal([second]);
    });
  });
}
