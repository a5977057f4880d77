// A lane on a memory store, with a trigger whose attempts end when the spec says so.

import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/store.ts';
import type { Batching, Trigger } from '../../lib/core/trigger.ts';
import type { AttemptSettings, LaneParts } from '../../lib/delivery/attempt-runner.ts';
import { Lane } from '../../lib/delivery/lane.ts';
import { SharedLock } from '../../lib/delivery/shared-lock.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { recordingObserve } from '../support/recording-observe.ts';

/** One attempt at the trigger. */
export interface Firing {
  readonly delivery: Delivery;
  /** All deliveries of the attempt. */
  readonly deliveries: readonly Delivery[];
  readonly signal: AbortSignal;
  /** Ends it with one outcome for all, or one for each. */
  end(...outcomes: readonly Outcome[]): void;
}

/** A trigger whose attempts end when the spec says so. */
export class HeldTrigger implements Trigger {
  readonly keyLifeMs: number;
  readonly batch?: Batching;
  readonly firings: Firing[] = [];
  most = 0;
  #running = 0;

  constructor(keyLifeMs = 0, batch?: Batching) {
    this.keyLifeMs = keyLifeMs;
    if (batch !== undefined) this.batch = batch;
  }

  /** Number of running attempts. */
  get running(): number {
    return this.#running;
  }

  async fire(given: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const [delivery] = given;
    if (delivery === undefined) throw new Error('fired with no delivery');
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    const { promise, resolve } = Promise.withResolvers<readonly Outcome[]>();
    signal.addEventListener('abort', () =>
      resolve([{ outcome: 'unknown', reason: 'timeout', detail: 'cut off' }]),
    );
    const end = (...outcomes: readonly Outcome[]): void => resolve(outcomes);
    this.firings.push({ delivery, deliveries: given, signal, end });
    const outcomes = await promise;
    this.#running -= 1;
    if (outcomes.length === given.length) return outcomes;
    return given.flatMap(() => outcomes.slice(0, 1));
  }
}

/** Delivered. */
export const DELIVERED: Outcome = { outcome: 'delivered' };
/** To be retried. */
export const RETRY = {
  outcome: 'retry',
  reason: 'unavailable',
  detail: 'busy',
} as const satisfies Outcome;

/** Dependencies that replace the defaults. */
export interface LaneSurroundings {
  readonly clock?: FakeClock;
  readonly store?: Store;
  readonly attemptLock?: SharedLock;
  readonly downtimes?: LaneParts['downtimes'];
}

/** A running lane. */
export function setUp(
  settings: Partial<AttemptSettings> = {},
  trigger: Trigger = new HeldTrigger(),
  given: LaneSurroundings = {},
) {
  const {
    clock = new FakeClock(),
    store = createMemoryStore(),
    attemptLock = new SharedLock(),
  } = given;
  const recording = recordingObserve();
  const stop = new AbortController();
  const abandon = new AbortController();
  const lane = new Lane(
    {
      trigger: 'build',
      concurrency: 2,
      timeoutMs: 10_000,
      order: 'none',
      onLostAnswer: 'atMostOnce',
      retry: { firstMs: 1_000, maxMs: 60_000, forMs: 3_600_000 },
      ...settings,
    },
    trigger,
    {
      ...store,
      attemptLock,
      downtimes: given.downtimes ?? [],
      clock,
      random: () => 1,
      incarnation: 'one',
      observe: recording.observe,
    },
  );
  const running = lane.run({ stop: stop.signal, abandon: abandon.signal });
  const add = async (added: readonly Delivery[]): Promise<void> => {
    await store.journal.commit(aCommit({ deliveries: added }));
    lane.wake();
    await clock.advance(0);
  };
  return { clock, store, lane, running, stop, abandon, add, ...recording };
}

/** State of a delivery. */
export async function stateOf(
  store: Store,
  delivery: Delivery | undefined,
): Promise<string | undefined> {
  return (await store.archive.get(delivery?.id ?? ''))?.state;
}
