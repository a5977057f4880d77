// What becomes of the ledger: what is remembered, for how long, and from which watch path.

import { expect } from 'chai';
import type { LedgerEntry, Store } from '../../lib/core/store.ts';
import { aCommit, anEntry, CLAIM, deliveries, NOW, PATH, settle } from './store-builders.ts';

/** Holds a ledger and its retention to their promises. */
export function describeLedger(store: () => Store): void {
  describe('ledger', () => {
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

    it('takes all other keys of a path that was listed whole for gone', async () => {
      const named = (name: string, path = PATH): LedgerEntry =>
        anEntry({ key: `${path} ${name}`, path, eventKey: `shop/${name}`, id: `${path} ${name}` });
      const other = '/api/v1/events';
      const ledger = [named('a'), named('b'), named('c'), named('d', other)];
      await store().journal.commit(aCommit({ ledger }));
      const listed = [{ path: PATH, keys: new Set(['shop/b', 'shop/new']) }];
      await store().journal.commit(aCommit({ listed, readMs: 50 }));
      expect(await store().upkeep.sweep({ goneBefore: 50, settledBefore: 0 })).to.equal(0);
      expect(await store().upkeep.sweep({ goneBefore: 51, settledBefore: 0 })).to.equal(2);
      const left = await store().journal.lookup(ledger.map(({ key }) => key));
      expect([...left.keys()]).to.have.members([`${PATH} b`, `${other} d`]);
    });

    it('keeps what is gone on a path that cannot be read now', async () => {
      const other = '/api/v1/events';
      const elsewhere = anEntry({ key: 'k2', path: other, id: 'id-2' });
      const gone = [PATH, other].map((path) => ({ path, key: elsewhere.eventKey }));
      await store().journal.commit(aCommit({ ledger: [anEntry(), elsewhere] }));
      await store().journal.commit(aCommit({ gone, readMs: 10 }));
      const bounds = { goneBefore: 11, settledBefore: 0 };
      expect(await store().upkeep.sweep({ ...bounds, unread: [PATH, '/none'] })).to.equal(1);
      expect([...(await store().journal.lookup(['k1', 'k2'])).keys()]).to.deep.equal(['k1']);
      expect(await store().upkeep.sweep(bounds)).to.equal(1);
    });

    it('keeps the moment when a key went, also when a list misses it again', async () => {
      const gone = [{ path: PATH, key: anEntry().eventKey }];
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone, readMs: 10 }));
      const listed = [{ path: PATH, keys: new Set<string>() }];
      await store().journal.commit(aCommit({ gone, listed, readMs: 90 }));
      expect(await store().upkeep.sweep({ goneBefore: 11, settledBefore: 0 })).to.equal(1);
    });
  });
}
