// Batches that start nothing: observed at once, without a call of the store, and saved with the
// next commit or within a second.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Occurrence } from '../../lib/core/occurrence.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aBatch, aSeries, PATH, positionsAt } from '../support/builders.ts';
import { FailingStore, failingStore, recordingStore, storeWith } from '../support/doubles/store.ts';
import { NEVER } from '../support/never.ts';
import { type HarnessOptions, intakeHarness } from './harness.ts';

const KEY = 'shop/web-1.17f1';
const RULES = [
  { name: 'noise', kind: 'Node', action: 'reject' },
  { name: 'all', action: 'accept', triggers: ['build'] },
] as const;

const accepted = (count: number): Occurrence =>
  aSeries('web-1.17f1', {
    event: { count, lastTimestamp: `2026-01-31T12:00:0${count}Z` },
  });
const rejected = (name = 'node-1.17f1'): Occurrence =>
  aSeries(name, {
    event: {
      involvedObject: { apiVersion: 'v1', kind: 'Node', namespace: 'shop', name: 'node-1' },
    },
  });

/** Intake whose calls of the store are recorded. */
function bench(options: HarnessOptions = {}) {
  const recorded = recordingStore(options.store);
  const { store, commits } = recorded;
  const lookups = () => recorded.of('lookup');
  const harness = intakeHarness({ rules: RULES, ...options, store });
  const stop = new AbortController();
  const running = harness.intake.run(stop.signal).catch((error: unknown) => error);
  const end = (): Promise<unknown> => {
    stop.abort(new Error('SIGTERM'));
    return running;
  };
  return { ...harness, commits, lookups, running, end };
}

describe('a batch that starts nothing', () => {
  it('is observed at once, without a call of the store', async () => {
    const { intake, commits, lookups, dispositions, end } = bench();
    const gone = [{ path: PATH, key: 'shop/other.1' }];
    await intake.take(
      aBatch({ occurrences: [rejected()], positions: positionsAt('7'), gone }),
      NEVER,
    );
    expect(dispositions()).to.deep.equal([[]]);
    expect([commits(), lookups()]).to.deep.equal([[], []]);
    await end();
  });

  it('is saved within a second, with all others of that second, in one commit', async () => {
    const { intake, clock, commits, store, end } = bench();
    await intake.take(aBatch({ occurrences: [rejected()], positions: positionsAt('7') }), NEVER);
    await clock.advance(600);
    await intake.take(aBatch({ occurrences: [rejected('b')], positions: positionsAt('8') }), NEVER);
    await intake.take(
      aBatch({ source: 'pay', positions: positionsAt('3', { path: '/pay' }) }),
      NEVER,
    );
    await clock.advance(399);
    expect(commits()).to.have.length(0);
    await clock.advance(1);
    expect(commits()).to.have.length(1);
    expect(await store.journal.allPositions()).to.deep.equal(
      new Map([
        ['shop', positionsAt('8')],
        ['pay', positionsAt('3', { path: '/pay' })],
      ]),
    );
    await clock.advance(10_000);
    expect(commits()).to.have.length(1);
    await end();
  });

  it('is saved with the next commit of any source', async () => {
    const { intake, commits, clock, store, end } = bench();
    await intake.take(
      aBatch({ source: 'pay', positions: positionsAt('3', { path: '/pay' }) }),
      NEVER,
    );
    await intake.take(aBatch({ occurrences: [accepted(3)], positions: positionsAt('7') }), NEVER);
    expect(commits()).to.have.length(1);
    expect([...(await store.journal.allPositions()).keys()]).to.have.members(['pay', 'shop']);
    await clock.advance(1_000);
    expect(commits()).to.have.length(1);
    await end();
  });

  it('saves only those keys that the ledger may know', async () => {
    const { intake, commits, end } = bench();
    await intake.take(aBatch({ occurrences: [accepted(3)] }), NEVER);
    const gone = [KEY, 'shop/other.1'].map((key) => ({ path: PATH, key }));
    await intake.take(aBatch({ occurrences: [rejected()], gone }), NEVER);
    await intake.save();
    expect(commits()[1]).to.deep.include({ seen: [], gone: [{ path: PATH, key: KEY }] });
    await end();
  });

  it('does not delete a key that was seen again', async () => {
    const { intake, store, take, end } = bench();
    await take(accepted(3));
    await intake.take(aBatch({ gone: [{ path: PATH, key: KEY }] }), NEVER);
    await take(accepted(4));
    await intake.save();
    const [id = ''] = (await store.archive.list({ limit: 1 })).map((one) => one.id);
    const next = { state: 'discarded', dead: null, dueAt: 0 } as const;
    await store.outbox.change({ id, from: ['waiting'], next, now: 0 });
    expect(await store.upkeep.sweep({ goneBefore: 9e15, settledBefore: 0 })).to.equal(0);
    await intake.take(aBatch({ gone: [{ path: PATH, key: KEY }] }), NEVER);
    await intake.save();
    expect(await store.upkeep.sweep({ goneBefore: 9e15, settledBefore: 0 })).to.equal(1);
    await end();
  });

  it('is saved within less than a second if it has many keys', async () => {
    const own = createMemoryStore();
    const { take, commits, end } = bench({
      store: storeWith(own, { journal: { ...own.journal, mayKnow: () => true } }),
    });
    await take(...Array.from({ length: 9_999 }, (_, place) => rejected(`node.${place}`)));
    expect(commits()).to.have.length(0);
    await take(rejected('one more'));
    expect(commits().map(({ seen }) => seen.length)).to.deep.equal([10_000]);
    await end();
  });

  it('ends the gateway if it can never be saved', async () => {
    const unusable = new SluiceError('store-unusable', 'the store is damaged');
    const { store } = failingStore(unusable, 'commit');
    const { intake, clock, running } = bench({ store });
    await intake.take(aBatch({ positions: positionsAt('7') }), NEVER);
    await clock.advance(1_000);
    expect(await running).to.equal(unusable);
  });
});

describe('a repetition', () => {
  it('is observed at once, and moves the ledger entry with the next commit', async () => {
    const { intake, take, dispositions, commits, store, end } = bench();
    await take(accepted(3));
    await take(accepted(4));
    expect(dispositions()).to.deep.equal([['queued'], ['repeat']]);
    expect(commits()).to.have.length(1);
    await intake.save();
    const [entry] = commits()[1]?.ledger ?? [];
    expect(entry).to.deep.include({ eventKey: KEY, firedCount: 3, lastCount: 4 });
    expect([...(await store.journal.lookup([entry?.key ?? ''])).values()]).to.deep.equal([entry]);
    await end();
  });

  it('is looked up once while it is unsaved', async () => {
    const { take, lookups, end } = bench();
    await take(accepted(3));
    expect(lookups(), 'nothing is known').to.have.length(0);
    for (const count of [4, 5, 6]) await take(accepted(count));
    expect(lookups()).to.have.length(1);
    await end();
  });

  it('is judged by unsaved changes, including those of another source', async () => {
    const { intake, take, commits, end } = bench();
    await take(accepted(3));
    await take(accepted(4));
    await intake.take(aBatch({ source: 'pay', occurrences: [accepted(2)] }), NEVER);
    await intake.save();
    expect(commits()[1]?.ledger.map(({ lastCount }) => lastCount)).to.deep.equal([4]);
    await end();
  });
});

describe('an Event that is deleted in the batch that started it', () => {
  it('is deleted for the ledger, too', async () => {
    const { intake, commits, end } = bench();
    const gone = [{ path: PATH, key: KEY }];
    await intake.take(aBatch({ occurrences: [accepted(3)], gone }), NEVER);
    expect(commits()[0]).to.deep.include({ seen: [], gone });
    await end();
  });
});

describe('a batch that was given up because the store is full', () => {
  it('leaves nothing in later commits', async () => {
    const failing = new FailingStore();
    failing.fill();
    const { intake, clock, store, end } = bench({ store: failing.store });
    await intake.take(aBatch({ positions: positionsAt('7') }), NEVER);
    const stop = new AbortController();
    const batch = aBatch({ occurrences: [accepted(3)], positions: positionsAt('8') });
    const taking = intake.take(batch, stop.signal).catch((error: unknown) => error);
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    await taking;
    await intake.save();
    expect(await store.journal.positions('shop')).to.deep.equal(positionsAt('7'));
    await end();
  });
});
