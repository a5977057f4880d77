// How long to wait after trouble before the next try, how often a path may be listed, and when a LIST
// is tried instead. It only counts and computes; the reader waits. The numbers are those of
// client-go's reflector (0.8 s doubling to 30 s), so that a fleet of clients behaves alike when an API
// server comes back. What a stream brought never lifts a wait: only a stream that lived does.

import type { Clock, Random } from '../../core/clock.ts';
import { backoffMs } from '../../kit/async/backoff.ts';
import type { WatchError } from './watch-errors.ts';

/** The try that ended in trouble. */
interface StreamLife {
  /** How long the stream was open; 0 where none was. */
  readonly livedMs: number;
  /** Whether it brought a state, a deletion or a newer position. */
  readonly moved: boolean;
}

const BACKOFF = { firstMs: 800, maxMs: 30_000 } as const;
/** A server that closes cleanly again and again, or brings something each time, is merely impatient. */
const SHORT_BACKOFF = { firstMs: 800, maxMs: 5_000 } as const;
/** A stream that lived for so long is in order, however it ended. */
const LIVED_MS = 10_000;
/**
 * Permissions come back by a person's hand, and each try costs the server an audit line. But an API
 * server that has just started answers 403 for a second, until it has read its roles (seen on 1.36).
 */
const SLOW_BACKOFF = { firstMs: 2_000, maxMs: 60_000 } as const;
/** Two LISTs of one path begin at least so far apart; doubled while no watch lives. */
const LIST_FLOOR = { firstMs: 1_000, maxMs: 30_000 } as const;

/** Counts failures in a row and says how long to wait. */
export class ReconnectBackoff {
  readonly #random: Random;
  #failures = 0;
  /** Tries in a row that brought nothing. */
  #emptyTries = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether the tries so far bring something, or there were none. */
  get isProductive(): boolean {
    return this.#emptyTries === 0;
  }

  /** Takes note of a trouble and answers how many ms to wait. */
  delayMs(error: WatchError, life: StreamLife): number {
    if (life.livedMs >= LIVED_MS) this.reset();
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

  /** A list was read, or a stream proved itself: tries that bring nothing are counted from 0. */
  resetEmptyTries(): void {
    this.#emptyTries = 0;
  }

  /** Forgets earlier failures. */
  reset(): void {
    this.#failures = 0;
    this.#emptyTries = 0;
  }

  #backoff(life: StreamLife): number {
    const limits = life.moved ? SHORT_BACKOFF : BACKOFF;
    return backoffMs(this.#failures, limits, this.#random);
  }

  /** A server that asks for no wait, or for one that is over already, must not be asked in a loop. */
  #asked(ms: number, life: StreamLife): number {
    return ms < BACKOFF.firstMs ? this.#backoff(life) : this.#jittered(ms);
  }

  /** The time that was asked for, and up to a quarter more, so that not all come back at once. */
  #jittered(ms: number): number {
    return Math.ceil(ms * (1 + this.#random() / 4));
  }
}

/** Keeps the LISTs of one path apart, whatever they bring. Times are monotonic, in ms. */
export class ListInterval {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #notBefore = Number.NEGATIVE_INFINITY;
  #intervalMs: number = LIST_FLOOR.firstMs;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A LIST is about to begin: answers how long it must wait, and keeps the next one away from it. */
  waitMs(): number {
    const now = this.#clock.monotonic();
    const beginsAt = Math.max(now, this.#notBefore);
    this.#notBefore = beginsAt + this.#intervalMs;
    this.#intervalMs = Math.min(LIST_FLOOR.maxMs, this.#intervalMs * 2);
    return beginsAt - now;
  }

  /** A watch ended: one that lived means that lists bring the reading on. */
  watched(livedMs: number): void {
    if (livedMs >= LIVED_MS) this.#intervalMs = LIST_FLOOR.firstMs;
  }
}
