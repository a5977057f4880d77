// Time and randomness as parameters. Only lib/kit/system.ts reads the system clock, draws a random
// number or sets a timer; specs pass a clock that they move themselves.

/** Reads the time and waits. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970 UTC; may jump in both directions. */
  now(): number;
  /** A clock that never jumps, in milliseconds since a fixed moment of this process. */
  monotonic(): number;
  /**
   * Resolves after `ms` of monotonic time.
   *
   * **Errors**: rejects with the signal's reason as soon as it aborts; no timer is left behind.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Calls `run` once after `ms` of monotonic time, unless the returned function is called first. It
   * needs no promise and no signal, because every attempt sets such a deadline.
   */
  after(ms: number, run: () => void): () => void;
  /** Resolves after all input that has just arrived is handled, so that a caller can batch it. */
  turn(): Promise<void>;
}

/** Returns a random number in [0, 1). */
export type Random = () => number;
