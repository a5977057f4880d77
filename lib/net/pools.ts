// The connections of a client for one protocol: which pool a request goes through, by what it can
// bear (reuse.ts), and what the pools tell of places. How connections are made is connector.ts.

import { Agent, type ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Connector } from './connector.ts';
import { placeOf } from './failure.ts';

/**
 * A request that can be repeated may meet the end of a kept connection, but that costs a round trip.
 * Usual servers (Node, Apache) keep an idle one for 5 s; what a shorter `keep-alive: timeout=` says is
 * heeded by Node, a second early.
 */
const LONGEST_IDLE_MS = 4000;

/** What a request of node:http is given to find its connection. */
export interface Routed extends WatchedRequest {
  readonly agent: Agent;
}

/** What pools are made of. */
interface PoolsParts {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly isTls: boolean;
  readonly maxSockets: number;
}

/** The pools of one protocol. */
export class Pools implements Disposable {
  readonly #clock: Clock;
  readonly #reuse = new Reuse();
  readonly #long: ConnectorAgent;
  readonly #brief: ConnectorAgent;
  readonly #single: ConnectorAgent;
  #watched = 0;

  constructor({ connector, clock, isTls, maxSockets }: PoolsParts) {
    this.#clock = clock;
    const common = { isTls, maxSockets, now: () => clock.monotonic() };
    const ignore = (): void => undefined;
    const note = (place: string, how: IdleEnd): void => this.#note(place, how);
    this.#long = new ConnectorAgent(connector, {
      ...{ ...common, idleMs: LONGEST_IDLE_MS, onIdleEnd: ignore },
    });
    this.#brief = new ConnectorAgent(connector, {
      ...{ ...common, idleMs: BRIEF_IDLE_MS, onIdleEnd: note },
    });
    // Without a bound of its own, for which Node announces to the receiver that it will close.
    const unbounded = { ...common, maxSockets: Number.POSITIVE_INFINITY };
    this.#single = new ConnectorAgent(connector, { ...unbounded, idleMs: 0, onIdleEnd: ignore });
  }

  /**
   * Makes sure that no kept connection is given a request that cannot be repeated, unless everything
   * that has arrived on it was seen.
   */
  async settle(): Promise<void> {
    if (this.#brief.kept === 0) return;
    // What arrived while this turn runs is handled in the next one.
    await this.#clock.turn();
    do await this.#clock.turn();
    while (this.#brief.prune());
  }

  /** How a request to a place, as `host:port`, gets its connection. */
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

  /** A connection of its own, for a request whose kept connection turned out to be closed. */
  routeAgain(): Routed {
    return { agent: this.#single };
  }

  /** A kept connection to a place carried a request and ended without any answer. */
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

// Keeps connections for the next request: Node's agent, whose connections are made by our connector
// and closed before the receiver closes them. No proxy of the environment reaches it.

/** What connections are kept for. */
interface KeptConnection {
  readonly isTls: boolean;
  readonly maxSockets: number;
  /** How long one is kept while it is idle, in ms; 0: it is closed after its first answer. */
  readonly idleMs: number;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  /** Called with how the idle time of a connection to a place ended, unless it is used again. */
  readonly onIdleEnd: (place: string, how: IdleEnd) => void;
}

/** How the idle time of a connection ended: it lasted, or the other side closed it before. */
type IdleEnd = 'stayed open' | 'was closed';

/** A request whose connection carries nothing else. */
interface WatchedRequest {
  /** Different for each such request: it is a part of the name by which a connection is found. */
  readonly watched?: number;
}

interface Idle {
  readonly since: number;
  /** Ends the watching of the idle connection. */
  readonly stop: () => void;
}

// Answers whether the connection is kept, by what the receiver says of its own timeout; the types of
// Node leave the answer out.
const NODE: { keepSocketAlive(socket: Duplex): unknown } = Agent.prototype;

/** Connections by protocol, host and port. */
class ConnectorAgent extends Agent {
  readonly #connector: Connector;
  readonly #keeping: KeptConnection;
  readonly #places = new WeakMap<Duplex, string>();
  readonly #idle = new Map<Duplex, Idle>();

  constructor(connector: Connector, keeping: KeptConnection) {
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

  /** How many connections are kept, watched ones included. */
  get kept(): number {
    return this.#idle.size;
  }

  /**
   * Closes what is kept and must not carry a request: closed by the other side, or idle for too long.
   *
   * **Order and time**: Node forgets a closed connection a moment later; until then a request could be
   * given to it. Answers whether any was closed.
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
      this.#places.set(socket, placeOf(host, port));
      return socket;
    };
    // Beside an error Node looks at no socket; its type wants one.
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

  /** Follows how the idle time of a connection ends, unless it is used again. */
  #watch(socket: Duplex): void {
    const { now, onIdleEnd } = this.#keeping;
    const place = this.#placeOf(socket);
    const ends = (how: IdleEnd) => (): void => {
      stop();
      onIdleEnd(place, how);
    };
    // Node's own listener, which closes it when the time is up, is older and comes first.
    const onTimeout = ends('stayed open');
    // All that Node tells of an idle connection that the other side closed or reset.
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
type ConnectionUse = 'any' | 'brief' | 'watched' | 'single';

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
