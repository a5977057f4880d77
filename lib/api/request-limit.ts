// Limits of requests in progress, because each holds memory. lib/kit/http limits connections.

import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Refusal } from './problem-document.ts';

/** Settings of a limit on requests. */
interface RequestLimitParts {
  readonly most: number;
  /** The limit in words: `16 requests are being answered`. */
  readonly what: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

// A body of 16 MiB takes about this long over a port-forward. A slower client keeps its place until
// another request needs it.
const YIELDS_MS = 10_000;

/**
 * Limits requests of one sort in progress, because each holds memory. A place is free again when its
 * response closes. A client that is slow to send its body or to read its answer can lose its place.
 */
export class RequestLimit {
  readonly #parts: RequestLimitParts;
  /** Time at which each was admitted, the oldest first; monotonic, ms. */
  readonly #admitted = new Map<ServerResponse, number>();

  constructor(parts: RequestLimitParts) {
    this.#parts = parts;
  }

  /** Gives a request a place until its response closes, or returns why there is none. */
  admit(response: ServerResponse): Refusal | null {
    const { most, what, clock } = this.#parts;
    if (response.destroyed) return { status: 503, detail: 'the client disconnected' };
    if (this.#admitted.size >= most && !this.#freeOne()) {
      const detail = `limit reached: ${what}; retry`;
      return { status: 503, detail, headers: { 'Retry-After': '1' } };
    }
    this.#admitted.set(response, clock.monotonic());
    response.once('close', () => this.#admitted.delete(response));
    return null;
  }

  /** Disconnects the oldest client that has been slow for long; returns whether there was one. */
  #freeOne(): boolean {
    const before = this.#parts.clock.monotonic() - YIELDS_MS;
    for (const [response, since] of this.#admitted) {
      if (since > before) return false;
      if (!waitsForClient(response)) continue;
      this.#admitted.delete(response);
      response.destroy();
      return true;
    }
    return false;
  }
}

/** Whether a request waits for its client to send its body or to read its answer. */
function waitsForClient(response: ServerResponse): boolean {
  return !response.req.complete || response.headersSent;
}
