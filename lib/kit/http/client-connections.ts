// The connections of a listener: their number and the timeouts of each. Node's own timers are off, because
// they leave three gaps: a refused connection stays open until its client closes it; any byte renews every
// idle timeout, also that of an unread answer; at the connection limit Node drops the new connection
// instead of an idle one.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';

/** Limits of a listener. */
interface ConnectionLimits {
  /** Largest number of open connections. */
  readonly connections: number;
  /** Time in which the body of a request must arrive after its head. */
  readonly requestMs: number;
  /** Whether a connection serves more than one request. */
  readonly isKeptAlive: boolean;
}

/** The reason for refusing input that is no complete HTTP request. */
export interface InputRefusal {
  readonly status: 400 | 408 | 413 | 431;
  /** For people. */
  readonly detail: string;
}

/** An answer to such input. */
export interface RenderedRefusal {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Time for which an idle connection is kept for the next request; proxies gain nothing from more. */
export const KEEP_ALIVE_MS = 5_000;
/** Time in which the head must arrive: it is one packet, and distant clients need some round trips. */
const HEAD_MS = 5_000;
/** A client that reads nothing of its answer for this long is disconnected; feeds send heartbeats. */
const STALLED_MS = 30_000;
/** A client that is still sending needs time to read why it was refused. */
const LINGER_MS = 1_000;
/** Interval of the checks: a connection may be closed this much after its timeout. */
const CHECK_MS = 1_000;

const LATE: InputRefusal = { status: 408, detail: 'timeout: the request did not arrive in time' };

interface ClientExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One connection. It waits for the next head, the rest of a body, or the client to read its answer. */
class ClientConnection {
  readonly socket: Socket;
  /** The request in progress; null while the connection waits for one. */
  exchange: ClientExchange | null = null;
  /** Last progress by the client; monotonic, ms. */
  since: number;
  /** Whether it served a request before. */
  isUsed = false;
  /** Whether it closes after its answer. */
  isLast = false;
  /** Whether its last byte is written. */
  isEnding = false;
  /** Bytes that the client had received at the last check. */
  taken = 0;
  /** Bytes that had arrived at the end of the last request. */
  arrived = 0;

  constructor(socket: Socket, now: number) {
    this.socket = socket;
    this.since = now;
  }

  /** Whether the gateway must act next: the request is complete, or its answer has begun. */
  get isAnswered(): boolean {
    const { exchange } = this;
    return exchange !== null && (exchange.request.complete || exchange.response.headersSent);
  }
}

/** Dependencies of the connections. */
export interface ConnectionParts {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  /** Renders a refusal in the format of the server. */
  readonly render: (refusal: InputRefusal) => RenderedRefusal;
}

/** The connections of one listener. */
export class ClientConnections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #render: ConnectionParts['render'];
  readonly #all = new Map<Duplex, ClientConnection>();
  #cancelCheck: (() => void) | null = null;

  constructor({ limits, clock, render }: ConnectionParts) {
    this.#limits = limits;
    this.#clock = clock;
    this.#render = render;
  }

  /** Number of open connections. */
  get count(): number {
    return this.#all.size;
  }

  /** Adds a connection; at the limit it closes the one that has been idle longest. */
  open(socket: Socket): void {
    if (this.#all.size >= this.#limits.connections) this.#makeRoom();
    this.#all.set(socket, new ClientConnection(socket, this.#clock.monotonic()));
    socket.once('close', () => this.#all.delete(socket));
    this.#cancelCheck ??= this.#clock.after(CHECK_MS, () => this.#check());
  }

  /**
   * Records a new head; returns whether to serve the request. A pipelined request is not served: its
   * connection closes after the answer in progress.
   */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#all.get(request.socket);
    if (connection === undefined) return false;
    if (connection.exchange !== null || connection.isEnding) {
      connection.isLast = true;
      // Further bytes stay in the buffer of the operating system.
      request.socket.pause();
      return false;
    }
    connection.exchange = { request, response };
    connection.since = this.#clock.monotonic();
    if (!this.#limits.isKeptAlive) response.setHeader('Connection', 'close');
    response.once('finish', () => this.#answered(connection, request));
    return true;
  }

  /** Refuses invalid or late input and closes its connection. */
  refuse(socket: Duplex, refusal: InputRefusal): void {
    const connection = this.#all.get(socket);
    if (connection?.isEnding === true && !socket.readableEnded) return;
    const isAnswering = connection?.exchange?.response.headersSent === true;
    if (connection === undefined || isAnswering || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(toAnswer(refusal.status, this.#render(refusal)));
    // A handler in progress must learn immediately that no more input follows.
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
    // After the answer nothing needs the rest of the body.
    else if (!complete && !socket.writableEnded) this.#linger(connection);
    connection.isEnding = socket.writableEnded;
  }

  /** Ends a connection but keeps reading briefly: unread bytes would reset it before the client read. */
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
    // A client that has sent nothing gets no answer.
    else if (exchange === null && socket.bytesRead === connection.arrived)
      this.#destroy(connection);
    else this.refuse(socket, LATE);
  }

  #limitOf({ isEnding, exchange, isUsed }: ClientConnection): number {
    if (isEnding) return LINGER_MS;
    if (exchange !== null) return this.#limits.requestMs;
    return isUsed ? KEEP_ALIVE_MS + HEAD_MS : HEAD_MS;
  }

  /**
   * Disconnects a client that does not read what was written. If nothing waits to be read, the silence is
   * the gateway's: a handler or a quiet feed.
   */
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

/** Renders a complete HTTP answer that closes its connection. */
function toAnswer(status: number, { headers, body }: RenderedRefusal): string {
  const length = { Connection: 'close', 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`;
}

/** Whether a connection closes before another: first those that wait for their client, oldest first. */
function isBefore(one: ClientConnection, other: ClientConnection): boolean {
  if (one.isAnswered !== other.isAnswered) return other.isAnswered;
  return one.since < other.since;
}
