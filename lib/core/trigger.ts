// The port Trigger: what starts something outside.

import type { Delivery, Outcome } from './delivery.ts';

/** How a trigger takes several deliveries with one attempt. */
export interface Batching {
  /** Deliveries in one attempt at the most; at least 2. */
  readonly max: number;
  /** How long the first delivery of an attempt waits for others, in ms. */
  readonly waitMs: number;
}

/**
 * What becomes of a delivery whose answer was lost where the receiver can not tell a repetition: it
 * ends as `unknown`, or it is repeated and reported as possibly started twice.
 */
export type OnLostAnswer = 'atMostOnce' | 'atLeastOnce';

/** The content of an attempt as text without any secret, or why nothing would be sent. */
export type Preview =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/**
 * What starts something outside. One that holds something open may be disposed of, twice too.
 *
 * 1. One attempt: no retry, no sleep, no log.
 * 2. Idempotent by delivery id where the receiver can be.
 * 3. Expected failure is returned, never thrown; a throw is a bug.
 * 4. No secret in an outcome: detail, answer and what was started.
 * 5. `delivered` may carry what was started.
 * 6. An abort of the signal ends the attempt soon, with an outcome.
 */
export interface Trigger extends Partial<AsyncDisposable> {
  /** One outcome each, in the same order; one delivery a call unless there is a `batch`. */
  fire(deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * How long after an attempt the receiver still tells a repetition by its id, in ms: within it a
   * lost answer is repeated, after it `OnLostAnswer` decides. 0 where it never can.
   */
  readonly keyLifeMs: number;
  /** Absent: one delivery a call. */
  readonly batch?: Batching;
  /**
   * Whether it has another credential now than the one that its receiver did not accept. Asked while
   * nothing is attempted because of that; it may read files. Absent: only an attempt can show it.
   */
  isRenewed?(): Promise<boolean>;
}

// What one attempt of a delivery came to. Expected failure is a value here; a throw is a bug.
