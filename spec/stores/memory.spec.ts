// The memory store: the conformance suite and its own promises.

import { expect } from 'chai';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { describeStore } from '../conformance/store.ts';
import { aCommit, deliveries } from '../support/builders.ts';

describeStore('memory', async (maxBytes) => createMemoryStore({ maxBytes }));

describe('memory', () => {
  it('declares that it is not durable', () => {
    expect(createMemoryStore().journal.durable).to.equal(false);
  });

  it('deletes deliveries settled before a moment', async () => {
    const store = createMemoryStore();
    const [delivery] = deliveries(1);
    const id = delivery?.id ?? '';
    await store.journal.commit(aCommit({ deliveries: delivery ? [delivery] : [] }));
    const next = { state: 'discarded', dead: null, dueAt: 1_000 } as const;
    await store.outbox.change({ id, from: ['waiting'], next, now: 1_000 });
    await store.upkeep.sweep({ goneBefore: 0, settledBefore: 1_000 });
    expect(await store.archive.get(id)).not.to.equal(null);
    await store.upkeep.sweep({ goneBefore: 0, settledBefore: 1_001 });
    expect(await store.archive.get(id)).to.equal(null);
  });

  it('keeps the last 10,000 settled deliveries, and every unsettled one', async () => {
    const store = createMemoryStore();
    await store.journal.commit(aCommit({ deliveries: deliveries(10_010) }));
    const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
    for (const { id } of deliveries(10_005)) {
      await store.outbox.change({ id, from: ['waiting'], next, now: 0 });
    }
    expect(await store.archive.counts()).to.have.deep.members([
      { trigger: 'build', state: 'discarded', count: 10_000 },
      { trigger: 'build', state: 'waiting', count: 5 },
    ]);
  });
});
