// Keeps the connections of a client and decides which requests may use a kept one. A connection
// that closes under a request costs a build if the request cannot be repeated.
// Source: RFC 9112 §9.3.1 (a client may repeat only what is safe to repeat), §9.5 (a server closes
// an idle connection at any time).

import type { Clock } from '../core/clock.ts';
import { aborted } from '../kit/async/abort.ts';
import { targetOf } from './address.ts';
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

/** A connection of a pool, and what it may be used for. */
export interface Pooled {
  readonly connection: HttpConnection;
  readonly use: ConnectionUse;
  /** Origin of the receiver. */
  readonly place: string;
  /** Idle connections that a request can take instead of this one. */
  readonly idle: Pooled[];
  /** Number of requests on it; more than one with HTTP/2 only. */
  users: number;
  /** Time since which no request uses it, by the monotonic clock. */
  idleSince: number;
}

/** The connections of a client. */
export class ConnectionPool implements Disposable {
  readonly #parts: ConnectionPoolParts;
  readonly #reuse = new ReusePolicy();
  readonly #all = new Set<Pooled>();
  /** Idle connections by use and receiver; the one used last is at the end. */
  readonly #idle = new Map<string, Pooled[]>();
  /** Idle connections for requests that cannot be repeated, also those that are only watched. */
  readonly #brief = new Set<Pooled>();
  /** The last connection to each receiver that speaks HTTP/2, or may do so once it is open. */
  readonly #shared = new Map<string, Pooled>();
  #isRetired = false;
  #onEmpty: () => void = () => undefined;

  constructor(parts: ConnectionPoolParts) {
    this.#parts = parts;
  }

  /**
   * Takes a connection for a request, or makes one. A request that cannot be repeated gets a kept
   * one only after everything that has arrived on it was processed.
   */
  async takeSettled(request: HttpRequest, signal: AbortSignal): Promise<Pooled> {
    const isShared = this.#parts.http2 === 'offered' && request.url.protocol === 'https:';
    if (isShared && request.connection === undefined) return this.#share(request, signal);
    if (!request.isRepeatable) await this.#settle();
    return this.take(request);
  }

  /** Takes a kept connection for a request, or makes one. */
  take(request: HttpRequest): Pooled {
    const { url, connection: own } = request;
    const place = url.origin;
    const now = this.#parts.clock.monotonic();
    const use = own === undefined ? this.#reuse.useFor(place, request, now) : 'single';
    const idle = this.#idleFor(use, request);
    for (let pooled = idle.pop(); pooled !== undefined; pooled = idle.pop()) {
      // How a closed one ended is reported by itself.
      if (pooled.connection.isOpen) return this.#join(pooled);
    }
    return this.#make({ url, use, idle });
  }

  /** Makes a connection for a request whose kept connection turned out to be closed. */
  takeNew({ url }: HttpRequest): Pooled {
    return this.#make({ url, use: 'single', idle: [] });
  }

  /** Keeps a connection after an answer, or closes it. */
  release(pooled: Pooled): void {
    const { connection, use, idle } = pooled;
    pooled.users -= 1;
    if (pooled.users > 0) return;
    if (use === 'single' || this.#isRetired || !connection.isOpen) {
      this.#drop(pooled);
      return;
    }
    pooled.idleSince = this.#parts.clock.monotonic();
    if (connection.isMultiplexed) return;
    if (use !== 'any') this.#brief.add(pooled);
    if (use !== 'watched') idle.push(pooled);
  }

  /** Closes a connection whose request failed; `isStale`: it was a kept one that had been closed. */
  discard(pooled: Pooled, { isStale }: { readonly isStale: boolean }): void {
    if (pooled.connection.isMultiplexed) {
      if (isStale) this.#unshare(pooled);
      this.release(pooled);
      return;
    }
    if (isStale) this.#closedUnannounced(pooled.place);
    this.#drop(pooled);
  }

  /** Closes idle connections, and all others once they are released. Resolves after the last. */
  retire(): Promise<void> {
    this.#isRetired = true;
    for (const pooled of this.#all) if (pooled.users === 0) this.#drop(pooled);
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  [Symbol.dispose](): void {
    this.#isRetired = true;
    for (const pooled of this.#all) this.#drop(pooled);
  }

  /**
   * Joins a connection that speaks HTTP/2. If one is being opened, requests wait until it is known
   * whether it does.
   */
  async #share(request: HttpRequest, signal: AbortSignal): Promise<Pooled> {
    const key = keyOf(request);
    let seen: Pooled | undefined;
    for (let shared = this.#shared.get(key); shared !== undefined; shared = this.#shared.get(key)) {
      // It has just been seen to be full, closed or not of HTTP/2.
      if (shared === seen) break;
      seen = shared;
      const { connection } = shared;
      if (!connection.isOpen) await Promise.race([connection.opened, aborted(signal)]);
      if (!connection.isMultiplexed) break;
      if (connection.isOpen && shared.users < STREAMS_AT_MOST) return this.#join(shared);
    }
    if (!request.isRepeatable) await this.#settle();
    const pooled = this.take(request);
    // Of those that waited for a connection that was none of HTTP/2, each takes its own.
    if (this.#shared.get(key) === seen) this.#shared.set(key, pooled);
    return pooled;
  }

  /**
   * Processes everything that has arrived on kept connections, so that a request that cannot be
   * repeated never gets one that the receiver has closed already.
   */
  async #settle(): Promise<void> {
    if (this.#brief.size === 0) return;
    const { clock } = this.#parts;
    // Data that arrives during this turn is handled in the next one.
    await clock.turn();
    do await clock.turn();
    while (this.#prune());
  }

  #make({ url, use, idle }: Way): Pooled {
    const { connector, idleMs, http2 } = this.#parts;
    const target = targetOf(url);
    const connection = new HttpConnection({
      origin: url.origin,
      open: (signal) => connector.open(target, signal),
      idleMs: use === 'any' ? idleMs : Math.min(idleMs, BRIEF_IDLE_MS),
      http2,
      onEnd: (how) => this.#onEnd(pooled, how),
    });
    const pooled: Pooled = { connection, use, place: url.origin, idle, users: 1, idleSince: 0 };
    this.#all.add(pooled);
    return pooled;
  }

  #idleFor(use: ConnectionUse, request: HttpRequest): Pooled[] {
    // A watched connection must show that it stays open; it carries nothing else.
    if (use === 'single' || use === 'watched') return [];
    const key = `${use} ${keyOf(request)}`;
    let idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, (idle = []));
    return idle;
  }

  /** Closes kept connections that were idle too long; returns whether there were any. */
  #prune(): boolean {
    const now = this.#parts.clock.monotonic();
    let isAnyClosed = false;
    for (const pooled of this.#brief) {
      if (now - pooled.idleSince < BRIEF_IDLE_MS || !pooled.connection.isOpen) continue;
      this.#onEnd(pooled, 'stayed open');
      isAnyClosed = true;
    }
    return isAnyClosed;
  }

  #onEnd(pooled: Pooled, how: IdleEnd): void {
    const isWatched = this.#brief.has(pooled);
    this.#unshare(pooled);
    if (pooled.users === 0) this.#drop(pooled);
    if (!isWatched) return;
    if (how === 'stayed open') this.#reuse.stayedOpen(pooled.place);
    else this.#closedUnannounced(pooled.place);
  }

  #closedUnannounced(place: string): void {
    this.#reuse.closedUnannounced(place, this.#parts.clock.monotonic());
  }

  #join(pooled: Pooled): Pooled {
    pooled.users += 1;
    this.#brief.delete(pooled);
    return pooled;
  }

  #unshare(pooled: Pooled): void {
    for (const [key, shared] of this.#shared) if (shared === pooled) this.#shared.delete(key);
  }

  #drop(pooled: Pooled): void {
    const { connection, idle } = pooled;
    this.#brief.delete(pooled);
    const index = idle.indexOf(pooled);
    if (index >= 0) idle.splice(index, 1);
    connection.destroy();
    if (this.#all.delete(pooled) && this.#all.size === 0) this.#onEmpty();
  }
}

type Way = Pick<Pooled, 'use' | 'idle'> & { readonly url: URL };

// The usual limit of servers; undici's default.
const STREAMS_AT_MOST = 100;

/** The receiver of a request. undici closes a connection with TLS if the name in the header changes. */
function keyOf({ url, headers }: HttpRequest): string {
  return `${url.origin} ${headers['host'] ?? ''}`;
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
