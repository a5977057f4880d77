// How full the store is, told when that changes and not with every commit. Each level ends a good
// way below where it begins, so that a store at its bound is not told of once a second.

import type { Clock } from '../core/clock.ts';
import type { Observation, Observe } from '../core/observation.ts';
import type { Committed, StoreUsage } from '../core/store.ts';

/** What the watch works with. */
interface UsageWatchParts {
  readonly overflow: 'block' | 'shed';
  readonly clock: Clock;
  readonly observe: Observe;
}

type Level = Extract<Observation, { kind: 'store-usage' }>['level'];

/** Announced while there is still time to do something about it. */
const NEAR = 0.8;
const FINE_AGAIN = 0.7;
const ROOM_AGAIN = 0.95;
/** What is settled gives way, so a store at its bound may take everything: then it is not full. */
const FULL_FOR_MS = 30_000;

/** Follows what a store says of its room. */
export class UsageWatch {
  readonly #parts: UsageWatchParts;
  #level: Level = 'fine';
  /** Since they were observed last. */
  #commits = 0;
  /** When it last took no new delivery, on the monotonic clock. */
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: UsageWatchParts) {
    this.#parts = parts;
  }

  /** Takes note of an answer to a commit. */
  note({ done, usage }: Committed): void {
    if (done) this.#commits += 1;
    this.#follow({ done, usage });
  }

  /** Takes note of how full the store is. Only a commit can say that one at its bound takes something. */
  look(usage: StoreUsage): void {
    if (this.#level !== 'full' || shareOf(usage) < ROOM_AGAIN) this.#follow({ done: true, usage });
  }

  /** Observes it for a scrape. */
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
