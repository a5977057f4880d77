// How long a watch path has been quiet, across its streams: behind a load balancer that closes idle
// connections after a minute no single stream is ever quiet for long, and the position ages all the
// same. It only counts; what a long spell leads to is watch-session.ts.

import type { Clock, Random } from '../core/clock.ts';

/** A quiet path is refreshed every 2 to 4 min: etcd keeps 5 min of history for certain. */
const QUIET_MS = { least: 120_000, spread: 120_000 } as const;

/** The time since a watch path said something. */
export class QuietSpell {
  readonly #clock: Clock;
  readonly #random: Random;
  #since: number;
  #limitMs: number;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#since = clock.monotonic();
    this.#limitMs = this.#drawLimit();
  }

  /** For how many ms more it may be quiet; 0 where it was quiet for too long. */
  get remainingMs(): number {
    return Math.max(0, this.#limitMs - (this.#clock.monotonic() - this.#since));
  }

  /** Something came. */
  interrupt(): void {
    this.#since = this.#clock.monotonic();
  }

  /** The position was renewed, or that was given up for now: a new spell, of another length. */
  restart(): void {
    this.interrupt();
    this.#limitMs = this.#drawLimit();
  }

  #drawLimit(): number {
    return QUIET_MS.least + this.#random() * QUIET_MS.spread;
  }
}
