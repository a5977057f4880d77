// Deliveries without a trigger are set aside, and nobody walks the others for that.

import { expect } from 'chai';
import type { DeliveryQuery } from '../../lib/core/store.ts';
import { Dispatch } from '../../lib/delivery/lane.ts';
import { orphan, orphanAll } from '../../lib/delivery/stored-deliveries.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, deliveries, idOf } from '../conformance/store-builders.ts';
import { recordingObserve } from '../support/recording-observe.ts';

/**
 * A store with 3 waiting and 1 held for `build`, and 600 for `report`; and what was listed of it.
 */
async function setUp() {
  const store = createMemoryStore();
  const [first, ...others] = deliveries(4);
  const held = first === undefined ? [] : [{ ...first, state: 'held' as const }];
  const many = deliveries(600, { trigger: 'report' }).map((one, place) => ({
    ...one,
    id: idOf(1_000 + place),
  }));
  await store.journal.commit(aCommit({ deliveries: [...held, ...others, ...many] }));
  const queries: DeliveryQuery[] = [];
  const archive = {
    counts: () => store.archive.counts(),
    list: (query: DeliveryQuery) => {
      queries.push(query);
      return store.archive.list(query);
    },
  };
  const { observe, of } = recordingObserve();
  return { store, queries, of, parts: { archive, outbox: store.outbox, observe, now: 7 } };
}

describe('orphan', () => {
  it('lists nothing where every trigger is configured', async () => {
    const { parts, queries } = await setUp();
    expect(await orphan(parts, new Set(['build', 'report']))).to.equal(0);
    expect(queries).to.deep.equal([]);
  });

  it('sets aside what waits or is held for a trigger that is not, and looks at no other', async () => {
    const { parts, queries, of, store } = await setUp();
    expect(await orphan(parts, new Set(['report']))).to.equal(4);
    expect(new Set(queries.map(({ trigger }) => trigger))).to.deep.equal(new Set(['build']));
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

  it('leaves out what was settled long ago', async () => {
    const { parts, queries } = await setUp();
    await orphan(parts, new Set(['report']));
    queries.length = 0;
    expect(await orphan(parts, new Set(['report']))).to.equal(0);
    expect(queries).to.deep.equal([]);
  });

  it('goes over many', async () => {
    const { parts, of } = await setUp();
    expect(await orphan(parts, new Set())).to.equal(604);
    expect(of('delivery-moved')).to.have.length(604);
  });
});

describe('orphanAll', () => {
  it('sets everything unsettled of some triggers aside, for a reason', async () => {
    const { parts, of } = await setUp();
    expect(await orphanAll(parts, ['build', 'other'], 'another cluster')).to.equal(4);
    expect(of('delivery-moved').map(({ why }) => why)).to.deep.equal(
      Array(4).fill('another cluster'),
    );
  });

  it('leaves alone what somebody changed meanwhile', async () => {
    const { parts, store } = await setUp();
    const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
    const [one] = await store.archive.list({ trigger: 'build', states: ['waiting'], limit: 1 });
    const list = parts.archive.list;
    const archive = {
      ...parts.archive,
      list: async (query: DeliveryQuery) => {
        const listed = await list(query);
        await store.outbox.change({ id: one?.id ?? '', from: ['waiting'], next, now: 0 });
        return listed;
      },
    };
    expect(await orphanAll({ ...parts, archive }, ['build'], 'another cluster')).to.equal(3);
  });
});

describe('dispatch', () => {
  it('tells nothing of a lost delivery whose trigger is not configured', () => {
    expect(() => new Dispatch(new Map()).reportLost(deliveries(1))).not.to.throw();
  });
});
