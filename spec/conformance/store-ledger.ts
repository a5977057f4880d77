// The promises of the ledger: its entries, their retention and their watch paths.

import { expect } from 'chai';
import type { LedgerEntry, Store } from '../../lib/core/ports/store.ts';
import { aCommit, anEntry, deliveries, NOW, PATH } from '../support/builders.ts';
import { CLAIM, settle } from './store-steps.ts';

/** Declares the cases of the ledger and its retention. */
export function describeLedger(store: () => Store): void {
  describe('ledger', () => {
    it('deletes an entry only after its Event has been deleted for the retention', async () => {
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

    it('ends the retention of a key that is read again', async () => {
      const gone = [{ path: PATH, key: 'shop/web-1.17f1' }];
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone }));
      await store().journal.commit(aCommit({ ledger: [anEntry({ lastCount: 4 })] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('ends the retention of a key of which any state is read, even if it starts nothing', async () => {
      const key = { path: PATH, key: 'shop/web-1.17f1' };
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone: [key] }));
      await store().journal.commit(aCommit({ seen: [key] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('treats a key that is seen and deleted in one batch as deleted', async () => {
      const key = { path: PATH, key: 'shop/web-1.17f1' };
      await store().journal.commit(aCommit({ ledger: [anEntry()], seen: [key], gone: [key] }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(1);
    });

    it('does not treat a key that is deleted on one path as deleted on another', async () => {
      const other = '/api/v1/events';
      await store().journal.commit(aCommit({ ledger: [anEntry()] }));
      await store().journal.commit(aCommit({ ledger: [anEntry({ path: other })] }));
      const gone = [{ path: PATH, key: 'shop/web-1.17f1' }];
      await store().journal.commit(aCommit({ gone }));
      expect(await store().upkeep.sweep({ goneBefore: NOW * 2, settledBefore: 0 })).to.equal(0);
    });

    it('keeps an entry with an unsettled delivery, however long ago its Event was deleted', async () => {
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

    it('treats all other keys of a completely listed path as deleted', async () => {
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

    it('keeps deleted keys of a path that cannot be read now', async () => {
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

    it('keeps the time of a deletion if a later list misses the key again', async () => {
      const gone = [{ path: PATH, key: anEntry().eventKey }];
      await store().journal.commit(aCommit({ ledger: [anEntry()], gone, readMs: 10 }));
      const listed = [{ path: PATH, keys: new Set<string>() }];
      await store().journal.commit(aCommit({ gone, listed, readMs: 90 }));
      expect(await store().upkeep.sweep({ goneBefore: 11, settledBefore: 0 })).to.equal(1);
    });
  });
}
