// One gateway after another over one file: recovery of the state of the one before, whether that
// was stopped or died. A death is simulated by taking the file away under the running gateway.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { aBatch, aSeries, PATH, positionsAt } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { type BenchOptions, gatewayBench } from './gateway-bench.ts';

const HOUR = 3_600_000;

const named = (name: string) => aSeries(name, { object: 'web-1' });

describe('a gateway after another', () => {
  let folder = '';
  let lives = 0;
  const left: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-restart-'));
  });
  afterEach(async () => {
    for (const kill of left.splice(0)) await kill();
    await rm(folder, { recursive: true, force: true });
  });

  /** A running gateway over the file of the spec. */
  async function live(options: BenchOptions = {}, wallMs = 0) {
    const store = await openSqliteStore({ path: join(folder, 'sluice.db'), maxBytes: 0 });
    lives += 1;
    const bench = gatewayBench({ store, incarnation: `life ${lives}`, ...options });
    bench.clock.jump(wallMs);
    const running = bench.gateway.run(bench.stop.signal).catch((error: unknown) => error);
    const { clock, stop } = bench;
    /** Waits for a condition while calls of the file are answered. */
    const seen = (condition: () => boolean | Promise<boolean>, what: string): Promise<unknown> =>
      until(async () => {
        await clock.advance(0);
        return condition();
      }, what);
    const over = async (): Promise<unknown> => {
      let isOver = false;
      void running.then(() => (isOver = true));
      await until(async () => {
        await clock.advance(100);
        return isOver;
      }, 'the end of the gateway');
      return running;
    };
    const kill = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      stop.abort(new Error('killed'));
      await over();
    };
    left.push(kill);
    return {
      ...bench,
      store,
      seen,
      /** Stops it and closes the file. */
      end: async () => {
        stop.abort(new Error('SIGTERM'));
        const stopped = await over();
        await store[Symbol.asyncDispose]();
        return stopped;
      },
      /** Takes the file away. */
      kill,
    };
  }

  it('that died reads the unsaved states of its last second again and starts nothing twice', async () => {
    const first = await live();
    first.source.hand(aBatch({ occurrences: [named('a')], positions: positionsAt('7') }));
    await first.seen(() => first.trigger.fired === 1, 'a build');
    first.source.hand(aBatch({ occurrences: [named('a')], positions: positionsAt('8') }));
    await first.seen(() => first.recording.of('decision').length === 2, 'a repetition');
    await first.kill();
    const second = await live();
    await second.seen(() => second.source.positions.size > 0, 'positions for the source');
    expect(second.source.positions).to.deep.equal(positionsAt('7'));
    second.source.hand(aBatch({ occurrences: [named('a')], positions: positionsAt('8') }));
    await second.seen(() => second.recording.of('decision').length === 1, 'a decision');
    const words = second.recording.of('decision').flatMap(({ disposed }) => disposed);
    expect(words.map(({ disposition }) => disposition)).to.deep.equal(['repeat']);
    await second.end();
  });

  it('resumes from its positions, and no start reports a gap', async () => {
    const first = await live();
    first.source.hand(aBatch({ positions: positionsAt('7') }));
    await first.seen(() => first.source.isIdle, 'the batch in intake');
    await first.end();
    const second = await live();
    await second.seen(() => second.source.positions.size > 0, 'positions for the source');
    expect(second.source.positions).to.deep.equal(positionsAt('7'));
    expect([...first.recording.of('gap'), ...second.recording.of('gap')]).to.deep.equal([]);
    await second.end();
  });

  it('attempts the deliveries of a renamed trigger under its new name', async () => {
    const first = await live();
    first.source.hand(aBatch({ occurrences: [named('a'), named('b')] }));
    await first.seen(() => first.trigger.fired === 1, 'an attempt');
    await first.kill();
    const second = await live({
      planned: (plan) => ({
        ...plan,
        triggers: plan.triggers.map((one) => ({ ...one, name: 'ci', formerly: ['build'] })),
      }),
    });
    await second.seen(() => second.trigger.fired === 1, 'an attempt');
    expect(second.trigger.delivered[0]?.trigger).to.equal('ci');
    const orphaned = second.recording.of('delivery-moved').filter(({ to }) => to === 'orphaned');
    const ids = orphaned.map(({ delivery }) => delivery.id);
    expect(ids, 'whose answer was lost').to.deep.equal([first.trigger.delivered[0]?.id]);
  });

  it('attempts each committed delivery once, and nothing for a repeated batch', async () => {
    const first = await live();
    // One object: the second waits for the first.
    first.source.hand(aBatch({ occurrences: [named('a'), named('b')] }));
    await first.seen(() => first.trigger.fired === 1, 'an attempt');
    await first.kill();
    const second = await live();
    second.source.hand(
      aBatch({ occurrences: [named('a'), named('b')], positions: positionsAt('7') }),
    );
    await second.seen(() => second.recording.of('decision').length === 2, 'decisions');
    const disposed = second.recording.of('decision').map((one) => one.disposed[0]?.disposition);
    expect(disposed).to.deep.equal(['repeat', 'repeat']);
    await second.seen(() => second.trigger.fired > 0, 'an attempt');
    second.trigger.end({ outcome: 'delivered' });
    const isDelivered = async (): Promise<boolean> =>
      (await second.store.archive.list({ states: ['delivered'], limit: 9 })).length === 1;
    await second.seen(isDelivered, 'a delivery');
    const fired = [...first.trigger.delivered, ...second.trigger.delivered];
    expect(fired).to.have.length(2);
    expect(new Set(fired.map(({ id }) => id)).size).to.equal(2);
    await second.end();
  });

  it('reports a delivery that died in an attempt as unknown, once, and how long no gateway ran', async () => {
    const first = await live();
    first.source.hand(aBatch({ occurrences: [named('a')] }));
    await first.seen(() => first.trigger.fired === 1, 'an attempt');
    await first.kill();
    const second = await live({}, HOUR);
    await second.seen(() => second.recording.of('attempt-ended').length > 0, 'a lost attempt');
    expect(second.recording.of('attempt-ended')[0]?.outcome).to.deep.include({
      outcome: 'unknown',
      reason: 'process-died',
    });
    const [resumed] = second.recording.of('work-resumed');
    expect(resumed).to.deep.equal({ kind: 'work-resumed', lost: 1, unattempted: 0, downMs: HOUR });
    // Its receiver does not recognize a repetition, and the trigger wants at most once.
    const isUnknown = async (): Promise<boolean> =>
      (await second.store.archive.list({ states: ['unknown'], limit: 2 })).length === 1;
    await second.seen(isUnknown, 'an unknown delivery');
    expect(second.trigger.fired).to.equal(0);
    await second.end();
    const third = await live({}, HOUR);
    await third.seen(() => third.recording.of('work-resumed').length > 0, 'a start');
    expect(third.recording.of('work-resumed')[0]).to.deep.include({ lost: 0, unattempted: 0 });
    await third.end();
  });

  it('says at a stop how many wait, and starts them next time', async () => {
    const first = await live();
    first.source.hand(aBatch({ occurrences: [named('a'), named('b')] }));
    await first.seen(() => first.trigger.fired === 1, 'an attempt');
    first.stop.abort(new Error('SIGTERM'));
    await first.clock.advance(100);
    first.trigger.end({ outcome: 'delivered' });
    expect(await first.end()).to.deep.equal({ waiting: 1, abandoned: 0 });
    const stopped = { kind: 'stopped', durable: true, waiting: 1, abandoned: 0 };
    expect(first.recording.seen.at(-1)).to.deep.equal(stopped);
    const second = await live();
    await second.seen(() => second.trigger.fired === 1, 'an attempt');
    await second.end();
  });

  it('moves the records of a path to its successor, once', async () => {
    const first = await live();
    const at = aBatch({ occurrences: [named('a')], positions: positionsAt('7') });
    first.source.hand(at);
    await first.seen(() => first.recording.of('decision').length > 0, 'a decision');
    await first.kill();
    const all = '/api/v1/events';
    const successors = (path: string) => [{ path: path === PATH ? all : path, namespace: null }];
    const second = await live();
    second.source.successors = successors;
    await second.seen(
      () => second.recording.of('path-retired').length > 0,
      'a path that is retired',
    );
    const retired = { kind: 'path-retired', path: PATH, heirs: [all] };
    expect(second.recording.of('path-retired')).to.deep.equal([retired]);
    second.source.hand(aBatch({ occurrences: [{ ...named('a'), path: all }] }));
    await second.seen(() => second.recording.of('decision').length > 0, 'a decision');
    const [decision] = second.recording.of('decision');
    expect(decision?.disposed[0]?.disposition).to.equal('repeat');
    await second.end();
    const third = await live();
    third.source.successors = successors;
    await third.seen(() => third.recording.of('cluster-found').length > 0, 'a start');
    expect(third.recording.of('path-retired')).to.deep.equal([]);
    await third.end();
  });

  it('detects that the clock was set back while no gateway ran', async () => {
    const first = await live({}, HOUR);
    await first.seen(
      async () => (await first.store.keyValues.read('heartbeat')) !== null,
      'a heartbeat',
    );
    await first.end();
    const second = await live();
    await second.seen(() => second.recording.of('clock-jumped').length > 0, 'a jump');
    const byMs = second.recording.of('clock-jumped')[0]?.byMs ?? 0;
    expect(byMs).to.be.within(-HOUR - 1_000, -HOUR + 1_000);
    await second.end();
    const third = await live();
    await third.seen(() => third.recording.of('cluster-found').length > 0, 'a start');
    expect(third.recording.of('clock-jumped')).to.deep.equal([]);
    await third.end();
  });
});
