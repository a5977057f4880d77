// Exponential backoff with jitter. It neither waits nor counts: callers count failures and wait.
// Source: the "equal jitter" of
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.

import type { Random } from '../../core/clock.ts';

/** The bounds of a backoff, in milliseconds. */
export interface BackoffLimits {
  /** The longest wait after the first failure. */
  readonly firstMs: number;
  /** The longest wait after any failure. */
  readonly maxMs: number;
}

/**
 * Computes the wait after consecutive failures: a random part between half and all of `firstMs`,
 * doubled for each failure after the first.
 *
 * **Units**: milliseconds, never above `maxMs`; failures count from 1.
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: Random): number {
  // 2 ** 1024 is Infinity, which Math.min cuts; the exponent needs no bound of its own.
  const doublings = Math.max(0, failures - 1);
  const full = Math.min(limits.maxMs, limits.firstMs * 2 ** doublings);
  return full / 2 + (full / 2) * random();
}
