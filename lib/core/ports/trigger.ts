// The port Trigger, which makes an attempt of deliveries. Implementations are in lib/triggers.

import type { Delivery, Outcome } from '../delivery.ts';

/** Bounds for several deliveries in one attempt. */
export interface Batching {
  /** The most deliveries in one attempt; at least 2. */
  readonly max: number;
  /** How long the first delivery of an attempt waits for more, in ms. */
  readonly waitMs: number;
}

/**
 * The treatment of a delivery with a lost answer if the receiver cannot recognize a repetition. It
 * ends as `unknown`, or it is repeated and reported as possibly started twice.
 */
export type OnLostAnswer = 'atMostOnce' | 'atLeastOnce';

/** The content of an attempt as text without secrets, or the reason why nothing would be sent. */
export type Preview =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/** The mistake because of which every delivery of a trigger would be refused. */
export type DryRunFault = 'unknown-field' | 'invalid' | 'no-such-kind' | 'no-such-namespace';

/** The result of a dry run, which changes nothing at the receiver. */
export type DryRun =
  | { readonly ok: true }
  /** `detail` is for people and has no value of the configuration, which may be secret. */
  | { readonly ok: false; readonly fault: DryRunFault; readonly detail: string };

/**
 * Starts something outside the gateway. A trigger that keeps something open is disposable;
 * disposing twice is allowed.
 *
 * 1. One attempt: no retry, no sleep, no log.
 * 2. Idempotent by delivery id if the receiver can be.
 * 3. Expected failure is returned, never thrown; a throw is a bug.
 * 4. No secret in an outcome: not in its detail, its answer or what was started.
 * 5. `delivered` may name what was started.
 * 6. An abort of the signal ends the attempt soon, with an outcome.
 */
export interface Trigger extends Partial<AsyncDisposable> {
  /** Returns one outcome per delivery, in the same order; one delivery a call unless `batch` is set. */
  fire(deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * How long after an attempt the receiver still recognizes a repetition by its id, in ms. Within
   * this time an attempt with a lost answer is repeated; after it `OnLostAnswer` decides. 0: never.
   */
  readonly keyLifeMs: number;
  /** Absent: one delivery a call. */
  readonly batch?: Batching;
  /**
   * Checks whether the credential changed since the receiver refused it. Called while the lane is
   * paused for that reason; it may read files. Absent: only an attempt can show it.
   */
  isRenewed?(): Promise<boolean>;
}
