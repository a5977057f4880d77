// Deliveries without a trigger are orphaned, without reading the others.

import { expect } from 'chai';
import type { DeliveryQuery } from '../../lib/core/ports/store.ts';
import { Dispatch } from '../../lib/delivery/lane.ts';
import { orphan, orphanAll } from '../../lib/delivery/stored-deliveries.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, deliveries, idOf } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { recordingStore } from '../support/doubles/store.ts';

/** A store with 3 waiting and 1 held for `build`, 600 for `report`, and its recorded listings. */
async function setUp() {
  const store = createMemoryStore();
  const [first, ...others] = deliveries(4);
  const held = first === undefined ? [] : [{ ...first, state: 'held' as const }];
  const many = deliveries(600, { trigger: 'report' }).map((one, place) => ({
    ...one,
    id: idOf(1_000 + place),
  }));
  await store.journal.commit(aCommit({ deliveries: [...held, ...others, ...many] }));
  const recorded = recordingStore(store);
  const { archive, outbox } = recorded.store;
  const queries = () => recorded.of('list').map(([query]) => query);
  const { observe, of } = recordingObserve();
  return { store, recorded, queries, of, parts: { archive, outbox, observe, now: 7 } };
}

describe('orphan', () => {
  it('lists nothing if every trigger is configured', async () => {
    const { parts, queries } = await setUp();
    expect(await orphan(parts, new Set(['build', 'report']))).to.equal(0);
    expect(queries()).to.deep.equal([]);
  });

  it('orphans waiting and held deliveries of a trigger that is not configured, and reads no others', async () => {
    const { parts, queries, of, store } = await setUp();
    expect(await orphan(parts, new Set(['report']))).to.equal(4);
    expect(new Set(queries().map(({ trigger }) => trigger))).to.deep.equal(new Set(['build']));
    const states = (await store.archive.counts()).map(({ state, count }) => [state, count]);
    expect(states).to.deep.equal([
      ['orphaned', 4],
      ['waiting', 600],
    ]);
    expect(of('delivery-moved')[0]).to.include({
      from: 'held',
      to: 'orphaned',
      why: 'trigger build is not configured',
    });
  });

  it('ignores settled deliveries', async () => {
    const { parts, recorded, queries } = await setUp();
    await orphan(parts, new Set(['report']));
    recorded.calls.length = 0;
    expect(await orphan(parts, new Set(['report']))).to.equal(0);
    expect(queries()).to.deep.equal([]);
  });

  it('orphans many', async () => {
    const { parts, of } = await setUp();
    expect(await orphan(parts, new Set())).to.equal(604);
    expect(of('delivery-moved')).to.have.length(604);
  });
});

describe('orphanAll', () => {
  it('orphans every unsettled delivery of some triggers, for a reason', async () => {
    const { parts, of } = await setUp();
    expect(await orphanAll(parts, ['build', 'other'], 'another cluster')).to.equal(4);
    expect(of('delivery-moved').map(({ why }) => why)).to.deep.equal(
      Array(4).fill('another cluster'),
    );
  });

  it('leaves a delivery that was changed meanwhile', async () => {
    const { parts, store } = await setUp();
    const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
    const [one] = await store.archive.list({ trigger: 'build', states: ['waiting'], limit: 1 });
    const archive = {
      ...parts.archive,
      list: async (query: DeliveryQuery) => {
        const listed = await parts.archive.list(query);
        await store.outbox.change({ id: one?.id ?? '', from: ['waiting'], next, now: 0 });
        return listed;
      },
    };
    expect(await orphanAll({ ...parts, archive }, ['build'], 'another cluster')).to.equal(3);
  });
});

describe('dispatch', () => {
  it('observes nothing about a lost delivery whose trigger is not configured', () => {
    expect(() => new Dispatch(new Map()).reportLost(deliveries(1))).not.to.throw();
  });
});
