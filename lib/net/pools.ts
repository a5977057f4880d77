// Keeps the connections of a client for one protocol and decides which requests may use a kept one.
// A connection that closes under a request costs a build if the request cannot be repeated.
// connector.ts opens the connections.
// Source: RFC 9112 §9.3.1 (a client may repeat only what is safe to repeat), §9.5 (a server closes
// an idle connection at any time).

import { Agent, type ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { hostPort } from '../kit/host-header.ts';
import type { Connector } from './connector.ts';

/**
 * Longest idle time of a connection for repeatable requests. A closed one costs such a request only
 * a round trip. Usual servers (Node, Apache) keep idle connections for 5 s. Node itself applies a
 * shorter `keep-alive: timeout=`, less a second.
 */
const LONGEST_IDLE_MS = 4000;

/**
 * Longest idle time of a connection for a request that cannot be repeated. The shortest
 * configurable idle timeout of usual servers is 1 s. A tenth of it leaves 900 ms for both
 * directions of the network and for a busy process. A burst reuses connections; requests less often
 * than ten times a second can afford a handshake each.
 */
export const BRIEF_IDLE_MS = 100;

/** Options of node:http by which a request finds its connection. */
export interface Routed extends WatchedRequest {
  readonly agent: Agent;
}

/** Dependencies and bounds of the pools. */
interface PoolsParts {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly isTls: boolean;
  readonly maxSockets: number;
}

/** The connection pools of one protocol. */
export class Pools implements Disposable {
  readonly #clock: Clock;
  readonly #reuse = new ReusePolicy();
  readonly #long: ConnectorAgent;
  readonly #brief: ConnectorAgent;
  readonly #single: ConnectorAgent;
  #watched = 0;

  constructor({ connector, clock, isTls, maxSockets }: PoolsParts) {
    this.#clock = clock;
    const onIdleEnd = (): void => undefined;
    const common = { isTls, maxSockets, now: () => clock.monotonic(), onIdleEnd };
    const agent = (own: Partial<KeepAliveOptions> & Pick<KeepAliveOptions, 'idleMs'>) =>
      new ConnectorAgent(connector, { ...common, ...own });
    this.#long = agent({ idleMs: LONGEST_IDLE_MS });
    const note = (place: string, how: IdleEnd): void => this.#note(place, how);
    this.#brief = agent({ idleMs: BRIEF_IDLE_MS, onIdleEnd: note });
    // Unbounded, because with a bound Node announces to the receiver that it will close.
    this.#single = agent({ idleMs: 0, maxSockets: Number.POSITIVE_INFINITY });
  }

  /**
   * Processes everything that has arrived on kept connections, so that a request that cannot be
   * repeated never gets one that the receiver has closed already.
   */
  async settle(): Promise<void> {
    if (this.#brief.kept === 0) return;
    // Data that arrives during this turn is handled in the next one.
    await this.#clock.turn();
    do await this.#clock.turn();
    while (this.#brief.prune());
  }

  /** Chooses the pool for a request to a place, as `host:port`. */
  route(place: string, request: { readonly isRepeatable: boolean }): Routed {
    switch (this.#reuse.useFor(place, request, this.#clock.monotonic())) {
      case 'any':
        return { agent: this.#long };
      case 'brief':
        return { agent: this.#brief };
      case 'watched':
        this.#watched += 1;
        return { agent: this.#brief, watched: this.#watched };
      case 'single':
        return { agent: this.#single };
    }
  }

  /** The route to a new connection, for a request whose kept connection turned out to be closed. */
  routeAgain(): Routed {
    return { agent: this.#single };
  }

  /** Notes that a kept connection to a place ended under a request without an answer. */
  died(place: string): void {
    this.#reuse.closedUnannounced(place, this.#clock.monotonic());
  }

  [Symbol.dispose](): void {
    for (const agent of [this.#long, this.#brief, this.#single]) agent.destroy();
  }

  #note(place: string, how: IdleEnd): void {
    if (how === 'stayed open') this.#reuse.stayedOpen(place);
    else this.#reuse.closedUnannounced(place, this.#clock.monotonic());
  }
}

/** Bounds and callbacks of kept connections. */
interface KeepAliveOptions {
  readonly isTls: boolean;
  readonly maxSockets: number;
  /** Longest idle time, in ms; 0: a connection is closed after its first answer. */
  readonly idleMs: number;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  /** Reports how the idle time of a connection to a place ended, unless it is used again. */
  readonly onIdleEnd: (place: string, how: IdleEnd) => void;
}

/** End of the idle time of a connection: it stayed open, or the other side closed it. */
type IdleEnd = 'stayed open' | 'was closed';

/** A request whose connection carries nothing else. */
interface WatchedRequest {
  /** Different for each such request; a part of the name by which Node finds a connection. */
  readonly watched?: number;
}

interface Idle {
  readonly since: number;
  /** Stops watching the idle connection. */
  readonly stop: () => void;
}

// It returns whether the connection is kept, which depends on the timeout announced by the
// receiver. Node's types omit the return value.
const NODE: { keepSocketAlive(socket: Duplex): unknown } = Agent.prototype;

/**
 * Node's agent with connections from our connector, which are closed before the receiver closes
 * them. It ignores proxies of the environment.
 */
class ConnectorAgent extends Agent {
  readonly #connector: Connector;
  readonly #keeping: KeepAliveOptions;
  readonly #places = new WeakMap<Duplex, string>();
  readonly #idle = new Map<Duplex, Idle>();

  constructor(connector: Connector, keeping: KeepAliveOptions) {
    const { isTls, maxSockets, idleMs } = keeping;
    super({
      keepAlive: idleMs > 0,
      maxSockets,
      maxFreeSockets: maxSockets,
      timeout: idleMs,
      protocol: isTls ? 'https:' : 'http:',
      defaultPort: isTls ? 443 : 80,
    });
    this.#connector = connector;
    this.#keeping = keeping;
  }

  /** Number of kept connections, including watched ones. */
  get kept(): number {
    return this.#idle.size;
  }

  /**
   * Closes kept connections that the other side closed or that were idle too long; returns whether
   * there were any.
   *
   * **Order and time**: Node forgets a closed connection a moment later; until then it could assign
   * a request to it.
   */
  prune(): boolean {
    const { idleMs, now, onIdleEnd } = this.#keeping;
    let isAnyClosed = false;
    for (const [socket, { since, stop }] of this.#idle) {
      const isOver = socket.destroyed || !socket.writable;
      if (!isOver && now() - since < idleMs) continue;
      stop();
      socket.destroy();
      onIdleEnd(this.#placeOf(socket), isOver ? 'was closed' : 'stayed open');
      isAnyClosed = true;
    }
    return isAnyClosed;
  }

  override getName(options: ClientRequestArgs & WatchedRequest = {}): string {
    const name = super.getName(options);
    return options.watched === undefined ? name : `${name}:watched-${options.watched}`;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): Duplex | null {
    const host = options.host ?? 'localhost';
    const port = Number(options.port);
    const known = (socket: Socket): Socket => {
      this.#places.set(socket, hostPort(host, port));
      return socket;
    };
    // Node ignores the socket if there is an error, but its type requires one.
    const opened = (error: Error | null, socket: Socket | null): void =>
      callback(error, socket === null ? new Socket() : known(socket));
    const socket = this.#connector.open({ host, port, isTls: this.#keeping.isTls }, opened);
    return socket === null ? null : known(socket);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const isKept = NODE.keepSocketAlive.call(this, socket) === true;
    if (isKept) this.#watch(socket);
    return isKept;
  }

  override reuseSocket(socket: Duplex, request: Parameters<Agent['reuseSocket']>[1]): void {
    this.#idle.get(socket)?.stop();
    super.reuseSocket(socket, request);
  }

  /** Reports how the idle time of a connection ends, unless it is used again. */
  #watch(socket: Duplex): void {
    const { now, onIdleEnd } = this.#keeping;
    const place = this.#placeOf(socket);
    const ends = (how: IdleEnd) => (): void => {
      stop();
      onIdleEnd(place, how);
    };
    // Node's own listener closes the connection; it was added earlier and runs first.
    const onTimeout = ends('stayed open');
    // Node's only event for an idle connection that the other side closed or reset.
    const onClose = ends('was closed');
    const stop = (): void => {
      this.#idle.delete(socket);
      socket.off('timeout', onTimeout).off('close', onClose);
    };
    socket.on('timeout', onTimeout).on('close', onClose);
    this.#idle.set(socket, { since: now(), stop });
  }

  #placeOf(socket: Duplex): string {
    return this.#places.get(socket) ?? '';
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
