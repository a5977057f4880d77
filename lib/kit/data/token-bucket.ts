// Token buckets, which enforce rates. They have no timer and no clock: callers pass the time, so
// that buckets can be restored from the store. The number of buckets by key is bounded by the
// tokens that were taken, not by the keys that were queried.

import type { Rate } from '../text/quantity.ts';

/** A bucket that fills at a rate and holds at most the rate's number of tokens. */
export class TokenBucket {
  readonly #rate: Rate;
  /** In tokens times `perMs`, so that whole milliseconds count exactly. */
  #credit: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#credit = rate.count * rate.perMs;
    this.#at = now;
  }

  /** Takes a token if there is one. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#credit < this.#rate.perMs) return false;
    this.#credit -= this.#rate.perMs;
    return true;
  }

  /** Returns an unused token. */
  giveBack(): void {
    const { count, perMs } = this.#rate;
    this.#credit = Math.min(count * perMs, this.#credit + perMs);
  }

  /** Time until there is a token, in whole milliseconds; 0 if there is one. */
  msUntilToken(now: number): number {
    return this.msUntilTokens(1, now);
  }

  /** Time until this number of tokens can have been taken one by one, in whole milliseconds. */
  msUntilTokens(tokens: number, now: number): number {
    this.#fill(now);
    const { count, perMs } = this.#rate;
    return Math.max(0, Math.ceil((tokens * perMs - this.#credit) / count));
  }

  #fill(now: number): void {
    // A clock that went back adds nothing; its time is adopted, so that the bucket fills again.
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    const full = this.#rate.count * this.#rate.perMs;
    this.#credit = Math.min(full, this.#credit + passed * this.#rate.count);
  }
}

interface KeyedBucket {
  readonly bucket: TokenBucket;
  readonly takenAt: number;
}

/**
 * One bucket for each key.
 *
 * **Shape**: a key has a bucket only if it took a token within the last period; otherwise its
 * bucket would be full.
 */
export class TokenBuckets {
  readonly #rate: Rate;
  /** The least recently used bucket is the first. */
  readonly #buckets = new Map<string, KeyedBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Number of keys with a bucket. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Time until this number of a key's tokens can have been taken one by one, in whole milliseconds.
   */
  msUntilTokens(key: string, tokens: number, now: number): number {
    return this.#of(key, now).msUntilTokens(tokens, now);
  }

  /** Takes a token if there is one. */
  take(key: string, now: number): boolean {
    const bucket = this.#of(key, now);
    if (!bucket.take(now)) return false;
    this.#buckets.delete(key);
    this.#buckets.set(key, { bucket, takenAt: now });
    this.#forgetFull(now - this.#rate.perMs);
    return true;
  }

  /** Returns an unused token. */
  giveBack(key: string): void {
    this.#buckets.get(key)?.bucket.giveBack();
  }

  #of(key: string, now: number): TokenBucket {
    return this.#buckets.get(key)?.bucket ?? new TokenBucket(this.#rate, now);
  }

  #forgetFull(before: number): void {
    for (const [key, { takenAt }] of this.#buckets) {
      if (takenAt > before) return;
      this.#buckets.delete(key);
    }
  }
}
