// The gateway and its store: unavailable, full or hanging, and the clocks on which stored times
// depend.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { aborted } from '../../lib/kit/async/abort.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import {
  aBatch,
  aCommit,
  aDelivery,
  anEntry,
  anEvent,
  anOccurrence,
  aSeries,
  PATH,
} from '../support/builders.ts';
import { FailingStore } from '../support/doubles/store.ts';
import { type BenchOptions, gatewayBench, reading } from './gateway-bench.ts';

const HOUR = 3_600_000;

/** The writes of a running gateway, and the reads of a scrape. */
const CALLS = ['commit', 'claim', 'settle', 'counts', 'usage', 'write'] as const;

const named = (name: string) => aSeries(name, { object: 'web-1' });

/** A gateway that runs and whose path is watched. */
async function runningBench(options: BenchOptions = {}) {
  const bench = gatewayBench({
    ...options,
    planned: (plan) => {
      const sources = plan.sources.map((one) => ({
        ...one,
        create: (parts: Parameters<typeof one.create>[0]) => {
          say = parts.observe;
          return one.create(parts);
        },
      }));
      return (options.planned ?? ((same) => same))({ ...plan, sources });
    },
  });
  let say: ReturnType<typeof gatewayBench>['recording']['observe'] = () => undefined;
  const running = bench.gateway.run(bench.stop.signal).catch((error: unknown) => error);
  await bench.clock.advance(0);
  say(reading(PATH, 'watching'));
  const end = async () => {
    bench.stop.abort(new Error('SIGTERM'));
    await bench.clock.advance(60_000);
    return running;
  };
  return { ...bench, running, end, observe: (...args: Parameters<typeof say>) => say(...args) };
}

describe('a gateway whose store is unavailable', () => {
  it('is live, not ready and says why, and resumes where it was', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const { gateway, source, trigger, clock, end } = await runningBench({ store });
    expect(gateway.health().ready).to.equal(true);
    failing.fail(new SluiceError('store-unavailable', 'commit: disk full'), ...CALLS);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(10 * 60_000);
    expect(gateway.health()).to.deep.include({ live: true, ready: false });
    expect(gateway.health().why).to.deep.equal(['the store is unavailable: commit: disk full']);
    expect(trigger.fired).to.equal(0);
    failing.heal();
    await clock.advance(5_000);
    expect(gateway.health().ready).to.equal(true);
    expect(trigger.fired).to.equal(1);
    await end();
  });

  it('stops without an error and without the batch that it could not commit', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const { source, clock, recording, end } = await runningBench({ store });
    failing.fail(new SluiceError('store-unavailable', 'commit: disk full'), ...CALLS);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(30_000);
    expect(await end()).to.deep.equal({ waiting: null, abandoned: 0 });
    expect(recording.of('decision')).to.deep.equal([]);
    expect(recording.of('bug')).to.deep.equal([]);
  });

  it('ends with the error of a damaged store', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const { source, clock, running } = await runningBench({ store });
    const damaged = new SluiceError('store-unusable', 'the file is damaged');
    failing.fail(damaged, ...CALLS);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(10_000);
    expect(await running).to.equal(damaged);
  });

  it('stops soon after the limit, even if the store never answers', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const { source, clock, recording, stop, running } = await runningBench({ store });
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    failing.hang(...CALLS);
    source.hand(aBatch({ occurrences: [named('b')] }));
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(5_000);
    expect(recording.of('stopped')).to.deep.equal([]);
    await clock.advance(4_000);
    expect(await running).to.deep.equal({ waiting: null, abandoned: 1 });
  });

  it('ends when the store is unusable, even before the cluster was reached', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const findCluster: BenchOptions['findCluster'] = async (_asking, signal) => {
      await aborted(signal);
      throw signal.reason;
    };
    const { gateway, clock, stop } = gatewayBench({ store, findCluster });
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    await clock.advance(1_000);
    const moved = new SluiceError('store-unusable', 'the file was moved');
    failing.fail(moved, ...CALLS);
    await clock.advance(30_000);
    expect(await running).to.equal(moved);
  });

  it('still answers a scrape', async () => {
    const failing = new FailingStore();
    const { store } = failing;
    const { gateway, recording, end } = await runningBench({ store });
    failing.fail(new SluiceError('store-unavailable', 'counts: busy'), ...CALLS);
    await gateway.measure();
    expect(recording.of('queue-depth')).to.deep.equal([]);
    failing.heal();
    await end();
  });
});

describe('a gateway whose store is full', () => {
  const full = (overflow: 'block' | 'shed'): BenchOptions => ({
    store: createMemoryStore({ maxBytes: 1 }),
    planned: (plan) => ({ ...plan, store: { ...plan.store, overflow } }),
  });
  it('says at the start that the store is nearly full', async () => {
    const store = createMemoryStore({ maxBytes: 1 });
    await store.journal.commit(aCommit({ deliveries: [aDelivery()] }));
    const { recording, end } = await runningBench({ store });
    expect(recording.of('store-usage')).to.have.nested.property('[0].level', 'near');
    await end();
  });

  it('is not ready, stops reading and says so with overflow: block', async () => {
    const { gateway, source, trigger, clock, recording, end } = await runningBench(full('block'));
    for (const name of ['a', 'b', 'c']) source.hand(aBatch({ occurrences: [named(name)] }));
    await clock.advance(8_000);
    expect(gateway.health().why).to.deep.equal(['the store is full: reading waits for room']);
    expect(gateway.health().live).to.equal(true);
    expect(recording.of('store-usage').map(({ level }) => level)).to.deep.equal(['near', 'full']);
    expect(recording.of('decision')).to.have.length(1);
    trigger.end({ outcome: 'delivered' });
    await clock.advance(8_000);
    expect(recording.of('decision')).to.have.length(2);
    await end();
  });

  it('stays ready, continues to read and notes it with overflow: shed', async () => {
    const { gateway, source, clock, recording, end } = await runningBench(full('shed'));
    source.hand(aBatch({ occurrences: [named('a')] }));
    source.hand(aBatch({ occurrences: [named('b')] }));
    await clock.advance(0);
    expect(gateway.health()).to.deep.include({
      ready: true,
      notes: ['the store is full: new deliveries are shed'],
    });
    const disposed = recording.of('decision').map((one) => one.disposed[0]?.disposition);
    expect(disposed).to.deep.equal(['queued', 'shed']);
    await end();
  });
});

describe('a gateway and the wall clock', () => {
  for (const [way, byMs] of [
    ['forward', HOUR],
    ['back', -HOUR],
  ] as const) {
    it(`repeats an attempt after its backoff although the clock jumps ${way}`, async () => {
      const { source, trigger, clock, recording, end } = await runningBench();
      source.hand(aBatch({ occurrences: [anOccurrence()] }));
      await clock.advance(0);
      trigger.end({ outcome: 'retry', reason: 'asked-to', detail: 'later', afterMs: 600_000 });
      await clock.advance(10_000);
      clock.jump(byMs);
      await clock.advance(580_000);
      expect(trigger.fired).to.equal(1);
      await clock.advance(20_000);
      expect(trigger.fired).to.equal(2);
      expect(recording.of('clock-jumped').map((one) => one.byMs)).to.deep.equal([byMs]);
      await end();
    });
  }
});

describe('a gateway and its retention', () => {
  const retained = (store: Store, goneMs: number): BenchOptions => ({
    store,
    planned: (plan) => ({ ...plan, retention: { ...plan.retention, goneMs } }),
  });
  const gone = [{ path: PATH, key: anEntry().eventKey }];
  const isKnown = async (store: Store): Promise<boolean> =>
    (await store.journal.lookup(['k1'])).size === 1;

  it('forgets a series whose Event has been gone for the retention', async () => {
    const store = createMemoryStore();
    await store.journal.commit(aCommit({ ledger: [anEntry()] }));
    const { source, clock, end } = await runningBench(retained(store, HOUR));
    source.hand(aBatch({ gone }));
    await clock.advance(HOUR - 60_000);
    expect(await isKnown(store)).to.equal(true);
    await clock.advance(120_000);
    expect(await isKnown(store)).to.equal(false);
    await end();
  });

  it('forgets none during an outage in which its Event may have been re-created', async () => {
    const store = createMemoryStore();
    await store.journal.commit(aCommit({ ledger: [anEntry()] }));
    const { source, clock, observe, end } = await runningBench(retained(store, HOUR));
    source.hand(aBatch({ gone }));
    await clock.advance(60_000);
    observe(reading(PATH, 'waiting'));
    await clock.advance(48 * HOUR);
    expect(await isKnown(store)).to.equal(true);
    // It existed again all the time, but is read only now.
    observe(reading(PATH, 'listing'));
    await clock.advance(60_000);
    source.hand(aBatch({ occurrences: [anOccurrence({ event: anEvent(asKnown) })] }));
    observe(reading(PATH, 'watching'));
    await clock.advance(24 * HOUR);
    expect(await isKnown(store)).to.equal(true);
    await end();
  });

  it('forgets no series of another process before its own retention is over', async () => {
    const store = createMemoryStore();
    await store.journal.commit(aCommit({ ledger: [anEntry()] }));
    const first = await runningBench(retained(store, HOUR));
    first.source.hand(aBatch({ gone }));
    await first.clock.advance(HOUR / 2);
    await first.end();
    const second = await runningBench(retained(store, HOUR));
    await second.clock.advance(HOUR / 2 - 120_000);
    expect(await isKnown(store)).to.equal(true);
    await second.clock.advance(180_000);
    expect(await isKnown(store)).to.equal(false);
    await second.end();
  });
});

/** The Event of `anEntry`. */
const asKnown = { metadata: { name: 'web-1.17f1', namespace: 'shop' } };
