// A bound on requests of one sort that are served at once, because each holds memory. A request gives
// its place back when its response closes, whatever closed it. A client that makes the others wait
// for its body, or for taking its answer, loses its place after a while.

import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Refusal } from './problem-document.ts';

/** Settings of a limit. */
interface RequestLimitParts {
  readonly most: number;
  /** The bound in words: `16 requests are served`. */
  readonly what: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

// A body of 16 MiB takes about so long over a port-forward. A client that needs more keeps its place
// as long as no other request needs it.
const YIELDS_MS = 10_000;

/** Admits requests up to a number. */
export class RequestLimit {
  readonly #parts: RequestLimitParts;
  /** When each was admitted, the oldest first; monotonic, ms. */
  readonly #admitted = new Map<ServerResponse, number>();

  constructor(parts: RequestLimitParts) {
    this.#parts = parts;
  }

  /** Gives a request a place until its response closes; else answers why it has none. */
  admit(response: ServerResponse): Refusal | null {
    const { most, what, clock } = this.#parts;
    if (response.destroyed) return { status: 503, detail: 'the client left' };
    if (this.#admitted.size >= most && !this.#freeOne()) {
      const detail = `${what}, which is the most at once`;
      return { status: 503, detail, headers: { 'Retry-After': '1' } };
    }
    this.#admitted.set(response, clock.monotonic());
    response.once('close', () => this.#admitted.delete(response));
    return null;
  }

  /** Cuts off the oldest that waits for its client and has waited long; answers whether there was one. */
  #freeOne(): boolean {
    const before = this.#parts.clock.monotonic() - YIELDS_MS;
    for (const [response, since] of this.#admitted) {
      if (since > before) return false;
      if (!isClients(response)) continue;
      this.#admitted.delete(response);
      response.destroy();
      return true;
    }
    return false;
  }
}

/** Whether a request waits for its client: to send its body, or to take its answer. */
function isClients(response: ServerResponse): boolean {
  return !response.req.complete || response.headersSent;
}
