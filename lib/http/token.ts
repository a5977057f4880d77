// The bearer token of the API: compared in constant time, and read again where its file is somebody
// else's to rotate. Where a token comes from is token-file.ts.
// Source: RFC 6750; node:crypto timingSafeEqual over hashes, so that lengths do not show either.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { TokenCheck } from './access.ts';

// A Secret is rotated by hand; a second bounds what guessing costs in reads.
const REREAD_MS = 1_000;
// Long enough for whoever replaces a file by removing it first; a token that is taken away must end.
const KEPT_MS = 10_000;

/** Reads the token; null where there is none that can be used. */
export type ReadToken = () => Promise<string | null>;

/** Compares what requests show with the token. */
export class Token {
  readonly #read: ReadToken;
  readonly #clock: Clock;
  #hash: Promise<Buffer | null> = Promise.resolve(null);
  #readAt = Number.NEGATIVE_INFINITY;
  /** Since when it finds none; null while it does. */
  #lostAt: number | null = null;

  constructor(read: ReadToken, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** What an Authorization header is worth. */
  async check(authorization: string | undefined): Promise<TokenCheck> {
    const hash = await this.#current();
    if (hash === null) return 'unset';
    if (authorization === undefined) return 'absent';
    const [, shown] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return shown !== undefined && timingSafeEqual(hashOf(shown), hash) ? 'right' : 'wrong';
  }

  #current(): Promise<Buffer | null> {
    const now = this.#clock.monotonic();
    if (now - this.#readAt < REREAD_MS) return this.#hash;
    this.#readAt = now;
    this.#hash = this.#readAgain(this.#hash);
    return this.#hash;
  }

  /** A file that cannot be read for a moment does not lock everybody out; one that is gone does. */
  async #readAgain(before: Promise<Buffer | null>): Promise<Buffer | null> {
    const token = await this.#read();
    const now = this.#clock.monotonic();
    if (token === null) {
      this.#lostAt ??= now;
      return now - this.#lostAt < KEPT_MS ? before : null;
    }
    this.#lostAt = null;
    return hashOf(token);
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
