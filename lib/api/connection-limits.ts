// The connections of a listener: how long each may take for what, and which one is closed when there
// are too many. Node's own timers are switched off, because they leave holes. A refused connection
// stays open until its client closes it. Bytes that begin no request renew every idle time, also that
// of an answer that is not taken. At the bound the newcomer is dropped.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { type Refusal, renderRefusal } from './problem-document.ts';

/** Bounds of a listener. */
export interface ConnectionLimits {
  /** How many there may be at once. */
  readonly connections: number;
  /** How long a request may take to arrive after its head. */
  readonly requestMs: number;
  /** Whether a connection serves more than one request. */
  readonly isKeptAlive: boolean;
}

/** How long an idle connection is kept for the next request; proxies gain nothing from more. */
export const KEEP_ALIVE_MS = 5_000;
/** A head is one packet; clients across the world need some round trips for it. */
const HEAD_MS = 5_000;
/** An answer of which the client took nothing for this long is not wanted; a feed has its heartbeats. */
const STALLED_MS = 30_000;
/** A client that is still sending needs a moment to read why it was refused. */
const LINGER_MS = 1_000;
/** How much later than its time a connection may be closed. */
const CHECK_MS = 1_000;

const LATE: Refusal = { status: 408, detail: 'the request did not come in in time' };

interface ClientExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One connection and what it waits for: the next head, the rest of a body, or its answer to be taken. */
class ClientConnection {
  readonly socket: Socket;
  /** The request that is served; null while the connection waits for one. */
  exchange: ClientExchange | null = null;
  /** When the client last did what it had to do; monotonic, ms. */
  since: number;
  /** Whether it served a request before. */
  isUsed = false;
  /** Whether it ends after its answer. */
  isLast = false;
  /** Whether its last byte is written. */
  isEnding = false;
  /** Bytes that the client took, as of the last look. */
  taken = 0;
  /** Bytes that had arrived when the last request was over. */
  arrived = 0;

  constructor(socket: Socket, now: number) {
    this.socket = socket;
    this.since = now;
  }

  /** Whether the next step is not the client's: its request is whole, or its answer has begun. */
  get isAnswered(): boolean {
    const { exchange } = this;
    return exchange !== null && (exchange.request.complete || exchange.response.headersSent);
  }
}

/** The connections of one listener. */
export class ClientConnections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #all = new Map<Duplex, ClientConnection>();
  #cancelCheck: (() => void) | null = null;

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** How many there are. */
  get count(): number {
    return this.#all.size;
  }

  /** Takes a new connection; at the bound, the one that has waited longest gives way to it. */
  open(socket: Socket): void {
    if (this.#all.size >= this.#limits.connections) this.#makeRoom();
    this.#all.set(socket, new ClientConnection(socket, this.#clock.monotonic()));
    socket.once('close', () => this.#all.delete(socket));
    this.#cancelCheck ??= this.#clock.after(CHECK_MS, () => this.#check());
  }

  /**
   * Notes that a head arrived; answers whether the request is to be served. One that comes before
   * the answer to the one before is not: its connection ends after that answer.
   */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#all.get(request.socket);
    if (connection === undefined) return false;
    if (connection.exchange !== null || connection.isEnding) {
      connection.isLast = true;
      // What else it sends stays with the operating system.
      request.socket.pause();
      return false;
    }
    connection.exchange = { request, response };
    connection.since = this.#clock.monotonic();
    if (!this.#limits.isKeptAlive) response.setHeader('Connection', 'close');
    response.once('finish', () => this.#answered(connection, request));
    return true;
  }

  /** Refuses what is no request, or came too late, and closes its connection. */
  refuse(socket: Duplex, refusal: Refusal): void {
    const connection = this.#all.get(socket);
    if (connection?.isEnding === true && !socket.readableEnded) return;
    const isAnswering = connection?.exchange?.response.headersSent === true;
    if (connection === undefined || isAnswering || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(renderRefusal(refusal));
    // With a handler at work on it, it must learn at once that nothing more comes.
    if (connection.exchange === null) this.#linger(connection);
    else connection.socket.destroySoon();
  }

  /** Closes every connection. */
  close(): void {
    this.#cancelCheck?.();
    for (const connection of this.#all.values()) this.#destroy(connection);
  }

  #answered(connection: ClientConnection, { complete }: IncomingMessage): void {
    const { socket } = connection;
    connection.exchange = null;
    connection.since = this.#clock.monotonic();
    connection.isUsed = true;
    connection.arrived = socket.bytesRead;
    if (connection.isLast) socket.destroySoon();
    // The answer is given: the rest of the body is not waited for.
    else if (!complete && !socket.writableEnded) this.#linger(connection);
    connection.isEnding = socket.writableEnded;
  }

  /** Ends a connection, and reads on for a moment: unread bytes would make it a reset for the client. */
  #linger(connection: ClientConnection): void {
    connection.since = this.#clock.monotonic();
    connection.isEnding = true;
    connection.socket.end();
  }

  #makeRoom(): void {
    let first: ClientConnection | null = null;
    for (const one of this.#all.values()) if (first === null || isBefore(one, first)) first = one;
    if (first !== null) this.#destroy(first);
  }

  #destroy({ socket }: ClientConnection): void {
    this.#all.delete(socket);
    socket.destroy();
  }

  #check(): void {
    const now = this.#clock.monotonic();
    for (const connection of this.#all.values()) this.#checkOne(connection, now);
    this.#cancelCheck =
      this.#all.size === 0 ? null : this.#clock.after(CHECK_MS, () => this.#check());
  }

  #checkOne(connection: ClientConnection, now: number): void {
    const { socket, exchange } = connection;
    const waitedMs = now - connection.since;
    if (connection.isAnswered) this.#checkTaken(connection, now);
    else if (waitedMs < this.#limitOf(connection)) return;
    else if (connection.isEnding) this.#destroy(connection);
    // A client that has sent nothing is owed no answer.
    else if (exchange === null && socket.bytesRead === connection.arrived)
      this.#destroy(connection);
    else this.refuse(socket, LATE);
  }

  #limitOf({ isEnding, exchange, isUsed }: ClientConnection): number {
    if (isEnding) return LINGER_MS;
    if (exchange !== null) return this.#limits.requestMs;
    return isUsed ? KEEP_ALIVE_MS + HEAD_MS : HEAD_MS;
  }

  /** Only what is written and not taken is the client's fault: a handler or a feed may be silent. */
  #checkTaken(connection: ClientConnection, now: number): void {
    const { bytesWritten, writableLength } = connection.socket;
    const taken = bytesWritten - writableLength;
    if (writableLength > 0 && taken === connection.taken) {
      if (now - connection.since >= STALLED_MS) this.#destroy(connection);
      return;
    }
    connection.taken = taken;
    connection.since = now;
  }
}

/** Whether a connection gives way before another: first those not being answered, the oldest first. */
function isBefore(one: ClientConnection, other: ClientConnection): boolean {
  if (one.isAnswered !== other.isAnswered) return other.isAnswered;
  return one.since < other.since;
}

// A bound on requests of one sort that are served at once, because each holds memory. A request gives
// its place back when its response closes, whatever closed it. A client that makes the others wait
// for its body, or for taking its answer, loses its place after a while.

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
