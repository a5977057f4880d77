// Whether what should move does move. Whoever expects something to happen says so and by when; what
// has not moved for longer is stuck, and a restart is the cure. Times are monotonic, so that no jump
// of the wall clock ends the process, and time in which the process was suspended does not count.

import type { Clock } from '../core/clock.ts';

/** Something that is expected to move. */
export interface Expectation {
  /** What is stuck if it does not, for people. */
  readonly what: string;
  /** For how long it may stand still. */
  readonly limitMs: number;
}

interface Watched extends Expectation {
  since: number;
}

/** Nobody looked for so long: the process was suspended, and nothing could move. */
const SUSPENDED_MS = 90_000;

/** Follows what is expected to move. */
export class Progress {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #watched = new Map<string, Watched>();
  #lookedAt: number;
  #isPaused = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#lookedAt = clock.monotonic();
  }

  /** From now on this should move; what was expected already is still expected since then. */
  expect(key: string, expectation: Expectation): void {
    if (!this.#watched.has(key)) this.moved(key, expectation);
  }

  /** It moved, and should again. */
  moved(key: string, expectation: Expectation): void {
    this.#watched.set(key, { ...expectation, since: this.#clock.monotonic() });
  }

  /** Whether this is expected to move. */
  isExpected(key: string): boolean {
    return this.#watched.has(key);
  }

  /** Nothing is expected of it any more. */
  done(key: string): void {
    this.#watched.delete(key);
  }

  /** Nothing can move for a reason of its own, or everything can again: then the time begins anew. */
  pause(isPaused: boolean): void {
    if (this.#isPaused && !isPaused) this.#forgive(Number.POSITIVE_INFINITY);
    this.#isPaused = isPaused;
  }

  /** What has not moved for longer than it may; to be asked at least once a minute. */
  stuck(): readonly string[] {
    const now = this.#clock.monotonic();
    const unwatchedMs = now - this.#lookedAt;
    this.#lookedAt = now;
    if (unwatchedMs > SUSPENDED_MS) this.#forgive(unwatchedMs);
    if (this.#isPaused) return [];
    const over = [...this.#watched.values()].filter(({ since, limitMs }) => now - since > limitMs);
    return over.map(({ what, limitMs }) => `${what} for ${Math.round(limitMs / 60_000)} min`);
  }

  #forgive(ms: number): void {
    const now = this.#clock.monotonic();
    for (const watched of this.#watched.values()) watched.since = Math.min(now, watched.since + ms);
  }
}
