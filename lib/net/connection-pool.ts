// Keeps the connections of a client and decides which requests may use a kept one. A connection
// that closes under a request costs a build if the request cannot be repeated.
// Source: RFC 9112 §9.3.1 (a client may repeat only what is safe to repeat), §9.5 (a server closes
// an idle connection at any time).

import type { Clock } from '../core/clock.ts';
import { type AddressTarget, placeOf, targetOf } from './address.ts';
import type { Connector } from './connector.ts';
import type { HttpRequest } from './http-client.ts';
import { HttpConnection, type IdleEnd } from './http-connection.ts';

/**
 * Longest idle time of a connection for a request that cannot be repeated. The shortest
 * configurable idle timeout of usual servers is 1 s. A tenth of it leaves 900 ms for both
 * directions of the network and for a busy process. A burst reuses connections; requests less often
 * than ten times a second can afford a handshake each.
 */
export const BRIEF_IDLE_MS = 100;

/** Dependencies and bounds of a pool. */
interface ConnectionPoolParts {
  readonly connector: Connector;
  readonly clock: Clock;
  /** Longest idle time of a connection for repeatable requests. */
  readonly idleMs: number;
  readonly http2: 'off' | 'offered';
}

/** A kept or open connection, and what it may be used for. */
export interface Kept {
  readonly connection: HttpConnection;
  readonly use: ConnectionUse;
  readonly place: string;
  /** Idle connections that a request can take instead of this one. */
  readonly idle: Kept[];
}

/** The connections of a client. */
export class ConnectionPool implements Disposable {
  readonly #parts: ConnectionPoolParts;
  readonly #reuse = new ReusePolicy();
  readonly #all = new Map<HttpConnection, Kept>();
  /** Idle connections by use and receiver; the one used last is at the end. */
  readonly #idle = new Map<string, Kept[]>();
  /** Idle connections for requests that cannot be repeated, also those that are only watched. */
  readonly #brief = new Set<Kept>();
  #isRetired = false;
  #onEmpty: () => void = () => undefined;

  constructor(parts: ConnectionPoolParts) {
    this.#parts = parts;
  }

  /**
   * Processes everything that has arrived on kept connections, so that a request that cannot be
   * repeated never gets one that the receiver has closed already.
   */
  async settle(): Promise<void> {
    if (this.#brief.size === 0) return;
    const { clock } = this.#parts;
    // Data that arrives during this turn is handled in the next one.
    await clock.turn();
    do await clock.turn();
    while (this.#prune());
  }

  /** Takes a kept connection for a request, or makes one. */
  take(request: HttpRequest): Kept {
    const { url, connection: own } = request;
    const place = placeOf(url);
    const use =
      own === undefined
        ? this.#reuse.useFor(place, request, this.#parts.clock.monotonic())
        : 'single';
    const idle = this.#idleFor(use, request);
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      this.#wake(kept);
      if (kept.connection.isOpen) return kept;
    }
    return this.#make({ url, place, use, idle });
  }

  /** Makes a connection for a request whose kept connection turned out to be closed. */
  takeNew({ url }: HttpRequest): Kept {
    return this.#make({ url, place: placeOf(url), use: 'single', idle: [] });
  }

  /** Keeps a connection after an answer, or closes it. */
  release(kept: Kept): void {
    const { connection, use, idle } = kept;
    connection.hasServed = true;
    if (use === 'single' || this.#isRetired || !connection.isOpen) {
      this.#drop(kept);
      return;
    }
    connection.idleSince = this.#parts.clock.monotonic();
    if (use !== 'any') this.#brief.add(kept);
    if (use !== 'watched') idle.push(kept);
  }

  /** Closes a connection whose request failed; `isStale`: it was a kept one that had been closed. */
  discard(kept: Kept, { isStale }: { readonly isStale: boolean }): void {
    if (isStale) this.#closedUnannounced(kept.place);
    this.#drop(kept);
  }

  /** Closes idle connections, and all others once they are released. Resolves after the last. */
  retire(): Promise<void> {
    this.#isRetired = true;
    for (const kept of [...this.#all.values()]) {
      if (kept.connection.idleSince !== null) this.#drop(kept);
    }
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  [Symbol.dispose](): void {
    this.#isRetired = true;
    for (const kept of [...this.#all.values()]) this.#drop(kept);
  }

  #make({ url, place, use, idle }: Omit<Kept, 'connection'> & { readonly url: URL }): Kept {
    const { connector, idleMs, http2 } = this.#parts;
    const target: AddressTarget = targetOf(url);
    const connection = new HttpConnection({
      origin: url.origin,
      open: (signal) => connector.open(target, signal),
      idleMs: use === 'any' ? idleMs : Math.min(idleMs, BRIEF_IDLE_MS),
      http2,
      onEnd: (_connection, how) => this.#onEnd(kept, how),
    });
    const kept: Kept = { connection, use, place, idle };
    this.#all.set(connection, kept);
    return kept;
  }

  #idleFor(use: ConnectionUse, { url, headers }: HttpRequest): Kept[] {
    // A watched connection must show that it stays open; it carries nothing else.
    if (use === 'single' || use === 'watched') return [];
    // undici closes a connection with TLS if the name in the header changes.
    const key = `${use} ${url.origin} ${headers['host'] ?? ''}`;
    let idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, (idle = []));
    return idle;
  }

  /** Closes kept connections that ended or were idle too long; returns whether there were any. */
  #prune(): boolean {
    const now = this.#parts.clock.monotonic();
    let isAnyClosed = false;
    for (const kept of this.#brief) {
      const { isOpen, idleSince } = kept.connection;
      const isOver = now - (idleSince ?? now) >= BRIEF_IDLE_MS;
      if (isOpen && !isOver) continue;
      this.#onEnd(kept, isOpen ? 'stayed open' : 'was closed');
      isAnyClosed = true;
    }
    return isAnyClosed;
  }

  #onEnd(kept: Kept, how: IdleEnd): void {
    const isWatched = this.#brief.has(kept);
    if (kept.connection.idleSince !== null) this.#drop(kept);
    if (!isWatched) return;
    if (how === 'stayed open') this.#reuse.stayedOpen(kept.place);
    else this.#closedUnannounced(kept.place);
  }

  #closedUnannounced(place: string): void {
    this.#reuse.closedUnannounced(place, this.#parts.clock.monotonic());
  }

  #wake(kept: Kept): void {
    kept.connection.idleSince = null;
    this.#brief.delete(kept);
  }

  #drop(kept: Kept): void {
    const { connection, idle } = kept;
    this.#wake(kept);
    const index = idle.indexOf(kept);
    if (index >= 0) idle.splice(index, 1);
    connection.destroy();
    if (this.#all.delete(connection) && this.#all.size === 0) this.#onEmpty();
  }
}

/**
 * Time for which a place that closed a connection unannounced gets a new one for every request. A
 * restart of the receiver looks the same and should not cost handshakes for ever. Checking again
 * costs nothing, because a connection is only watched then.
 */
const CLOSING_MS = 600_000;

/**
 * Connection for a request. `any`: any kept one. `brief`: one used a moment ago. `watched`: a new
 * one that is watched afterwards and carries nothing else. `single`: a new one, closed after its
 * answer.
 */
type ConnectionUse = 'any' | 'brief' | 'watched' | 'single';

/** Remembers which places keep connections open. Pure; callers pass the time. */
export class ReusePolicy {
  /** Places that kept a connection open for `BRIEF_IDLE_MS`. */
  readonly #keeping = new Set<string>();
  /** Places that closed one unannounced, and until when that counts (monotonic, ms). */
  readonly #closing = new Map<string, number>();

  /** Chooses the connection for a request to a place. */
  useFor(place: string, request: { readonly isRepeatable: boolean }, now: number): ConnectionUse {
    const until = this.#closing.get(place) ?? 0;
    if (now < until) return 'single';
    if (request.isRepeatable) return 'any';
    return this.#keeping.has(place) ? 'brief' : 'watched';
  }

  /** Notes that an idle connection stayed open for the whole time in which it may be reused. */
  stayedOpen(place: string): void {
    this.#keeping.add(place);
  }

  /** Notes that a connection was closed unannounced. */
  closedUnannounced(place: string, now: number): void {
    this.#keeping.delete(place);
    this.#closing.set(place, now + CLOSING_MS);
  }
}
