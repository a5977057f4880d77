// The sweeper forgets by the retention, once a minute.

import { expect } from 'chai';
import { Sweeper } from '../../lib/gateway/retention.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, anEntry } from '../conformance/store-builders.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('the sweeper', () => {
  it('forgets a series when its Event has been gone for the retention and its path is read', async () => {
    const clock = new FakeClock();
    const store = createMemoryStore();
    const entry = anEntry();
    const gone = [{ path: entry.path, key: entry.eventKey }];
    await store.journal.commit(aCommit({ ledger: [entry] }));
    await store.journal.commit(aCommit({ gone, now: clock.now() }));
    const stop = new AbortController();
    const readMs = (): number => clock.now();
    let refused: readonly string[] = [entry.path];
    const unread = (): readonly string[] => refused;
    const retention = { goneMs: 600_000, settledMs: 600_000 };
    const running = new Sweeper({ store, clock, readMs, retention, unread }).run(stop.signal);
    await clock.advance(600_000);
    expect((await store.journal.lookup([entry.key])).size).to.equal(1);
    await clock.advance(60_000);
    expect((await store.journal.lookup([entry.key])).size, 'its path is refused').to.equal(1);
    refused = [];
    await clock.advance(60_000);
    expect((await store.journal.lookup([entry.key])).size).to.equal(0);
    stop.abort();
    await running;
  });
});
