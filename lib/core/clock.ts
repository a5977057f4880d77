// Time and chance as things handed in. Nothing outside lib/kit/system.ts reads the machine's clock,
// draws a random number or sets a timer; specs hand in a clock that they move themselves.

/** What tells the time and waits. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970 UTC; may jump in both directions. */
  now(): number;
  /** A clock that never jumps, in milliseconds since some fixed moment of this process. */
  monotonic(): number;
  /**
   * Resolves after `ms` of monotonic time.
   *
   * **Errors**: rejects with the signal's reason as soon as it aborts; no timer is left behind.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Calls `run` once after `ms` of monotonic time, unless the answer was called before: what a
   * deadline needs, of which there is one for every attempt, without a promise or a signal.
   */
  after(ms: number, run: () => void): () => void;
  /** Resolves when what has just arrived from outside is handled, so that it can be acted on together. */
  turn(): Promise<void>;
}

/** A source of chance: a number in [0, 1). */
export type Random = () => number;
