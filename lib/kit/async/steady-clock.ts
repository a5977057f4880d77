// A clock for due times that must survive jumps of the wall clock: one reading of the wall clock
// plus the monotonic time since. It does not detect jumps (callers compare `driftMs`) and moves
// only by `adjust`.

import type { Clock } from '../../core/clock.ts';

/** A clock whose wall time advances evenly until it is adjusted. */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  /** Wall time at which the monotonic clock was 0. */
  #origin: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#origin = clock.now() - clock.monotonic();
  }

  /** Lead of the wall clock over this one, in ms; negative if it is behind. */
  get driftMs(): number {
    return Math.round(this.#clock.now() - this.#clock.monotonic() - this.#origin);
  }

  /** Moves this clock, for instance by its drift. */
  adjust(byMs: number): void {
    this.#origin += byMs;
  }

  now(): number {
    // Whole milliseconds, the unit of wall clocks and stores.
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
