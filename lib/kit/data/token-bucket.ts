// A token bucket: how a rate is kept. It holds no timer and reads no clock; the caller says what
// time it is, so that the bucket of an hour can be filled again from what the store remembers.
// Buckets by key are bounded by the tokens that were taken, not by the keys that were asked for.

import type { Rate } from '../text/quantity.ts';

/** A bucket that fills at a rate and holds at most the rate's number of tokens. */
export class TokenBucket {
  readonly #rate: Rate;
  /** In tokens times `perMs`, so that whole milliseconds are counted exactly. */
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

  /** Puts a token back that was taken for nothing. */
  giveBack(): void {
    const { count, perMs } = this.#rate;
    this.#credit = Math.min(count * perMs, this.#credit + perMs);
  }

  /** How long until there is a token, in whole milliseconds; 0 where there is one. */
  msUntilToken(now: number): number {
    return this.msUntilTokens(1, now);
  }

  /** How long until so many tokens can have been taken one by one, in whole milliseconds. */
  msUntilTokens(tokens: number, now: number): number {
    this.#fill(now);
    const { count, perMs } = this.#rate;
    return Math.max(0, Math.ceil((tokens * perMs - this.#credit) / count));
  }

  #fill(now: number): void {
    // A clock that went back gives nothing, and is followed so that it does not starve the bucket.
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
 * A bucket for each key.
 *
 * **Shape**: a key has a bucket only while it has taken a token within the last period: every other
 * bucket would be full.
 */
export class TokenBuckets {
  readonly #rate: Rate;
  /** The one from which no token was taken for longest is the first. */
  readonly #buckets = new Map<string, KeyedBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** How many keys have a bucket. */
  get size(): number {
    return this.#buckets.size;
  }

  /** How long until so many tokens of a key can have been taken one by one, in whole milliseconds. */
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

  /** Puts a token back that was taken for nothing. */
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
