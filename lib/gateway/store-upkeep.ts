// Upkeep of the store: the sweeper removes records after their retention, never by count, and the usage
// watch reports how full the store is. The retention is counted only while every path is read: a series
// could come back unseen in an outage or while no gateway runs. Its clock stores nothing; the heartbeat
// records and restores it.

import type { Clock } from '../core/clock.ts';
import type { Observation, Observe } from '../core/observation.ts';
import type { Committed, StoreUsage, Upkeep } from '../core/ports/store.ts';
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

/** Removes expired records once a minute, until the signal aborts. */
export function sweepRecords(parts: SweeperParts, signal: AbortSignal): Promise<void> {
  const { clock, readMs, retention, store, unread } = parts;
  const sweep = (): Promise<number> =>
    store.upkeep.sweep({
      goneBefore: readMs() - retention.goneMs,
      settledBefore: clock.now() - retention.settledMs,
      unread: unread(),
    });
  return repeat(sweep, { clock, everyMs: EVERY_MS }, signal);
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

/** Dependencies of the watch. */
interface UsageWatchParts {
  readonly overflow: 'block' | 'shed';
  readonly clock: Clock;
  readonly observe: Observe;
}

type Level = Extract<Observation, { kind: 'store-usage' }>['level'];

/** Reported while there is still time to act. */
const NEAR = 0.8;
const FINE_AGAIN = 0.7;
const ROOM_AGAIN = 0.95;
/** Settled deliveries make room, so a store at its bound may accept all: then it is not full. */
const FULL_FOR_MS = 30_000;

/** Derives the level of the store from its usage and its answers to commits. */
export class UsageWatch {
  readonly #parts: UsageWatchParts;
  #level: Level = 'fine';
  /** Commits since the last scrape. */
  #commits = 0;
  /** When the store last refused a delivery as full; monotonic. */
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: UsageWatchParts) {
    this.#parts = parts;
  }

  /** Updates the level by an answer to a commit. */
  note({ done, usage }: Committed): void {
    if (done) this.#commits += 1;
    this.#follow({ done, usage });
  }

  /** Updates the level by the usage; only a commit proves that a full store accepts more. */
  look(usage: StoreUsage): void {
    if (this.#level !== 'full' || shareOf(usage) < ROOM_AGAIN) this.#follow({ done: true, usage });
  }

  /** Observes the usage for a scrape. */
  measure(usage: StoreUsage): void {
    this.look(usage);
    const commits = this.#commits;
    this.#commits = 0;
    this.#parts.observe({ ...this.#observed(usage), scrape: true, commits });
  }

  #follow({ done, usage }: Pick<Committed, 'done' | 'usage'>): void {
    if (!done) this.#refusedAt = this.#parts.clock.monotonic();
    const level = this.#levelOf(usage, done);
    if (level === this.#level) return;
    this.#level = level;
    this.#parts.observe(this.#observed(usage));
  }

  #observed({ bytes, maxBytes }: StoreUsage): Extract<Observation, { kind: 'store-usage' }> {
    const { overflow } = this.#parts;
    return { kind: 'store-usage', level: this.#level, overflow, bytes, maxBytes };
  }

  #levelOf(usage: StoreUsage, done: boolean): Level {
    if (!done) return 'full';
    const share = shareOf(usage);
    const calmMs = this.#parts.clock.monotonic() - this.#refusedAt;
    if (this.#level === 'full' && share >= ROOM_AGAIN && calmMs < FULL_FOR_MS) return 'full';
    return share >= (this.#level === 'fine' ? NEAR : FINE_AGAIN) ? 'near' : 'fine';
  }
}

function shareOf({ bytes, maxBytes }: StoreUsage): number {
  return maxBytes === 0 ? 0 : bytes / maxBytes;
}
