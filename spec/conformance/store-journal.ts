// The promises of a Journal: positions, ids and atomic commits.

import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, aDelivery, anEntry, deliveries, idOf, NOW, PATH } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { attemptOnce, CLAIM, existingOf, idsOf, settle, stored } from './store-steps.ts';

/** Declares the cases of a Journal. */
export function describeJournal(store: () => Store): void {
  describe('Journal', () => {
    it('returns the last committed position of each path of a source', async () => {
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

    it('returns ledger entries by key and omits keys without one', async () => {
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      const found = await store().journal.lookup(['k1', 'k2']);
      expect([...found]).to.deep.equal([['k1', anEntry()]]);
    });

    it('rules out keys that the ledger does not have, and never one that it has', async () => {
      const { journal } = store();
      await until(() => !journal.mayKnow('k1') && !journal.mayKnow('shop/web-1.17f1'), 'certainty');
      await journal.commit(aCommit({ ledger: [anEntry()] }));
      expect(journal.mayKnow('k1'), 'the key of the ledger').to.equal(true);
      expect(journal.mayKnow('shop/web-1.17f1'), 'the key of its Event').to.equal(true);
      expect(journal.mayKnow('shop/other.17f1')).to.equal(false);
    });

    it('never decreases the last start of a series', async () => {
      await store().journal.commit(aCommit({ ledger: [anEntry({ firedAt: NOW })] }));
      const late = anEntry({ firedAt: NOW - 1, lastCount: 7 });
      await store().journal.commit(aCommit({ ledger: [late] }));
      const found = await store().journal.lookup(['k1']);
      expect(found.get('k1')).to.deep.equal({ ...late, firedAt: NOW });
    });

    it('gives the same stored state if a batch is committed twice', async () => {
      const [delivery] = deliveries(1);
      const commit = aCommit({ deliveries: delivery ? [delivery] : [], ledger: [anEntry()] });
      const first = await store().journal.commit(commit);
      const second = await store().journal.commit(commit);
      expect([...existingOf(first)]).to.deep.equal([]);
      expect([...existingOf(second)]).to.deep.equal([delivery?.id]);
      expect(await store().archive.list({ limit: 10 })).to.have.length(1);
    });

    it('does not make a settled delivery wait again', async () => {
      const commit = aCommit({ deliveries: deliveries(1) });
      await store().journal.commit(commit);
      const [claimed] = await store().outbox.claim(CLAIM);
      await settle(store(), claimed?.id ?? '');
      await store().journal.commit(commit);
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
    });

    it('stores the positions of several sources together', async () => {
      const positions = new Map(
        ['shop', 'pay'].map((source, place) => [
          source,
          new Map([[PATH, { resourceVersion: String(place), at: NOW }]]),
        ]),
      );
      await store().journal.commit({ ...aCommit(), positions });
      expect(await store().journal.allPositions()).to.deep.equal(positions);
    });

    it('keeps the positions of each source separate', async () => {
      const position = { resourceVersion: '7', at: NOW };
      const positions = new Map([[PATH, position]]);
      await store().journal.commit(aCommit({ source: 'shop', positions }));
      await store().journal.commit(aCommit({ source: 'pay', positions }));
      await store().journal.commit(
        aCommit({ positions: new Map([[PATH, { ...position, resourceVersion: '8' }]]) }),
      );
      const versionOf = async (source: string): Promise<string | undefined> =>
        (await store().journal.positions(source)).get(PATH)?.resourceVersion;
      expect([await versionOf('shop'), await versionOf('pay')]).to.deep.equal(['8', '7']);
      const all = await store().journal.allPositions();
      expect([...all.keys()].toSorted()).to.deep.equal(['pay', 'shop']);
      for (const [source, kept] of all) {
        expect(kept).to.deep.equal(await store().journal.positions(source));
      }
    });

    it('does not store a delivery again if only the ledger has its id', async () => {
      const commit = aCommit({ deliveries: deliveries(1), ledger: [anEntry({ id: idOf(0) })] });
      await store().journal.commit(commit);
      await attemptOnce(store(), idOf(0));
      await store().upkeep.sweep({ goneBefore: 0, settledBefore: NOW + 1 });
      expect(await store().archive.get(idOf(0))).to.equal(null);
      expect([...existingOf(await store().journal.commit(commit))]).to.deep.equal([idOf(0)]);
      expect(await store().archive.counts()).to.deep.equal([]);
    });

    it('stores the new deliveries of a batch that also has known ones', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      const both = await store().journal.commit(aCommit({ deliveries: deliveries(2) }));
      expect([...existingOf(both)]).to.deep.equal([idOf(0)]);
      expect(idsOf(await store().archive.list({ limit: 5 }))).to.deep.equal([idOf(0), idOf(1)]);
    });

    it('stores the first of two deliveries with one id', async () => {
      const [first] = deliveries(1, { bucket: 'a' });
      const [second] = deliveries(1, { bucket: 'b' });
      const both = first && second ? [first, second] : [];
      await store().journal.commit(aCommit({ deliveries: both }));
      expect((await stored(store(), idOf(0))).bucket).to.equal('a');
      expect(await store().archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count: 1 },
      ]);
    });

    it('changes the last state of an entry and keeps its other fields', async () => {
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      for (const changed of [
        { lastCount: 9, lastHappenedAt: '2026-01-31T12:00:00.000000Z' },
        { id: idOf(7), life: '2026-01-31T13:00:00Z', firedAt: NOW + 1, firedCount: 4 },
        { object: 'v1/Pod/shop/web-2', firedAt: NOW + 2 },
      ]) {
        const entry = anEntry(changed);
        await store().journal.commit(aCommit({ ledger: [entry] }));
        expect((await store().journal.lookup(['k1'])).get('k1')).to.deep.equal(entry);
      }
    });

    it('returns a delivery unchanged for any Event', async () => {
      const event = {
        message: 'a\u0000\u001b\ud800\u2028',
        metadata: JSON.parse('{"__proto__":[]}') as Json,
      };
      const odd = aDelivery({
        event,
        match: { 'a b': '\u0000' },
        rule: { index: 3, name: null, identity: '' },
        object: 'v1/Pod/shop/a\u0000b',
        createdAt: NOW + 0.25,
        dueAt: NOW + 0.5,
        retriedAt: NOW - 0.125,
      });
      await store().journal.commit(aCommit({ deliveries: [odd] }));
      expect(await stored(store(), odd.id)).to.deep.equal(odd);
    });
  });
}
