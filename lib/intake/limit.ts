// Budgets: a token bucket for each involved object and one for all. A delivery without a token is
// held, not lost; release.ts lets it go when tokens come. Buckets live on the monotonic clock.
import type { Rate } from '../kit/rate.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import type { Candidate } from './candidate.ts';
import type { Facts, Ruling } from './stages.ts';

/** How many builds there may be; null is no limit. */
export interface Limits {
  readonly perObject: Rate | null;
  readonly total: Rate | null;
}

/** Which budget had no token. */
export type Exhausted = 'perObject' | 'total';

/** Who waits for tokens already: those who come later wait behind them. */
export interface Backlog {
  /** By the involved object, with the budget that has no token for it. */
  readonly objects: ReadonlyMap<string, Exhausted>;
  /** Whether all wait, whatever their object. */
  readonly total: boolean;
  readonly count: number;
}

interface Held {
  readonly objects: Map<string, Exhausted>;
  total: boolean;
  count: number;
}

/** So many are held at once, some 20 MB of usual Events; what comes then is shed and counted. */
const HELD_AT_MOST = 10_000;

/** For how long what was started matters to the limits, in ms: after it every bucket is full. */
export function rememberedMs({ perObject, total }: Limits): number {
  return Math.max(perObject?.perMs ?? 0, total?.perMs ?? 0);
}

interface ObjectBucket {
  readonly bucket: TokenBucket;
  lastUse: number;
}

/** Hands out tokens. Times are monotonic milliseconds. */
export class Limiter {
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #objects = new Map<string, ObjectBucket>();
  readonly #total: TokenBucket | null;
  #held: Held = { objects: new Map(), total: false, count: 0 };

  constructor(limits: Limits, since: { readonly now: () => number; readonly from: number }) {
    this.#limits = limits;
    this.#now = since.now;
    this.#total = limits.total === null ? null : new TokenBucket(limits.total, since.from);
  }

  /** Takes a token for a newcomer, who waits behind those that are held already. */
  take(object: string): Exhausted | 'shed' | null {
    const exhausted =
      this.#held.objects.get(object) ??
      (this.#held.total ? 'total' : this.takeAt(object, this.#now()));
    if (exhausted === null) return null;
    if (this.#held.count >= HELD_AT_MOST) return 'shed';
    this.#held.objects.set(object, exhausted);
    this.#held.total ||= exhausted === 'total';
    this.#held.count += 1;
    return exhausted;
  }

  /** Takes a token as of a moment; says which budget had none. */
  takeAt(object: string, now: number): Exhausted | null {
    const own = this.#bucketOf(object, now);
    if (own !== null && own.msUntilToken(now) > 0) return 'perObject';
    if (this.#total !== null && this.#total.msUntilToken(now) > 0) return 'total';
    own?.take(now);
    this.#total?.take(now);
    return null;
  }

  /** Takes the tokens of what was started before this process, in whatever order it is told. */
  restore(
    started: readonly { readonly at: number; readonly object: string }[],
    wall: number,
  ): void {
    const now = this.#now();
    // A bucket goes forward only: what it is told late would fill it twice.
    const inOrder = [...started].sort((a, b) => a.at - b.at);
    for (const { at, object } of inOrder) this.takeAt(object, Math.min(now, now - (wall - at)));
  }

  /** How long until the budgets have a token for this object again, in ms. */
  msUntilToken(object: string): number {
    const now = this.#now();
    const own = this.#bucketOf(object, now)?.msUntilToken(now) ?? 0;
    return Math.max(own, this.#total?.msUntilToken(now) ?? 0);
  }

  /** Replaces what is known of those who wait. */
  setBacklog({ objects, total, count }: Backlog): void {
    this.#held = { objects: new Map(objects), total, count };
  }

  #bucketOf(object: string, now: number): TokenBucket | null {
    const rate = this.#limits.perObject;
    if (rate === null) return null;
    const known = this.#objects.get(object);
    const bucket = known?.bucket ?? new TokenBucket(rate, now);
    // Moved to the end, so that the front holds those that were not used for longest.
    this.#objects.delete(object);
    this.#objects.set(object, { bucket, lastUse: now });
    this.#forgetFull(now - rate.perMs);
    return bucket;
  }

  /** A bucket that was not used for a whole period is full again, and as good as none. */
  #forgetFull(before: number): void {
    for (const [object, { lastUse }] of this.#objects) {
      if (lastUse >= before) return;
      this.#objects.delete(object);
    }
  }
}

/** Holds a candidate for which there is no token. */
export function limit({ object }: Candidate, { limiter }: Facts): Ruling | null {
  const exhausted = limiter.take(object);
  if (exhausted === null) return null;
  if (exhausted === 'shed') {
    return { disposition: 'shed', why: `${HELD_AT_MOST} deliveries are held already` };
  }
  const budget = exhausted === 'total' ? 'limits.total' : 'limits.perObject';
  return { disposition: 'held', why: `${budget} is used up` };
}
