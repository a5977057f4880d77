// The sweeper forgets by the retention, once a minute; the clock of the retention runs only while
// every path is read.

import { expect } from 'chai';
import { RetentionClock, sweepRecords } from '../../lib/gateway/store-upkeep.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, anEntry } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('the sweeper', () => {
  it('forgets a series when its Event was deleted for the retention and its path is read', async () => {
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
    const running = sweepRecords({ store, clock, readMs, retention, unread }, stop.signal);
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

/** Reads the clock as often as the heartbeat does. */
async function beat(clock: FakeClock, retention: RetentionClock, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 10) {
    await clock.advance(10_000);
    expect(retention.readMs).to.be.at.least(0);
  }
}

describe('the retention clock', () => {
  it('runs while every path is read and stops while one is not', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    await beat(clock, retention, 60);
    expect(retention.readMs).to.equal(0);
    retention.note(true);
    await beat(clock, retention, 60);
    retention.note(false);
    await beat(clock, retention, 3_600);
    retention.note(true);
    retention.note(true);
    await beat(clock, retention, 30);
    expect(retention.readMs).to.equal(90_000);
  });

  it('continues from the time that earlier processes counted', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    retention.goOnFrom(5_000);
    retention.note(true);
    await beat(clock, retention, 10);
    expect(retention.readMs).to.equal(15_000);
  });

  it('does not count the time in which the process was suspended', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    retention.note(true);
    await beat(clock, retention, 60);
    await clock.advance(25 * 3_600_000);
    expect(retention.readMs).to.equal(90_000);
  });
});
