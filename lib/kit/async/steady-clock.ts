// A wall clock that never jumps by itself: the wall clock as it stood once, plus the time since.
// Whoever keeps moments that must not suffer from jumps works with it; it does not watch for jumps
// (see `driftMs`), and it moves only when it is told to.

import type { Clock } from '../../core/clock.ts';

/** A clock whose wall time goes on evenly until it is adjusted. */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  /** What the wall clock showed when the monotonic one stood at 0. */
  #origin: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#origin = clock.now() - clock.monotonic();
  }

  /** By how much the wall clock is ahead of this one, in ms; below zero where it is behind. */
  get driftMs(): number {
    return Math.round(this.#clock.now() - this.#clock.monotonic() - this.#origin);
  }

  /** Moves this clock, for instance by its drift. */
  adjust(byMs: number): void {
    this.#origin += byMs;
  }

  now(): number {
    // Whole milliseconds, as every wall clock shows them and every store keeps them.
    return Math.round(this.#origin + this.#clock.monotonic());
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run);
  }

  turn(): Promise<void> {
    return this.#clock.turn();
  }
}
