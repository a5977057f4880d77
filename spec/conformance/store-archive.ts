// The promises of Archive and KeyValues.

import { expect } from 'chai';
import { type Delivery, HELD_TO_THE_END } from '../../lib/core/delivery.ts';
import type { DeliveryQuery, LedgerEntry, Store } from '../../lib/core/ports/store.ts';
import { aCommit, aGap, anEntry, deliveries, idOf, NOW } from '../support/builders.ts';
import { attemptOnce, CLAIM, idsOf, settle } from './store-steps.ts';

/** Declares the cases of Archive and KeyValues. */
export function describeArchive(store: () => Store): void {
  describe('Archive and KeyValues', () => {
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

    it('counts deliveries by trigger and state', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(3) }));
      await store().outbox.claim({ ...CLAIM, limit: 1 });
      expect(await store().archive.counts()).to.have.deep.members([
        { trigger: 'build', state: 'running', count: 1 },
        { trigger: 'build', state: 'waiting', count: 2 },
      ]);
    });

    it('returns the series started since a moment, without held ones', async () => {
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
      await store().journal.commit(aCommit({ gaps: [aGap({ why: 'a' })] }));
      await store().journal.commit(aCommit({ gaps: [aGap({ why: 'b' })] }));
      const whys = (await store().archive.gaps(5)).map(({ why }) => why);
      expect(whys).to.deep.equal(['b', 'a']);
    });

    it('keeps small values by name', async () => {
      expect(await store().keyValues.read('cluster')).to.equal(null);
      await store().keyValues.write('cluster', 'a');
      await store().keyValues.write('cluster', 'b');
      expect(await store().keyValues.read('cluster')).to.equal('b');
    });

    const QUERIES: readonly [string, Omit<DeliveryQuery, 'limit'>, readonly number[]][] = [
      ['everything', {}, [0, 1, 2, 3, 4, 5]],
      ['newest first', { order: 'newest' }, [5, 4, 3, 2, 1, 0]],
      ['behind one', { after: idOf(3) }, [4, 5]],
      ['behind one, newest first', { order: 'newest', after: idOf(2) }, [1, 0]],
      ['behind one that nobody knows', { after: idOf(99) }, []],
      ['by state', { states: ['held', 'delivered'] }, [0, 1]],
      ['by state, newest first', { states: ['held', 'waiting'], order: 'newest' }, [5, 4, 3, 2, 1]],
      ['by no state', { states: [] }, []],
      ['by trigger', { trigger: 'hook' }, [2, 5]],
      ['by rule', { rule: 'other' }, [3]],
      ['by rules without a name', { rule: '' }, [4]],
      ['by object', { object: 'v1/Pod/shop/same' }, [4, 5]],
      ['since', { since: NOW + 3 }, [3, 4, 5]],
      ['until', { until: NOW + 3 }, [0, 1, 2]],
      ['in a span, newest first', { since: NOW + 1, until: NOW + 4, order: 'newest' }, [3, 2, 1]],
      ['by all of it', { states: ['waiting'], trigger: 'hook', object: 'v1/Pod/shop/same' }, [5]],
      ['by state, rule and time', { states: ['waiting'], rule: 'other', since: NOW }, [3]],
    ];
    for (const [what, query, places] of QUERIES) {
      it(`lists ${what}`, async () => {
        const changes: readonly Partial<Delivery>[] = [
          {},
          { state: 'held' },
          { trigger: 'hook' },
          { rule: { index: 1, name: 'other', identity: 'other' } },
          { rule: { index: 2, name: null, identity: '' }, object: 'v1/Pod/shop/same' },
          { trigger: 'hook', object: 'v1/Pod/shop/same' },
        ];
        const made = deliveries(6).map((one, place) => ({
          ...one,
          createdAt: NOW + place,
          ...changes[place],
        }));
        for (const one of made) await store().journal.commit(aCommit({ deliveries: [one] }));
        await attemptOnce(store(), idOf(0));
        await store().upkeep.begin({ incarnation: 'one', now: NOW });
        for (const id of [3, 4].map(idOf)) await settle(store(), id, { state: 'waiting' });
        const found = await store().archive.list({ ...query, limit: 10 });
        expect(idsOf(found)).to.deep.equal(places.map(idOf));
        const first = await store().archive.list({ ...query, limit: 1 });
        expect(idsOf(first)).to.deep.equal(places.slice(0, 1).map(idOf));
      });
    }

    it('lists all of a span of time even if the clock stepped back', async () => {
      const at = [NOW, NOW + 9_000, NOW + 10, NOW + 9_500, NOW + 20];
      const made = deliveries(5).map((one, place) => ({ ...one, createdAt: at[place] ?? 0 }));
      await store().journal.commit(aCommit({ deliveries: made }));
      const list = async (query: Omit<DeliveryQuery, 'limit'>): Promise<readonly string[]> =>
        idsOf(await store().archive.list({ ...query, limit: 10 }));
      expect(await list({ since: NOW + 10 })).to.deep.equal([1, 2, 3, 4].map(idOf));
      expect(await list({ until: NOW + 20 })).to.deep.equal([0, 2].map(idOf));
      expect(await list({ since: NOW + 10, until: NOW + 21 })).to.deep.equal([2, 4].map(idOf));
    });

    it('continues after a delivery that was deleted meanwhile', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(3) }));
      await attemptOnce(store(), idOf(1));
      for (const place of [0, 2]) await settle(store(), idOf(place), { state: 'waiting' });
      await store().upkeep.sweep({ goneBefore: 0, settledBefore: NOW + 1 });
      expect(await store().archive.get(idOf(1))).to.equal(null);
      const behind = await store().archive.list({ after: idOf(1), limit: 10 });
      expect(idsOf(behind)).to.deep.equal([idOf(2)]);
    });

    it('keeps the decision of a delivery for as long as the delivery', async () => {
      const trail = [{ index: 0, name: null, field: 'kind', wanted: ['Job'], found: 'Pod' }];
      const decisions = [{ id: idOf(0), at: NOW, trail }];
      await store().journal.commit(aCommit({ deliveries: deliveries(1), decisions }));
      expect(await store().archive.decision(idOf(0))).to.deep.equal(decisions[0]);
      expect(await store().archive.decision(idOf(1))).to.equal(null);
      await attemptOnce(store(), idOf(0));
      await store().upkeep.sweep({ goneBefore: 0, settledBefore: NOW + 1 });
      expect(await store().archive.decision(idOf(0))).to.equal(null);
    });

    it('keeps the decision of a delivery that is committed again', async () => {
      const decision = { id: idOf(0), at: NOW, trail: [] };
      const commit = aCommit({ deliveries: deliveries(1), decisions: [decision] });
      await store().journal.commit(commit);
      await store().journal.commit({ ...commit, decisions: [{ ...decision, at: NOW + 1 }] });
      expect((await store().archive.decision(idOf(0)))?.at).to.equal(NOW);
    });

    for (const dead of HELD_TO_THE_END) {
      it(`does not count a dead letter ${dead} as started until it is released`, async () => {
        const [held] = deliveries(1, { state: 'held' });
        const ledger = [anEntry({ id: idOf(0), object: 'v1/Pod/shop/web-0' })];
        await store().journal.commit(aCommit({ deliveries: held ? [held] : [], ledger }));
        const expired = { state: 'dead', dead, dueAt: NOW } as const;
        await store().outbox.change({ id: idOf(0), from: ['held'], next: expired, now: NOW + 1 });
        expect(await store().archive.firedSince(0)).to.deep.equal([]);
        const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
        await store().outbox.change({ id: idOf(0), from: ['dead'], next, now: NOW + 9 });
        const fired = await store().archive.firedSince(NOW + 9);
        expect(fired).to.deep.equal([{ at: NOW + 9, object: 'v1/Pod/shop/web-0' }]);
      });
    }

    it('keeps the last thousand gaps with their bounds', async () => {
      const from = { resourceVersion: '3', at: NOW - 1 };
      const gaps = Array.from({ length: 1_005 }, (_, place) => aGap({ why: `${place}`, from }));
      await store().journal.commit(aCommit({ gaps }));
      const kept = await store().archive.gaps(5_000);
      expect(kept).to.have.length(1_000);
      expect(kept[0]).to.deep.equal(aGap({ why: '1004', from }));
      expect(kept.at(-1)?.why).to.equal('5');
    });
  });
}
