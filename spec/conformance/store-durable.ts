// The promises of a durable store to the next process: everything is stored, and unfinished work is
// reported. Here the process closes the store; in store-crash.ts it is killed.

import { expect } from 'chai';
import { eventNamespaceOf } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import {
  aCommit,
  aGap,
  anEntry,
  deliveries,
  deliveriesOf,
  idOf,
  NOW,
  PATH,
} from '../support/builders.ts';
import { DELIVERED } from '../support/doubles/trigger.ts';
import { until } from '../support/until.ts';
import { attemptOnce, CLAIM, idsOf, settle, stored } from './store-steps.ts';

/** Opens the store with a name; the same store each time. */
export type OpenNamed = (name: string) => Promise<Store>;

const LATER = NOW + 5_000;

/** Declares the cases across processes. */
export function describeDurableStore(name: string, open: OpenNamed): void {
  describe(`${name} as a durable store`, () => {
    let names = 0;
    let store: Store;
    beforeEach(async () => {
      store = await open(`durable-${(names += 1)}`);
    });
    afterEach(() => store[Symbol.asyncDispose]());

    async function reopen(): Promise<void> {
      await store[Symbol.asyncDispose]();
      store = await open(`durable-${names}`);
    }

    /** Ends the process during an attempt and begins the next one. */
    async function die(incarnation: string, now: number) {
      const claim = { ...CLAIM, incarnation, now };
      for (const { id } of await store.outbox.claim(claim)) {
        await store.outbox.attempt({ id, incarnation, now });
      }
      await reopen();
      return store.upkeep.begin({ incarnation: `after ${incarnation}`, now: now + 1 });
    }

    it('declares that it is durable', () => {
      expect(store.journal.durable).to.equal(true);
    });

    it('has everything after it is closed and opened again', async () => {
      const trail = [{ index: 0, name: 'a', field: 'kind', wanted: 'Job', found: 'Pod' }];
      await store.journal.commit(
        aCommit({
          deliveries: deliveries(2),
          ledger: [anEntry()],
          decisions: [{ id: idOf(0), at: NOW, trail }],
          positions: new Map([[PATH, { resourceVersion: '5', at: NOW }]]),
          gaps: [aGap()],
        }),
      );
      await store.keyValues.write('cluster', 'c1');
      await store.upkeep.shift(500);
      await attemptOnce(store, idOf(0));
      const before = await everything(store);
      await reopen();
      await store.upkeep.begin({ incarnation: 'one', now: NOW });
      expect(await everything(store)).to.deep.equal(before);
      expect(await store.outbox.next('build')).to.equal(null);
    });

    it('continues with the namespace whose turn is next', async () => {
      const a = deliveriesOf('a', { from: 0, count: 9 });
      const b = deliveriesOf('b', { from: 10, count: 9 });
      await store.journal.commit(aCommit({ deliveries: [...a, ...b] }));
      const names: string[] = [];
      for (const incarnation of ['one', 'two', 'three', 'four']) {
        await store.upkeep.begin({ incarnation, now: NOW });
        const claimed = await store.outbox.claim({ ...CLAIM, incarnation, limit: 1 });
        names.push(...claimed.map(eventNamespaceOf));
        await store.outbox.settle({
          ...{ id: claimed[0]?.id ?? '', incarnation, outcome: DELIVERED, durationMs: 1, now: NOW },
          next: { state: 'delivered', dead: null, dueAt: NOW, started: null },
        });
        await reopen();
      }
      expect(names.toSorted()).to.deep.equal(['a', 'a', 'b', 'b']);
    });

    it('knows its keys after it is opened, and soon knows which keys it does not have', async () => {
      const ledger = Array.from({ length: 30 }, (_, number) =>
        anEntry({ key: `k${number}`, eventKey: `shop/e${number}`, id: `id-${number}` }),
      );
      await store.journal.commit(aCommit({ ledger }));
      await reopen();
      await until(
        () => !store.journal.mayKnow('none') && !store.journal.mayKnow('shop/none'),
        'it',
      );
      for (const { key, eventKey } of ledger) {
        expect([key, eventKey].map((one) => store.journal.mayKnow(one))).to.deep.equal([
          true,
          true,
        ]);
      }
    });

    it('returns a claim only after its incarnation ended', async () => {
      await store.journal.commit(aCommit({ deliveries: deliveries(1) }));
      await store.outbox.claim(CLAIM);
      await reopen();
      expect(await store.outbox.claim({ ...CLAIM, now: LATER })).to.deep.equal([]);
      const same = await store.upkeep.begin({ incarnation: 'one', now: LATER });
      expect([same.unattempted, same.lost]).to.deep.equal([0, []]);
      const other = await store.upkeep.begin({ incarnation: 'two', now: LATER });
      expect([other.unattempted, other.lost]).to.deep.equal([1, []]);
      const [claimed] = await store.outbox.claim({ ...CLAIM, incarnation: 'two' });
      expect(claimed?.deaths).to.equal(0);
    });

    it('reports an attempt without an outcome as lost', async () => {
      await store.journal.commit(aCommit({ deliveries: deliveries(2) }));
      await store.outbox.claim({ ...CLAIM, limit: 1 });
      await store.outbox.attempt({ id: idOf(0), incarnation: 'one', now: NOW });
      await reopen();
      const begun = await store.upkeep.begin({ incarnation: 'two', now: LATER });
      const [lost] = begun.lost;
      expect(lost).to.deep.equal(await stored(store, idOf(0)));
      expect(lost).to.include({ state: 'waiting', dueAt: LATER, deaths: 1 });
      expect(lost?.attempts).to.have.length(1);
      expect(lost?.attempts[0]).to.deep.include({ number: 1, at: NOW, incarnation: 'one' });
      expect(lost?.attempts[0]?.outcome).to.include({ outcome: 'unknown', reason: 'process-died' });
      expect(await store.archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count: 2 },
      ]);
      const again = await store.upkeep.begin({ incarnation: 'three', now: LATER });
      expect([again.unattempted, again.lost]).to.deep.equal([0, []]);
    });

    it('makes a dead letter after the third consecutive death', async () => {
      await store.journal.commit(aCommit({ deliveries: deliveries(1) }));
      expect((await die('one', NOW)).lost[0]?.deaths).to.equal(1);
      expect((await die('two', NOW + 10)).lost[0]?.deaths).to.equal(2);
      const { lost } = await die('three', NOW + 20);
      expect(lost[0]).to.include({ state: 'dead', dead: 'poison', deaths: 3 });
      expect(lost[0]?.attempts).to.have.length(3);
      expect(await store.outbox.claim({ ...CLAIM, now: LATER })).to.deep.equal([]);
    });

    it('counts only consecutive deaths', async () => {
      const [a, b] = deliveries(2);
      if (!a || !b) throw new Error('no deliveries were built');
      await store.journal.commit(aCommit({ deliveries: [a] }));
      await die('one', NOW);
      const other = { ...b, dueAt: NOW - 10 };
      await store.journal.commit(aCommit({ deliveries: [other] }));
      const [claimed] = await store.outbox.claim({ ...CLAIM, incarnation: 'two', limit: 1 });
      await store.outbox.attempt({ id: claimed?.id ?? '', incarnation: 'two', now: NOW });
      await reopen();
      const { lost } = await store.upkeep.begin({ incarnation: 'three', now: LATER });
      expect(lost.map(({ id, deaths }) => [id, deaths])).to.deep.equal([[b.id, 1]]);
      expect((await store.archive.get(a.id))?.deaths).to.equal(0);
    });

    it('resets the count of deaths after an answer and after a retry by a person', async () => {
      await store.journal.commit(aCommit({ deliveries: deliveries(1) }));
      await die('zero', NOW);
      await die('zero again', NOW + 10);
      await store.outbox.claim({ ...CLAIM, now: LATER });
      const settled = await settle(store, idOf(0), { state: 'waiting' });
      expect(settled.deaths).to.equal(0);
      expect((await die('two', LATER)).lost[0]?.deaths).to.equal(1);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      const retry = { id: idOf(0), from: ['waiting'], next, isRetry: true, now: LATER } as const;
      const answer = await store.outbox.change(retry);
      expect(answer).to.have.nested.property('delivery.deaths', 0);
    });

    it('frees the object of a returned claim', async () => {
      const same = deliveries(3, { object: 'v1/Pod/shop/web' });
      await store.journal.commit(aCommit({ deliveries: same }));
      await die('one', NOW);
      const claimed = await store.outbox.claim({ ...CLAIM, now: LATER });
      expect(claimed).to.have.length(1);
      expect(await store.outbox.claim({ ...CLAIM, now: LATER })).to.deep.equal([]);
    });

    it('keeps the order of commits across processes', async () => {
      await store.journal.commit(aCommit({ deliveries: deliveries(2) }));
      await reopen();
      await store.journal.commit(aCommit({ deliveries: deliveries(4) }));
      const all = idsOf(await store.archive.list({ limit: 9 }));
      expect(all).to.deep.equal([0, 1, 2, 3].map(idOf));
    });

    it('fails every call after it is closed, and can be closed twice', async () => {
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      const failure = await store.keyValues.read('a').catch((error: unknown) => error);
      expect(failure).to.include({ code: 'store-unusable' });
    });
  });
}

async function everything(store: Store): Promise<unknown> {
  return {
    deliveries: await store.archive.list({ limit: 100 }),
    counts: new Set((await store.archive.counts()).map((one) => JSON.stringify(one))),
    decision: await store.archive.decision(idOf(0)),
    gaps: await store.archive.gaps(10),
    positions: await store.journal.positions('shop'),
    ledger: await store.journal.lookup(['k1']),
    fired: await store.archive.firedSince(0),
    cluster: await store.keyValues.read('cluster'),
  };
}
