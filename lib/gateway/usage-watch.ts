// The usage of the store, observed when its level changes and not with every commit. Each level
// ends well below the point where it begins, so that a store at its bound does not change it every
// second.

import type { Clock } from '../core/clock.ts';
import type { Observation, Observe } from '../core/observation.ts';
import type { Committed, StoreUsage } from '../core/store.ts';

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
