// Recovery at a start: lost attempts, the time without a gateway, the clock, paths without a
// reader.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Source, WatchPath } from '../../lib/core/ports/source.ts';
import type { Recovery } from '../../lib/core/ports/store.ts';
import { keepBeating, readBeat, recordBeat, recordDowntime } from '../../lib/gateway/heartbeat.ts';
import { recover, retirePaths } from '../../lib/gateway/recovery.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aDelivery, anAttempt } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { CLUSTER_REFUSED, failingSource } from '../support/doubles/source.ts';
import { nopStore, recordingStore, storeWith } from '../support/doubles/store.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NOTHING: Recovery = { lost: [], unattempted: 0, paths: [] };
const HOUR = 3_600_000;

function bench(begun: Recovery = NOTHING) {
  const clock = new FakeClock();
  const { observe, of, seen } = recordingObserve();
  const own = createMemoryStore();
  const upkeep = { ...own.upkeep, begin: async () => begun };
  const recorded = recordingStore(storeWith(own, { upkeep }));
  const { store } = recorded;
  const beat = (readMs: number): Promise<void> =>
    recordBeat({ keyValues: own.keyValues, clock, readMs: () => readMs });
  const start = () => recover({ store, clock, incarnation: 'two', renamed: [], observe });
  return { clock, recorded, beat, start, store, of, seen };
}

/** A delivery whose attempt was running when its process died. */
function lostDelivery(deaths: number): Delivery {
  const detail = 'the process died';
  const outcome = { outcome: 'unknown', reason: 'process-died', detail } as const;
  const state =
    deaths < 3 ? ({ state: 'waiting' } as const) : ({ state: 'dead', dead: 'poison' } as const);
  return aDelivery({ attempts: [anAttempt({ outcome })], deaths, ...state });
}

describe('a start', () => {
  it('calls `begin` of the store before anything else', async () => {
    const { start, recorded, clock } = bench();
    await start();
    const request = { incarnation: 'two', now: clock.now(), renamed: [] };
    expect(recorded.calls[0]).to.deep.equal({ name: 'begin', args: [request] });
  });

  it('says that nothing ran before, at a first start', async () => {
    const { start, of } = bench();
    expect(await start()).to.include({ aliveAt: null, readMs: 0, jumpedMs: 0 });
    const resumed = { kind: 'work-resumed', lost: 0, unattempted: 0, downMs: null };
    expect(of('work-resumed')).to.deep.equal([resumed]);
  });

  it('says what was lost and for how long no gateway ran', async () => {
    const { start, of, beat, clock } = bench({
      ...NOTHING,
      lost: [lostDelivery(1)],
      unattempted: 4,
    });
    await beat(7_000);
    const aliveAt = clock.now();
    await clock.advance(HOUR);
    expect(await start()).to.include({ aliveAt, readMs: 7_000, jumpedMs: 0 });
    const resumed = { kind: 'work-resumed', lost: 1, unattempted: 4, downMs: HOUR };
    expect(of('work-resumed')).to.deep.equal([resumed]);
  });

  it('observes the outcome of each attempt that was lost with its process', async () => {
    const lost = [lostDelivery(1), lostDelivery(3)];
    const { start, of } = bench({ ...NOTHING, lost });
    await start();
    const ended = of('attempt-ended').map(({ delivery, outcome }) => [delivery, outcome]);
    expect(ended).to.deep.equal(lost.map((one) => [one, one.attempts[0]?.outcome]));
  });

  it('treats a clock before the last beat as set back', async () => {
    const { start, of, beat, clock, recorded, store } = bench();
    await beat(7_000);
    clock.jump(-HOUR);
    expect(await start()).to.include({ aliveAt: clock.now(), jumpedMs: -HOUR });
    expect(recorded.of('shift')).to.deep.equal([[-HOUR]]);
    expect(of('clock-jumped')).to.deep.equal([{ kind: 'clock-jumped', byMs: -HOUR }]);
    expect(of('work-resumed')[0]?.downMs).to.equal(0);
    // A start that dies now must not shift again.
    expect(await readBeat(store.keyValues)).to.deep.equal({ at: clock.now(), readMs: 7_000 });
  });

  it('ignores a clock that is slightly behind', async () => {
    const { start, of, beat, clock, recorded } = bench();
    await beat(0);
    clock.jump(-1_500);
    await start();
    expect(of('clock-jumped')).to.deep.equal([]);
    expect(recorded.of('shift')).to.deep.equal([]);
  });

  for (const record of ['', 'x', '[]', '{"at":"yesterday"}', 'null']) {
    it(`ignores a heartbeat that cannot be read: ${JSON.stringify(record)}`, async () => {
      const { start, store } = bench();
      await store.keyValues.write('heartbeat', record);
      expect(await start()).to.include({ aliveAt: null, readMs: 0 });
    });
  }
});

describe('the heartbeat', () => {
  it('records every 10 s that the gateway runs and for how long every path was read', async () => {
    const clock = new FakeClock();
    const { keyValues } = createMemoryStore();
    const stop = new AbortController();
    const running = keepBeating({ keyValues, clock, readMs: () => clock.monotonic() }, stop.signal);
    await clock.advance(25_000);
    const at = clock.now() - 5_000;
    expect(await readBeat(keyValues)).to.deep.equal({ at, readMs: 20_000 });
    stop.abort();
    await running;
  });

  it('stores a bounded number of spans without a gateway', async () => {
    const { keyValues } = createMemoryStore();
    expect(await recordDowntime(keyValues, null)).to.deep.equal([]);
    expect(await recordDowntime(keyValues, { from: 5, to: 5 })).to.deep.equal([]);
    for (let number = 0; number < 300; number += 1) {
      await recordDowntime(keyValues, { from: number * 10, to: number * 10 + 1 });
    }
    const spans = await recordDowntime(keyValues, null);
    expect(spans).to.have.length(200);
    expect(spans.at(-1)).to.deep.equal({ from: 2_990, to: 2_991 });
  });
});

describe('paths of an earlier configuration', () => {
  const source = (successors: Readonly<Record<string, readonly WatchPath[]>>): Source =>
    failingSource(CLUSTER_REFUSED, { successorsOf: (path) => successors[path] ?? [] });
  const whole = (path: string): WatchPath => ({ path, namespace: null });
  const part = (path: string, namespace: string): WatchPath => ({ path, namespace });

  const cases: readonly (readonly [string, readonly Source[], readonly WatchPath[] | null])[] = [
    ['is not retired while it is read', [source({ '/a': [whole('/a')] })], null],
    [
      'is not retired while one of two reads it',
      [source({}), source({ '/a': [whole('/a')] })],
      null,
    ],
    ['goes to a path that covers it', [source({ '/a': [whole('/all')] })], [whole('/all')]],
    [
      'goes to the paths of some of its namespaces',
      [source({ '/a': [part('/shop', 'shop')] }), source({ '/a': [part('/pay', 'pay')] })],
      [part('/shop', 'shop'), part('/pay', 'pay')],
    ],
    ['goes to a part of itself', [source({ '/a': [part('/a', 'shop')] })], [part('/a', 'shop')]],
    ['has no successor if no source knows it', [source({})], []],
    ['has no successor if no source is left', [], []],
  ];
  for (const [promise, sources, successors] of cases) {
    it(promise, async () => {
      const { observe, of } = recordingObserve();
      const recorded = recordingStore(nopStore());
      await retirePaths(['/a'], sources, { store: recorded.store, readMs: 5, observe });
      if (successors === null) {
        expect([recorded.calls, of('path-retired')]).to.deep.equal([[], []]);
        return;
      }
      expect(recorded.of('retire')).to.deep.equal([[{ path: '/a', successors, readMs: 5 }]]);
      const names = successors.map(({ path }) => path);
      expect(of('path-retired')).to.deep.equal([
        { kind: 'path-retired', path: '/a', heirs: names },
      ]);
    });
  }
});
