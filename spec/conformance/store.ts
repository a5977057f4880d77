// What every store promises (lib/core/store.ts), as cases that any implementation is held to. Cases
// of a crash need a store that says it is durable and are not here yet.
import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Committed, LedgerEntry, Store } from '../../lib/core/store.ts';
import { aDelivery } from '../support/builders.ts';
import { aCommit, anEntry, deliveries, idOf, NOW, PATH } from './store-builders.ts';

const DELIVERED: Outcome = { outcome: 'delivered' };
const CLAIM = { trigger: 'build', incarnation: 'one', now: NOW, limit: 10, order: 'none' } as const;

function existingOf(committed: Committed): ReadonlySet<string> {
  if (!committed.done) throw new Error('it is full');
  return committed.existing;
}

async function settle(store: Store, id: string, next: Partial<Delivery> = {}): Promise<void> {
  const answer = await store.outbox.settle({
    id,
    incarnation: 'one',
    outcome: DELIVERED,
    durationMs: 5,
    next: { state: 'delivered', dead: null, dueAt: NOW, started: null, ...next },
    now: NOW,
  });
  expect(answer.done).to.equal(true);
}

/** Holds a store to its promises. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store[Symbol.asyncDispose]());

    describeJournal(() => store);
    describeOutbox(() => store);
    describeOrder(() => store);
    describeArchive(() => store);
  });
}

function describeJournal(store: () => Store): void {
  describe('Journal', () => {
    it('answers the positions of a source, path by path, as they were committed last', async () => {
      const a = { resourceVersion: '9007199254740993', at: NOW };
      await store().journal.commit(aCommit({ positions: new Map([['a', a]]) }));
      const b = { resourceVersion: '7', at: NOW };
      await store().journal.commit(aCommit({ positions: new Map([['b', b]]) }));
      expect([...(await store().journal.positions('shop'))]).to.deep.equal([
        ['a', a],
        ['b', b],
      ]);
      expect((await store().journal.positions('other')).size).to.equal(0);
    });

    it('answers ledger entries by key and leaves out keys that have none', async () => {
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      const found = await store().journal.lookup(['k1', 'k2']);
      expect([...found]).to.deep.equal([['k1', anEntry()]]);
    });

    it('gives the same stored state when a batch is committed twice', async () => {
      const [delivery] = deliveries(1);
      const commit = aCommit({ deliveries: delivery ? [delivery] : [], ledger: [anEntry()] });
      const first = await store().journal.commit(commit);
      const second = await store().journal.commit(commit);
      expect([...existingOf(first)]).to.deep.equal([]);
      expect([...existingOf(second)]).to.deep.equal([delivery?.id]);
      expect(await store().archive.list({ limit: 10 })).to.have.length(1);
    });

    it('does not make a delivery wait again that has been settled', async () => {
      const commit = aCommit({ deliveries: deliveries(1) });
      await store().journal.commit(commit);
      const [claimed] = await store().outbox.claim(CLAIM);
      await settle(store(), claimed?.id ?? '');
      await store().journal.commit(commit);
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
    });

    it('forgets an entry only when its Event has been gone for the retention', async () => {
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      const sweep = (goneBefore: number): Promise<number> =>
        store().upkeep.sweep({ goneBefore, settledBefore: 0 });
      expect(await sweep(NOW * 2)).to.equal(0);
      const gone = [{ path: PATH, key: 'shop/web-1.17f1' }];
      await store().journal.commit(aCommit({ gone, now: NOW + 10 }));
      expect(await sweep(NOW + 10)).to.equal(0);
      expect(await sweep(NOW + 11)).to.equal(1);
      expect((await store().journal.lookup(['k1'])).size).to.equal(0);
    });

    it('takes a key back that was read again after it had gone', async () => {
      const gone = [{ path: PATH, key: 'shop/web-1.17f1' }];
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone }));
      await store().journal.commit(aCommit({ ledger: [anEntry({ lastCount: 4 })] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('takes a key back of which any state was read, also one that started nothing', async () => {
      const key = { path: PATH, key: 'shop/web-1.17f1' };
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone: [key] }));
      await store().journal.commit(aCommit({ seen: [key] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('counts a key gone that is both seen and gone in one batch', async () => {
      const key = { path: PATH, key: 'shop/web-1.17f1' };
      await store().journal.commit(aCommit({ ledger: [anEntry()], seen: [key], gone: [key] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(1);
    });

    it('does not take a key gone on one path for gone on another', async () => {
      const other = '/api/v1/events';
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      await store().journal.commit(aCommit({ ledger: [anEntry({ path: other })] }));
      const gone = [{ path: PATH, key: 'shop/web-1.17f1' }];
      await store().journal.commit(aCommit({ gone }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('keeps an entry whose delivery is not settled, however long its Event is gone', async () => {
      const [delivery] = deliveries(1);
      if (delivery === undefined) throw new Error('no delivery was built');
      const entry = anEntry({ id: delivery.id });
      const gone = [{ path: entry.path, key: entry.eventKey }];
      await store().journal.commit(aCommit({ deliveries: [delivery], ledger: [entry] }));
      await store().journal.commit(aCommit({ gone }));
      const bounds = { goneBefore: NOW * 2, settledBefore: 0 };
      expect(await store().upkeep.sweep(bounds)).to.equal(0);
      await store().outbox.claim(CLAIM);
      await settle(store(), delivery.id);
      expect(await store().upkeep.sweep(bounds)).to.equal(1);
    });
  });
}

function describeOutbox(store: () => Store): void {
  describe('Outbox', () => {
    it('claims what is due, oldest first, and nothing twice', async () => {
      const [a, b, c] = deliveries(3);
      if (!a || !b || !c) throw new Error('no deliveries were built');
      const due = [
        { ...a, dueAt: NOW },
        { ...b, dueAt: NOW - 5 },
        { ...c, dueAt: NOW + 1 },
      ];
      await store().journal.commit(aCommit({ deliveries: due }));
      const claimed = await store().outbox.claim(CLAIM);
      expect(claimed.map(({ id }) => id)).to.deep.equal([b.id, a.id]);
      expect(claimed.map(({ state }) => state)).to.deep.equal(['running', 'running']);
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      expect(await store().outbox.next('build')).to.equal(NOW + 1);
    });

    it('claims no more than it was asked for, and only of the trigger asked for', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(5) }));
      expect(await store().outbox.claim({ ...CLAIM, trigger: 'other' })).to.deep.equal([]);
      expect(await store().outbox.claim({ ...CLAIM, limit: 2 })).to.have.length(2);
    });

    it('claims one delivery of an involved object at a time', async () => {
      const same = deliveries(3, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      const [first, ...more] = await store().outbox.claim(CLAIM);
      expect(first?.id).to.equal(same[0]?.id);
      expect(more).to.deep.equal([]);
      expect(await store().outbox.next('build')).to.equal(null);
      await settle(store(), first?.id ?? '');
      expect((await store().outbox.claim(CLAIM))[0]?.id).to.equal(same[1]?.id);
    });

    it('does not let a blocked object hide the others', async () => {
      const blocked = deliveries(500, { object: 'v1/Pod/shop/web' });
      const other = aDelivery({ id: idOf(900), object: 'v1/Pod/shop/other' });
      await store().journal.commit(aCommit({ deliveries: blocked }));
      await store().outbox.claim(CLAIM);
      await store().journal.commit(aCommit({ deliveries: [other] }));
      expect((await store().outbox.claim(CLAIM)).map(({ id }) => id)).to.deep.equal([other.id]);
    });

    it('records an attempt before it is made and its outcome after', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      const id = deliveries(1)[0]?.id ?? '';
      await store().outbox.claim(CLAIM);
      const answer = await store().outbox.attempt({ id, incarnation: 'one', now: NOW });
      const attempt = { number: 1, at: NOW, incarnation: 'one', outcome: null, durationMs: null };
      expect(answer).to.have.nested.property('delivery.attempts').deep.equal([attempt]);
      await settle(store(), id);
      const stored = await store().archive.get(id);
      const ended = { ...attempt, outcome: DELIVERED, durationMs: 5 };
      expect(stored?.attempts).to.deep.equal([ended]);
      expect(stored?.state).to.equal('delivered');
    });

    const acts: readonly [string, (store: Store, id: string) => Promise<unknown>][] = [
      ['attempt', (one, id) => one.outbox.attempt({ id, incarnation: 'two', now: NOW })],
      [
        'settle',
        (one, id) =>
          one.outbox.settle({
            id,
            incarnation: 'two',
            outcome: DELIVERED,
            durationMs: 1,
            next: { state: 'delivered', dead: null, dueAt: NOW, started: null },
            now: NOW,
          }),
      ],
      [
        'change',
        (one, id) =>
          one.outbox.change({
            id,
            from: ['held'],
            next: { state: 'discarded', dead: null, dueAt: NOW },
            now: NOW,
          }),
      ],
    ];
    for (const [act, run] of acts) {
      it(`answers a conflict when ${act} meets a claim of another incarnation`, async () => {
        await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
        const id = deliveries(1)[0]?.id ?? '';
        await store().outbox.claim(CLAIM);
        expect(await run(store(), id)).to.deep.equal({ done: false, state: 'running' });
        expect(await run(store(), idOf(99))).to.deep.equal({ done: false, state: null });
        expect((await store().archive.get(id))?.state).to.equal('running');
      });
    }

    it('makes a held delivery claimable once it is changed to waiting', async () => {
      const [held] = deliveries(1, { state: 'held' });
      await store().journal.commit(aCommit({ deliveries: held ? [held] : [] }));
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: held?.id ?? '', from: ['held'], next, now: NOW });
      expect(await store().outbox.claim(CLAIM)).to.have.length(1);
    });
  });
}

function describeOrder(store: () => Store): void {
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

    it('none takes the next delivery of an object while a retry of it waits', async () => {
      const [, second] = await retryFirst(NOW + 5_000);
      expect((await store().outbox.claim(CLAIM)).map(({ id }) => id)).to.deep.equal([second]);
    });

    it('object lets the next one wait for the retry', async () => {
      const [first] = await retryFirst(NOW + 5_000);
      expect(await store().outbox.claim(ORDERED)).to.deep.equal([]);
      const later = { ...ORDERED, now: NOW + 5_000 };
      expect((await store().outbox.claim(later)).map(({ id }) => id)).to.deep.equal([first]);
    });

    it('object lets the next one pass a retry that has been waiting for a minute', async () => {
      const [, second] = await retryFirst(NOW + 300_000);
      expect(await store().outbox.claim({ ...ORDERED, now: NOW + 59_000 })).to.deep.equal([]);
      const later = { ...ORDERED, now: NOW + 60_005 };
      expect((await store().outbox.claim(later)).map(({ id }) => id)).to.deep.equal([second]);
    });
  });
}

function describeArchive(store: () => Store): void {
  describe('Archive and Keep', () => {
    it('lists by state and trigger, page by page, in the order of commits', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(5) }));
      const first = await store().archive.list({ states: ['waiting'], trigger: 'build', limit: 2 });
      const after = first.at(-1)?.id ?? '';
      const second = await store().archive.list({ states: ['waiting'], limit: 10, after });
      expect([...first, ...second].map(({ id }) => id)).to.deep.equal(
        deliveries(5).map(({ id }) => id),
      );
      expect(await store().archive.list({ states: ['held'], limit: 2 })).to.deep.equal([]);
    });

    it('counts what stands where', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(3) }));
      await store().outbox.claim({ ...CLAIM, limit: 1 });
      expect(await store().archive.counts()).to.have.deep.members([
        { trigger: 'build', state: 'running', count: 1 },
        { trigger: 'build', state: 'waiting', count: 2 },
      ]);
    });

    it('says what was started since a moment, but not what is held', async () => {
      const [a, b, c] = deliveries(3);
      if (!a || !b || !c) throw new Error('no deliveries were built');
      const entry = ({ id, object }: Delivery, firedAt: number): LedgerEntry =>
        anEntry({ key: id, id, object, firedAt });
      const made = [a, b, { ...c, state: 'held' as const }];
      const ledger = [entry(a, NOW - 10), entry(b, NOW), entry(c, NOW)];
      await store().journal.commit(aCommit({ deliveries: made, ledger }));
      const fired = await store().archive.firedSince(NOW - 5);
      expect(fired).to.deep.equal([{ at: NOW, object: b.object }]);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: c.id, from: ['held'], next, now: NOW + 7 });
      expect(await store().archive.firedSince(NOW + 1)).to.deep.equal([
        { at: NOW + 7, object: c.object },
      ]);
    });

    it('keeps gaps, newest first', async () => {
      const to = { resourceVersion: '9', at: NOW };
      const gap = { source: 'shop', path: PATH, loss: 'none', why: '', from: null, to } as const;
      await store().journal.commit(aCommit({ gaps: [{ ...gap, why: 'a' }] }));
      await store().journal.commit(aCommit({ gaps: [{ ...gap, why: 'b' }] }));
      const whys = (await store().archive.gaps(5)).map(({ why }) => why);
      expect(whys).to.deep.equal(['b', 'a']);
    });

    it('keeps small values by name', async () => {
      expect(await store().keep.read('cluster')).to.equal(null);
      await store().keep.write('cluster', 'a');
      await store().keep.write('cluster', 'b');
      expect(await store().keep.read('cluster')).to.equal('b');
    });
  });
}
