// The walk over deliveries: every one of the states asked for, once, also while they change.
import { expect } from 'chai';
import { walkDeliveries } from '../../lib/delivery/walk.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, deliveries } from '../conformance/store-builders.ts';

describe('walkDeliveries', () => {
  for (const count of [0, 1, 499, 500, 501, 1_200]) {
    it(`meets each of ${count} once, in their order, while it changes their state`, async () => {
      const store = createMemoryStore();
      const made = deliveries(count);
      await store.journal.commit(aCommit({ deliveries: made }));
      const met: string[] = [];
      for await (const { id } of walkDeliveries(store.archive, ['waiting'])) {
        met.push(id);
        const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
        await store.outbox.change({ id, from: ['waiting'], next, now: 0 });
      }
      expect(met).to.deep.equal(made.map(({ id }) => id));
    });
  }

  it('leaves out what is in other states', async () => {
    const store = createMemoryStore();
    await store.journal.commit(aCommit({ deliveries: deliveries(3) }));
    expect(await Array.fromAsync(walkDeliveries(store.archive, ['held']))).to.deep.equal([]);
  });
});
