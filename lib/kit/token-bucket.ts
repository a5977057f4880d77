// A token bucket: how a rate is kept. It holds no timer and reads no clock; the caller says what
// time it is, so that the bucket of an hour can be filled again from what the store remembers.
import type { Rate } from './rate.ts';

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

  /** How long until there is a token, in whole milliseconds; 0 where there is one. */
  msUntilToken(now: number): number {
    this.#fill(now);
    return Math.max(0, Math.ceil((this.#rate.perMs - this.#credit) / this.#rate.count));
  }

  #fill(now: number): void {
    // A clock that went back gives nothing, and is followed so that it does not starve the bucket.
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    const full = this.#rate.count * this.#rate.perMs;
    this.#credit = Math.min(full, this.#credit + passed * this.#rate.count);
  }
}
