// Keeps connections for the next request: Node's agent, whose connections are made by our connector
// and closed before the receiver closes them. No proxy of the environment reaches it.

import { Agent, type ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Connector } from './connector.ts';
import { placeOf } from './failure.ts';

/** What connections are kept for. */
export interface Keeping {
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
export type IdleEnd = 'stayed open' | 'was closed';

/** A request whose connection carries nothing else. */
export interface WatchedRequest {
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
export class ConnectorAgent extends Agent {
  readonly #connector: Connector;
  readonly #keeping: Keeping;
  readonly #places = new WeakMap<Duplex, string>();
  readonly #idle = new Map<Duplex, Idle>();

  constructor(connector: Connector, keeping: Keeping) {
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
