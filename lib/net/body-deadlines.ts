// A bound in time for the bodies of answers, with one timer for all of them: nearly every body ends
// at once, and a timer for each would cost more than reading it.

import type { Clock } from '../core/clock.ts';

/** Something that is to be given up when its time is up. */
export interface Bounded {
  giveUp(): void;
}

/** Gives up what is still there `ms` after it was added. */
export class BodyDeadlines implements Disposable {
  readonly #clock: Clock;
  readonly #ms: number;
  // In the order in which they were added, which is that in which they end.
  readonly #endsAt = new Map<Bounded, number>();
  readonly #closing = new AbortController();
  #isRunning = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Starts the time of one. */
  add(body: Bounded): void {
    this.#endsAt.set(body, this.#clock.monotonic() + this.#ms);
    if (!this.#isRunning) void this.#run();
  }

  /** Lets one go that came to its end by itself. */
  remove(body: Bounded): void {
    this.#endsAt.delete(body);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    for (const body of this.#endsAt.keys()) body.giveUp();
  }

  /** Outlives the bodies it was started for by one wait, so that a stream of them needs few timers. */
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
