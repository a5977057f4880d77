// What a row of a table says of an answer that is no success, for every kind whose receiver answers
// with statuses. Which answer means what is each kind's own table.

import type { AboutReceiver, RefusedReason, RetryReason, UnknownReason } from '../core/delivery.ts';

/** What an answer, or the lack of one, means where nothing is known to have been started. */
export type FailureMeaning =
  | { readonly outcome: 'retry'; readonly reason: RetryReason }
  | { readonly outcome: 'refused'; readonly reason: RefusedReason }
  | { readonly outcome: 'unknown'; readonly reason: UnknownReason };

/** Certainly not started; trying again may help. */
export const retry = (reason: RetryReason): FailureMeaning => ({ outcome: 'retry', reason });

/** Certainly not started, and never will be. */
export const refused = (reason: RefusedReason): FailureMeaning => ({ outcome: 'refused', reason });

/** A lost answer. */
export const unknown = (reason: UnknownReason): FailureMeaning => ({ outcome: 'unknown', reason });

/** What an outcome says of a wait that the receiver asked for; a wait that is over asks for nothing. */
export function pausing(pauseMs: number | undefined): AboutReceiver {
  return pauseMs === undefined || pauseMs === 0 ? {} : { pauseMs };
}
