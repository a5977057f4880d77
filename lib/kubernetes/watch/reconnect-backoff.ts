// Backoff before the next try, the interval between LISTs of a path, and when a LIST replaces a
// retry. It only counts and computes; reflector.ts waits. The numbers are those of client-go's
// reflector (0.8 s doubling to 30 s), so that all clients behave alike when an API server recovers.
// Frames alone never reset the backoff; only a stream that stayed open does.

import type { Clock, Random } from '../../core/clock.ts';
import { backoffMs } from '../../kit/async/backoff.ts';
import type { WatchError } from './watch-errors.ts';

/** The failed try. */
interface StreamLife {
  /** Time for which the stream was open; 0 if there was none. */
  readonly livedMs: number;
  /** Whether it brought a state, a deletion or a newer position. */
  readonly moved: boolean;
}

const BACKOFF = { firstMs: 800, maxMs: 30_000 } as const;
/** For a server that closes cleanly each time, or brings something each time: it does respond. */
const SHORT_BACKOFF = { firstMs: 800, maxMs: 5_000 } as const;
/** A stream that was open for so long worked, however it ended. */
const LIVED_MS = 10_000;
/**
 * Permissions are restored by people, and each try costs the server an audit line. But an API
 * server that has just started answers 403 for a second, until it has read its roles (seen on
 * 1.36).
 */
const SLOW_BACKOFF = { firstMs: 2_000, maxMs: 60_000 } as const;
/** Interval between the starts of two LISTs of one path; doubled while no watch stays open. */
const LIST_FLOOR = { firstMs: 1_000, maxMs: 30_000 } as const;

/** Counts failures in a row and computes the wait. */
export class ReconnectBackoff {
  readonly #random: Random;
  #failures = 0;
  /** Number of tries in a row that brought nothing. */
  #emptyTries = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether the last try brought something; true before the first one. */
  get isProductive(): boolean {
    return this.#emptyTries === 0;
  }

  /** Counts an error and returns the wait before the next try, in ms. */
  delayMs(error: WatchError, life: StreamLife): number {
    if (life.livedMs >= LIVED_MS) this.#failures = 0;
    this.#failures += 1;
    const isProductive = life.moved || life.livedMs >= LIVED_MS;
    this.#emptyTries = isProductive ? 0 : this.#emptyTries + 1;
    switch (error.wait) {
      case 'free':
        return this.#failures === 1 ? 0 : this.#backoff(life);
      case 'short':
        if (life.livedMs >= LIVED_MS) return 0;
        return backoffMs(this.#failures, SHORT_BACKOFF, this.#random);
      case 'backoff':
        return this.#backoff(life);
      case 'asked':
        return this.#asked(error.askedMs ?? 0, life);
      case 'slow':
        return backoffMs(this.#failures, SLOW_BACKOFF, this.#random);
    }
  }

  /** Whether so many tries in a row brought nothing that a LIST must be tried. */
  wantsRelist(error: WatchError): boolean {
    return error.relistAfter !== null && this.#emptyTries >= error.relistAfter;
  }

  /** Counts tries that bring nothing from 0, after a list or a proof of a stream. */
  resetEmptyTries(): void {
    this.#emptyTries = 0;
  }

  #backoff(life: StreamLife): number {
    const limits = life.moved ? SHORT_BACKOFF : BACKOFF;
    return backoffMs(this.#failures, limits, this.#random);
  }

  /**
   * The server's own delay plus up to a quarter, so that clients do not return all at once. A delay
   * that is 0 or already over is replaced, to avoid a tight loop.
   */
  #asked(ms: number, life: StreamLife): number {
    return ms < BACKOFF.firstMs ? this.#backoff(life) : Math.ceil(ms * (1 + this.#random() / 4));
  }
}

/** Keeps LISTs of one path apart, whatever their results. Times are monotonic, in ms. */
export class ListInterval {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #notBefore = Number.NEGATIVE_INFINITY;
  #intervalMs: number = LIST_FLOOR.firstMs;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Reserves the next LIST; returns the wait before it, in ms. */
  waitMs(): number {
    const now = this.#clock.monotonic();
    const beginsAt = Math.max(now, this.#notBefore);
    this.#notBefore = beginsAt + this.#intervalMs;
    this.#intervalMs = Math.min(LIST_FLOOR.maxMs, this.#intervalMs * 2);
    return beginsAt - now;
  }

  /** Records the end of a watch: after one that stayed open the interval is the shortest again. */
  watched(livedMs: number): void {
    if (livedMs >= LIVED_MS) this.#intervalMs = LIST_FLOOR.firstMs;
  }
}
