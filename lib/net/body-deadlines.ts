// Deadlines for the bodies of answers, with one timer for all of them. Nearly every body ends at
// once, and a timer for each would cost more than reading it.

import type { Clock } from '../core/clock.ts';

/** A body that can be abandoned at its deadline. */
export interface Bounded {
  giveUp(): void;
}

/** Abandons each body `ms` after it was added, unless it was removed before. */
export class BodyDeadlines implements Disposable {
  readonly #clock: Clock;
  readonly #ms: number;
  // In the order of adding, which is also the order of the deadlines.
  readonly #endsAt = new Map<Bounded, number>();
  readonly #closing = new AbortController();
  #isRunning = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Starts the deadline of a body. */
  add(body: Bounded): void {
    this.#endsAt.set(body, this.#clock.monotonic() + this.#ms);
    if (!this.#isRunning) void this.#run();
  }

  /** Removes a body that has ended. */
  remove(body: Bounded): void {
    this.#endsAt.delete(body);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    for (const body of this.#endsAt.keys()) body.giveUp();
  }

  /** Runs for one wait longer than the last body, so that a series of bodies needs few timers. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#closing.signal.aborted) {
      const [oldest] = this.#endsAt;
      if (oldest === undefined) break;
      const waitMs = oldest[1] - this.#clock.monotonic();
      if (waitMs <= 0) {
        this.#endsAt.delete(oldest[0]);
        oldest[0].giveUp();
      } else {
        await this.#clock.sleep(waitMs, this.#closing.signal).catch(() => undefined);
      }
    }
    this.#isRunning = false;
  }
}
