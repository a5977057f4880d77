// Waiting in specs: a condition with a deadline, never a length of time that is hoped to be enough.

import { setTimeout as pause } from 'node:timers/promises';

/** A condition: anything but `undefined`, `null` and `false` ends the waiting and is its result. */
export type Condition<Result> = () =>
  | Promise<Result | undefined | null | false>
  | Result
  | undefined
  | null
  | false;

// Quick enough that a spec does not feel it, slow enough that polling is not the load.
const firstPauseMs = 20;
const longestPauseMs = 250;

/**
 * Polls a condition until it holds.
 *
 * **Errors** at the deadline, naming what was waited for and, if the condition last threw, its error
 * as the cause; a condition that throws is asked again.
 */
export async function waitFor<Result>(
  condition: Condition<Result>,
  deadlineMs: number,
  what = 'a condition',
): Promise<Result> {
  const started = performance.now();
  let pauseMs = firstPauseMs;
  let trouble: unknown;
  while (performance.now() - started < deadlineMs) {
    try {
      const result = await condition();
      trouble = undefined;
      if (result !== undefined && result !== null && result !== false) return result;
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      trouble = error;
    }
    await pause(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
  }
  const last = trouble instanceof Error ? `; last: ${trouble.message}` : '';
  throw new Error(`waited ${deadlineMs} ms for ${what}${last}`, { cause: trouble });
}

/** Thrown by a condition that can never hold any more; ends the waiting at once. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}
