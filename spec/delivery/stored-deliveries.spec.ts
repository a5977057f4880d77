// Stored deliveries page by page: each one of the query once, also while their states change.

import { expect } from 'chai';
import { walkPages } from '../../lib/delivery/stored-deliveries.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, deliveries } from '../support/builders.ts';

describe('walkPages', () => {
  for (const count of [0, 1, 499, 500, 501, 1_200]) {
    it(`yields each of ${count} once, in their order, while their states change`, async () => {
      const store = createMemoryStore();
      const made = deliveries(count);
      await store.journal.commit(aCommit({ deliveries: made }));
      const met: string[] = [];
      for await (const page of walkPages(store.archive, { states: ['waiting'] })) {
        for (const { id } of page) {
          met.push(id);
          const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
          await store.outbox.change({ id, from: ['waiting'], next, now: 0 });
        }
      }
      expect(met).to.deep.equal(made.map(({ id }) => id));
    });
  }

  for (const query of [{ states: ['held'] }, { trigger: 'other' }] as const) {
    it(`yields only deliveries that match ${JSON.stringify(query)}`, async () => {
      const store = createMemoryStore();
      await store.journal.commit(aCommit({ deliveries: deliveries(3) }));
      expect(await Array.fromAsync(walkPages(store.archive, query))).to.deep.equal([]);
    });
  }
});
