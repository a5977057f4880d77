// The port Trigger: what starts something outside.
import type { Delivery } from './delivery.ts';
import type { Outcome } from './outcome.ts';

/**
 * What starts something outside.
 *
 * 1. One attempt: no retry, no sleep, no log.
 * 2. Idempotent by delivery id where the receiver can be.
 * 3. Expected failure is returned, never thrown; a throw is a bug.
 * 4. No secret in a detail.
 * 5. `delivered` may carry what was started.
 * 6. An abort of the signal ends the attempt soon, with an outcome.
 */
export interface Trigger {
  /** One outcome each, in the same order; one delivery a call unless the kind declares a batch. */
  fire(deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * How long after an attempt the receiver still tells a repetition by its id, in ms: within it a
   * lost answer is repeated, after it the delivery ends as `unknown`. 0 where it never can.
   */
  readonly keyLifeMs: number;
}
