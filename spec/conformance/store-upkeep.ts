// The promises of Upkeep within one process: retired paths, dropped positions, clock shifts and
// sweeps. Recovery after a death is in store-durable.ts.

import { expect } from 'chai';
import type { LedgerEntry, Store } from '../../lib/core/ports/store.ts';
import { aCommit, aGap, anEntry, deliveries, idOf, NOW, PATH } from '../support/builders.ts';
import { attemptOnce, CLAIM, idsOf, settle, stored } from './store-steps.ts';

const ALL = '/api/v1/events';
const PAY = '/api/v1/namespaces/pay/events';
const POSITION = { resourceVersion: '7', at: NOW };

function entryIn(namespace: string, path: string): LedgerEntry {
  const key = `${path} ${namespace}`;
  return anEntry({ key, id: key, path, eventKey: `${namespace}/web.1` });
}

/** Declares the cases of Upkeep. */
export function describeUpkeep(store: () => Store): void {
  describe('Upkeep', () => {
    const begin = () => store().upkeep.begin({ incarnation: 'one', now: NOW });
    const sweep = (goneBefore: number, settledBefore = 0): Promise<number> =>
      store().upkeep.sweep({ goneBefore, settledBefore });
    const positionOf = async (path: string) => (await store().journal.positions('shop')).get(path);

    it('gives deliveries of a renamed trigger its new name', async () => {
      const [first, second, third, ...more] = deliveries(1_100);
      if (first === undefined || second === undefined || third === undefined)
        throw new Error('none');
      const beside = { ...third, object: first.object, trigger: 'ci' };
      const held = { ...second, state: 'held' as const };
      await store().journal.commit(aCommit({ deliveries: [first, held, beside, ...more] }));
      const renamed = [
        { from: 'build', to: 'ci' },
        { from: 'unknown', to: 'ci' },
      ];
      await store().upkeep.begin({ incarnation: 'one', now: NOW, renamed });
      expect(await store().archive.counts()).to.have.deep.members([
        { trigger: 'ci', state: 'waiting', count: 1_099 },
        { trigger: 'ci', state: 'held', count: 1 },
      ]);
      expect(await store().outbox.next('build')).to.equal(null);
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      const claimed = await store().outbox.claim({ ...CLAIM, trigger: 'ci', limit: 2_000 });
      expect(claimed, 'all but the second of one object').to.have.length(1_098);
      expect(new Set(claimed.map(({ trigger }) => trigger))).to.deep.equal(new Set(['ci']));
      await settle(store(), first.id);
      const next = await store().outbox.claim({ ...CLAIM, trigger: 'ci' });
      expect(next.map(({ id }) => id)).to.deep.equal([third.id]);
    });

    it('keeps the old name of a delivery with a lost answer until it is settled', async () => {
      const [made] = deliveries(1);
      if (made === undefined) throw new Error('none');
      const renamed = [{ from: 'build', to: 'ci' }];
      await store().journal.commit(aCommit({ deliveries: [made] }));
      await store().outbox.claim(CLAIM);
      await store().outbox.attempt({ id: made.id, incarnation: 'one', now: NOW });
      const lost = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' } as const;
      const next = { state: 'waiting', dead: null, dueAt: NOW, started: null } as const;
      const ended = { outcome: lost, durationMs: 5, next, now: NOW };
      await store().outbox.settle({ id: made.id, incarnation: 'one', ...ended });
      await store().upkeep.begin({ incarnation: 'one', now: NOW, renamed });
      expect((await stored(store(), made.id)).trigger).to.equal('build');
      const aside = { state: 'orphaned', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: made.id, from: ['waiting'], next: aside, now: NOW });
      await store().upkeep.begin({ incarnation: 'one', now: NOW, renamed });
      expect((await stored(store(), made.id)).trigger).to.equal('ci');
    });

    it('returns the paths of positions and of the ledger', async () => {
      const positions = new Map([[PATH, POSITION]]);
      await store().journal.commit(aCommit({ positions, ledger: [entryIn('pay', PAY)] }));
      expect(await begin()).to.deep.equal({ lost: [], unattempted: 0, paths: [PATH, PAY] });
    });

    it('omits a retired path until it is read again', async () => {
      const positions = new Map([[PATH, POSITION]]);
      await store().journal.commit(aCommit({ positions, ledger: [entryIn('shop', PATH)] }));
      await store().upkeep.retire({ path: PATH, successors: [], readMs: 10 });
      expect((await begin()).paths).to.deep.equal([]);
      await store().journal.commit(aCommit({ positions }));
      expect((await begin()).paths).to.deep.equal([PATH]);
    });

    it('keeps the position of a retired path for the retention', async () => {
      await store().journal.commit(aCommit({ positions: new Map([[PATH, POSITION]]) }));
      await store().upkeep.retire({ path: PATH, successors: [], readMs: 10 });
      await store().upkeep.retire({ path: PATH, successors: [], readMs: 20 });
      await sweep(10);
      expect(await positionOf(PATH)).to.deep.equal(POSITION);
      await sweep(11);
      expect(await positionOf(PATH)).to.equal(undefined);
    });

    it('keeps the position of a path that is read again', async () => {
      const positions = new Map([[PATH, POSITION]]);
      await store().journal.commit(aCommit({ positions }));
      await store().upkeep.retire({ path: PATH, successors: [], readMs: 10 });
      await store().journal.commit(aCommit({ positions }));
      await sweep(NOW);
      expect(await positionOf(PATH)).to.deep.equal(POSITION);
    });

    it('moves the entries of a retired path to the successors of their namespaces', async () => {
      const ledger = [entryIn('shop', ALL), entryIn('pay', ALL), entryIn('dev', ALL)];
      await store().journal.commit(aCommit({ ledger }));
      const successors = [
        { path: PATH, namespace: 'shop' },
        { path: PAY, namespace: 'pay' },
      ];
      await store().upkeep.retire({ path: ALL, successors, readMs: 10 });
      expect(await sweep(11)).to.equal(1);
      const left = await store().journal.lookup(ledger.map(({ key }) => key));
      expect([...left.values()].map(({ path }) => path)).to.have.members([PATH, PAY]);
      expect((await begin()).paths).to.have.members([PATH, PAY]);
      const gone = [{ path: PAY, key: 'pay/web.1' }];
      await store().journal.commit(aCommit({ gone, readMs: 20 }));
      expect(await sweep(21)).to.equal(1);
    });

    it('moves all entries of a retired path to one that covers it, with their deletion times', async () => {
      const ledger = [entryIn('shop', PATH), { ...entryIn('shop', PATH), key: 'k2', id: 'k2' }];
      const gone = [{ path: PATH, key: 'shop/web.1' }];
      await store().journal.commit(aCommit({ ledger, gone, readMs: 5 }));
      const successors = [{ path: ALL, namespace: null }];
      await store().upkeep.retire({ path: PATH, successors, readMs: 10 });
      expect((await store().journal.lookup(['k2'])).get('k2')?.path).to.equal(ALL);
      expect(await sweep(6)).to.equal(2);
    });

    it('drops every position and stores the gaps', async () => {
      await store().journal.commit(aCommit({ positions: new Map([[PATH, POSITION]]) }));
      await store().upkeep.dropPositions([aGap({ why: 'another cluster' })]);
      expect((await store().journal.positions('shop')).size).to.equal(0);
      expect((await store().archive.gaps(5)).map(({ why }) => why)).to.deep.equal([
        'another cluster',
      ]);
    });

    it('shifts the due time of every unsettled delivery, and nothing else', async () => {
      const made = [
        ...deliveries(3, { dueAt: NOW + 10 }),
        ...deliveries(4, { state: 'held', dueAt: NOW - 50 }).slice(3),
      ];
      await store().journal.commit(aCommit({ deliveries: made }));
      const later = { ...CLAIM, now: NOW + 10, limit: 2 };
      await store().outbox.claim(later);
      await settle(store(), idOf(0), { dueAt: NOW + 10 });
      await store().upkeep.shift(3_600_000);
      const due = await Promise.all(
        [0, 1, 2, 3].map(async (n) => (await stored(store(), idOf(n))).dueAt),
      );
      const moved = NOW + 3_600_000;
      expect(due).to.deep.equal([NOW + 10, moved + 10, moved + 10, moved - 50]);
      expect(await store().outbox.next('build')).to.equal(moved + 10);
      expect(await store().outbox.claim({ ...later, now: moved + 9 })).to.deep.equal([]);
      expect(idsOf(await store().outbox.claim({ ...later, now: moved + 10 }))).to.deep.equal([
        idOf(2),
      ]);
      await store().upkeep.shift(-3_600_000);
      expect((await stored(store(), idOf(3))).dueAt).to.equal(NOW - 50);
    });

    it('counts the minute of a waiting retry on the shifted time', async () => {
      await store().upkeep.shift(7_200_000);
      const same = deliveries(2, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      const ordered = { ...CLAIM, order: 'object' } as const;
      await store().outbox.claim(ordered);
      await store().outbox.attempt({ id: idOf(0), incarnation: 'one', now: NOW });
      await settle(store(), idOf(0), { state: 'waiting', dueAt: NOW + 900_000 });
      await store().upkeep.shift(3_600_000);
      const soon = { ...ordered, now: NOW + 3_600_000 + 30_000 };
      expect(await store().outbox.claim(soon)).to.deep.equal([]);
      const later = { ...ordered, now: NOW + 3_600_000 + 60_005 };
      expect(idsOf(await store().outbox.claim(later))).to.deep.equal([idOf(1)]);
    });

    it('deletes settled deliveries by the time of their last settlement', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(2) }));
      for (const [place, now] of [NOW + 10, NOW + 20].entries()) {
        const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
        await store().outbox.change({ id: idOf(place), from: ['waiting'], next, now });
      }
      await sweep(0, NOW + 10);
      expect(await store().archive.list({ limit: 5 })).to.have.length(2);
      await sweep(0, NOW + 20);
      expect(idsOf(await store().archive.list({ limit: 5 }))).to.deep.equal([idOf(1)]);
    });

    it('keeps a delivery that was retried and settled again since', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      await attemptOnce(store(), idOf(0), { state: 'dead', dead: 'expired' });
      const change = { id: idOf(0), isRetry: true } as const;
      const back = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ ...change, from: ['dead'], next: back, now: NOW + 100 });
      await sweep(0, NOW + 50);
      const off = { state: 'discarded', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ ...change, from: ['waiting'], next: off, now: NOW + 200 });
      await sweep(0, NOW + 200);
      expect((await stored(store(), idOf(0))).state).to.equal('discarded');
    });

    it('deletes any number in one sweep', async () => {
      const made = deliveries(1_300);
      const ledger = made.map(({ id }) => anEntry({ key: id, id, eventKey: `shop/${id}` }));
      const gone = ledger.map(({ path, eventKey: key }) => ({ path, key }));
      await store().journal.commit(aCommit({ deliveries: made, ledger, gone, readMs: 5 }));
      for (const { id } of made.slice(0, 1_200)) {
        const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
        await store().outbox.change({ id, from: ['waiting'], next, now: NOW });
      }
      expect(await sweep(6, NOW + 1)).to.equal(1_200);
      expect(await store().archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count: 100 },
      ]);
    });
  });
}
