// Meanings of answers that are no success, for the tables of all kinds whose receivers answer with
// statuses. Each kind has its own table.

import type { RefusedReason, RetryReason, UnknownReason } from '../core/delivery.ts';

/** Meaning of an answer, or of a missing one, if no start is known. */
export type FailureMeaning =
  | { readonly outcome: 'retry'; readonly reason: RetryReason }
  | { readonly outcome: 'refused'; readonly reason: RefusedReason }
  | { readonly outcome: 'unknown'; readonly reason: UnknownReason };

/** Certainly not started; a retry may help. */
export const retry = (reason: RetryReason): FailureMeaning => ({ outcome: 'retry', reason });

/** Certainly not started, and never will be. */
export const refused = (reason: RefusedReason): FailureMeaning => ({ outcome: 'refused', reason });

/** Unknown outcome: it may have started. */
export const unknown = (reason: UnknownReason): FailureMeaning => ({ outcome: 'unknown', reason });
