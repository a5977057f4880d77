// Doubles of the port Trigger. Each takes several deliveries a call, also without `batch`, so that
// it serves every lane.

import type { Delivery, Outcome } from '../../../lib/core/delivery.ts';
import type { Batching, Trigger } from '../../../lib/core/ports/trigger.ts';

/** A delivery was started. */
export const DELIVERED = { outcome: 'delivered' } as const satisfies Outcome;
/** The receiver is busy: a retry may help. */
export const RETRY = {
  outcome: 'retry',
  reason: 'unavailable',
  detail: 'busy',
} as const satisfies Outcome;

const NOT_SENT: Outcome = { outcome: 'retry', reason: 'not-sent', detail: 'stopped before it' };
const CUT_OFF: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'cut off' };

/** A trigger that delivers everything at once. */
export function nopTrigger(overrides: Partial<Trigger> = {}): Trigger {
  return {
    keyLifeMs: 0,
    fire: async (given, { aborted }) => given.map(() => (aborted ? NOT_SENT : DELIVERED)),
    ...overrides,
  };
}

/** One attempt at a recording trigger. */
export interface Firing {
  /** The first delivery of the attempt. */
  readonly delivery: Delivery;
  /** All deliveries of the attempt. */
  readonly deliveries: readonly Delivery[];
  readonly signal: AbortSignal;
  /** Ends it with one outcome for all, or one for each. */
  end(...outcomes: readonly Outcome[]): void;
}

/** A trigger whose attempts end when the spec says so, or by the abort. */
export class RecordingTrigger implements Trigger {
  readonly keyLifeMs: number;
  readonly batch?: Batching;
  /** Every attempt so far, in order. */
  readonly firings: Firing[] = [];
  /** The most attempts that ran at the same time. */
  most = 0;
  /** Ends every attempt at once: with this outcome, or with a throw, which is a bug. */
  answer: Outcome | Error | null = null;
  #running = 0;

  constructor(keyLifeMs = 0, batch?: Batching) {
    this.keyLifeMs = keyLifeMs;
    if (batch !== undefined) this.batch = batch;
  }

  /** Number of running attempts. */
  get running(): number {
    return this.#running;
  }

  /** Number of attempts so far. */
  get fired(): number {
    return this.firings.length;
  }

  /** The deliveries of every attempt so far, in order. */
  get delivered(): readonly Delivery[] {
    return this.firings.flatMap(({ deliveries }) => deliveries);
  }

  /** Ends the last attempt. */
  end(...outcomes: readonly Outcome[]): void {
    this.firings.at(-1)?.end(...outcomes);
  }

  async fire(given: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const [delivery] = given;
    if (delivery === undefined) return [];
    if (signal.aborted) return given.map(() => NOT_SENT);
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    const { promise, resolve } = Promise.withResolvers<readonly Outcome[]>();
    signal.addEventListener('abort', () => resolve([CUT_OFF]));
    const end = (...outcomes: readonly Outcome[]): void => resolve(outcomes);
    this.firings.push({ delivery, deliveries: given, signal, end });
    try {
      if (this.answer instanceof Error) throw this.answer;
      if (this.answer !== null) end(this.answer);
      const outcomes = await promise;
      if (outcomes.length === given.length) return outcomes;
      return given.flatMap(() => outcomes.slice(0, 1));
    } finally {
      this.#running -= 1;
    }
  }
}

/** A trigger whose attempts all fail with this outcome, or throw, which is a bug. It records them. */
export function failingTrigger(failure: Outcome | Error = RETRY, keyLifeMs = 0): RecordingTrigger {
  const trigger = new RecordingTrigger(keyLifeMs);
  trigger.answer = failure;
  return trigger;
}
