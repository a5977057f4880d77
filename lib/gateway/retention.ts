// Forgets what can not be seen again: ledger entries whose Event has been gone for the retention,
// counted only while everything is read, and settled deliveries of long ago. Never by count.

import type { Clock } from '../core/clock.ts';
import type { Upkeep } from '../core/store.ts';

/** What the sweeper works with. */
interface SweeperParts {
  readonly store: { readonly upkeep: Upkeep };
  readonly clock: Clock;
  /** The clock of the retention. */
  readonly readMs: () => number;
  /** Watch paths that are refused now: what they showed once is kept. */
  readonly unread: () => readonly string[];
  readonly retention: { readonly goneMs: number; readonly settledMs: number };
}

/** Often enough that memory stays near what the retention says, seldom enough to cost nothing. */
const EVERY_MS = 60_000;

/** Forgets what can not be seen again, once a minute. */
export class Sweeper {
  readonly #parts: SweeperParts;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.sweep();
      await clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Forgets once; answers how many ledger entries went. */
  sweep(): Promise<number> {
    const { clock, readMs, retention, store, unread } = this.#parts;
    return store.upkeep.sweep({
      goneBefore: readMs() - retention.goneMs,
      settledBefore: clock.now() - retention.settledMs,
      unread: unread(),
    });
  }
}

// The clock of the retention: it goes only while every path is being read. What could have come back
// unseen, in an outage or while no gateway ran, is remembered until reading has caught up. It keeps
// nothing itself: the heartbeat writes it down and hands it back.

/**
 * A process that was suspended was not reading, whatever it believed: between two looks no more
 * than so long counts. Three beats of the heart.
 */
const AT_MOST_MS = 30_000;

/** Counts the time during which everything was read. */
export class RetentionClock {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #readMs: number;
  /** Since when everything is read, or when that was counted last; null while it is not. */
  #since: number | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>, readMs: number) {
    this.#clock = clock;
    this.#readMs = readMs;
  }

  /** For how long everything has been read, over all lives of the gateway, in whole ms. */
  get readMs(): number {
    this.#count();
    return Math.floor(this.#readMs);
  }

  /** Everything is read from now on, or not. */
  note(isReading: boolean): void {
    this.#count();
    if (isReading) this.#since ??= this.#clock.monotonic();
    else this.#since = null;
  }

  /** What an earlier life counted, once that is known. */
  goOnFrom(readMs: number): void {
    this.#readMs += readMs;
  }

  #count(): void {
    if (this.#since === null) return;
    const now = this.#clock.monotonic();
    this.#readMs += Math.min(AT_MOST_MS, now - this.#since);
    this.#since = now;
  }
}
