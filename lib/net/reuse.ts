// What a client knows of how long places keep connections open, and whether a request may go on a
// kept one. The question is the same for every mechanism that pools connections: a connection that is
// closed under a request costs a build if the request cannot be sent twice. Pure; time is handed in.
// Source: RFC 9112 §9.3.1 (a client may repeat only what is safe to repeat), §9.5 (a server closes an
// idle connection at any time).

/**
 * How long a connection may have been idle when it carries a request that cannot be repeated. The
 * shortest idle timeout that usual servers can be given is a second; a tenth of it leaves 900 ms for
 * both directions of the network and for a busy process. A burst reuses connections, and what comes
 * less often than ten times a second can afford a handshake each time.
 */
export const BRIEF_IDLE_MS = 100;

/**
 * For how long a place that closes connections without a word gets a new one for every request. A
 * restart of the receiver looks the same and should not cost handshakes for ever; to look again costs
 * nothing, because a connection is only watched then.
 */
const CLOSING_MS = 600_000;

/**
 * How a request gets its connection: any that is kept; one that was used a moment ago; a new one that
 * is watched afterwards and carries nothing else; a new one that is closed after its answer.
 */
export type ConnectionUse = 'any' | 'brief' | 'watched' | 'single';

/** What is known of each place. */
export class Reuse {
  /** Places of which a connection stayed open for `BRIEF_IDLE_MS`. */
  readonly #keeping = new Set<string>();
  /** Places that closed one without a word, and until when that counts (monotonic, ms). */
  readonly #closing = new Map<string, number>();

  /** How a request to a place gets its connection now. */
  useFor(place: string, request: { readonly isRepeatable: boolean }, now: number): ConnectionUse {
    const until = this.#closing.get(place) ?? 0;
    if (now < until) return 'single';
    if (request.isRepeatable) return 'any';
    return this.#keeping.has(place) ? 'brief' : 'watched';
  }

  /** A connection was left idle and stayed open for as long as one may be reused. */
  stayedOpen(place: string): void {
    this.#keeping.add(place);
  }

  /** A connection was closed although nothing announced it. */
  closedUnannounced(place: string, now: number): void {
    this.#keeping.delete(place);
    this.#closing.set(place, now + CLOSING_MS);
  }
}
