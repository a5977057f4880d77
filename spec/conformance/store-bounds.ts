// The promises of a store at its bound in bytes: it deletes settled deliveries first. Then it answers
// that it is full and stores nothing of a commit with new deliveries.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, aDelivery, anEntry, anEvent, idOf, NOW, PATH } from '../support/builders.ts';
import type { OpenStore } from './store.ts';
import { CLAIM, settle } from './store-steps.ts';

/** A bound above the size of an empty store, which some hundred deliveries reach. */
const MAX_BYTES = 1_000_000;
const MOST = 2_000;

function large(place: number): Delivery {
  const event = anEvent({ message: `${place} `.repeat(800) });
  return aDelivery({ id: idOf(place), object: `v1/Pod/shop/web-${place}`, event });
}

/** Makes commits until one is refused and returns the number of stored ones. */
async function fill(store: Store, from = 0): Promise<number> {
  for (let place = from; place < from + MOST; place += 1) {
    const { done } = await store.journal.commit(aCommit({ deliveries: [large(place)] }));
    if (!done) return place - from;
  }
  throw new Error('it never was full');
}

/** Declares the cases of a bounded store. */
export function describeBounds(name: string, open: OpenStore): void {
  describe(`${name} as a bounded store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open(MAX_BYTES);
    });
    afterEach(() => store[Symbol.asyncDispose]());

    it('reports a usage that grows with each delivery', async () => {
      const empty = await store.journal.commit(aCommit());
      const deliveries = Array.from({ length: 50 }, (_, place) => large(place));
      const fuller = await store.journal.commit(aCommit({ deliveries }));
      expect(fuller.usage.maxBytes).to.equal(MAX_BYTES);
      expect(fuller.usage.bytes - empty.usage.bytes).to.be.greaterThan(50 * 1_000);
    });

    it('reports its usage before the first commit after opening', async () => {
      const empty = await store.archive.usage();
      expect(empty.maxBytes).to.equal(MAX_BYTES);
      const deliveries = Array.from({ length: 50 }, (_, place) => large(place));
      const { usage } = await store.journal.commit(aCommit({ deliveries }));
      expect(await store.archive.usage()).to.deep.equal(usage);
      expect(usage.bytes).to.be.greaterThan(empty.bytes);
    });

    it('answers that it is full and stores nothing of that commit', async () => {
      const count = await fill(store);
      expect(count).to.be.greaterThan(50);
      const position = { resourceVersion: '9', at: NOW };
      const refused = await store.journal.commit(
        aCommit({
          deliveries: [large(MOST)],
          ledger: [anEntry()],
          positions: new Map([[PATH, position]]),
        }),
      );
      expect(refused.done).to.equal(false);
      expect(refused.usage.bytes).to.be.at.least(MAX_BYTES);
      expect((await store.journal.lookup(['k1'])).size).to.equal(0);
      expect((await store.journal.positions('shop')).size).to.equal(0);
      expect(await store.archive.get(idOf(MOST))).to.equal(null);
      expect(await store.archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count },
      ]);
    });

    it('accepts a commit without new deliveries even if it is full', async () => {
      const count = await fill(store);
      const again = aCommit({ deliveries: [large(count - 1)], ledger: [anEntry()] });
      expect((await store.journal.commit(again)).done).to.equal(true);
      expect((await store.journal.lookup(['k1'])).size).to.equal(1);
    });

    it('deletes settled deliveries, the oldest first, before it answers so', async () => {
      const count = await fill(store);
      const claimed = await store.outbox.claim({ ...CLAIM, limit: count });
      for (const { id } of claimed) await settle(store, id);
      for (let place = count; place < 2 * count; place += 1) {
        const { done } = await store.journal.commit(aCommit({ deliveries: [large(place)] }));
        if (place < count + 20) expect(done).to.equal(true);
      }
      const left = await store.archive.list({ limit: 2 * MOST });
      const settled = left.filter(({ state }) => state === 'delivered').map(({ id }) => id);
      expect(settled).to.deep.equal(
        Array.from({ length: settled.length }, (_, place) => idOf(count - settled.length + place)),
      );
      expect(settled.length).to.be.lessThan(count - 20);
    });
  });
}
