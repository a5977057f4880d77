// Removes records that are no longer needed: ledger entries of Events deleted for longer than the
// retention, and old settled deliveries. Never by count. The retention is counted only while every
// path is read: a series could come back unseen in an outage or while no gateway runs. The clock of
// the retention stores nothing; the heartbeat records it and restores it.

import type { Clock } from '../core/clock.ts';
import type { Upkeep } from '../core/store.ts';
import { repeat } from '../kit/async/repeat.ts';

/** Dependencies of the sweeper. */
interface SweeperParts {
  readonly store: { readonly upkeep: Upkeep };
  readonly clock: Clock;
  /** The clock of the retention. */
  readonly readMs: () => number;
  /** Watch paths that are refused now: records of their Events are kept. */
  readonly unread: () => readonly string[];
  readonly retention: { readonly goneMs: number; readonly settledMs: number };
}

/** Often enough to keep memory near the retention, seldom enough to cost nothing. */
const EVERY_MS = 60_000;

/** Removes expired records once a minute. */
export class Sweeper {
  readonly #parts: SweeperParts;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return repeat(() => this.sweep(), { clock: this.#parts.clock, everyMs: EVERY_MS }, signal);
  }

  /** Sweeps once; returns the number of removed ledger entries. */
  sweep(): Promise<number> {
    const { clock, readMs, retention, store, unread } = this.#parts;
    return store.upkeep.sweep({
      goneBefore: readMs() - retention.goneMs,
      settledBefore: clock.now() - retention.settledMs,
      unread: unread(),
    });
  }
}

/**
 * The most that counts between two readings: a suspended process did not read. Three beats of the
 * heartbeat.
 */
const AT_MOST_MS = 30_000;

/** Counts the time in which every path is read. */
export class RetentionClock {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #readMs: number;
  /** Since when every path is read, or when that was last counted; null while one is not. */
  #since: number | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>, readMs: number) {
    this.#clock = clock;
    this.#readMs = readMs;
  }

  /** For how long every path was read, over all runs of the gateway, in whole ms. */
  get readMs(): number {
    this.#count();
    return Math.floor(this.#readMs);
  }

  /** Notes whether every path is read from now on. */
  note(isReading: boolean): void {
    this.#count();
    if (isReading) this.#since ??= this.#clock.monotonic();
    else this.#since = null;
  }

  /** Adds the time that earlier runs counted, once it is known. */
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
