// A fake API server over real HTTP on loopback. It answers nothing by itself: every request is
// parked until the spec takes it and says what happens, so that any order of events on the wire can
// be played. spec/support/parked-request.ts has what can happen. Over TLS it speaks HTTP/2 with a
// client that offers it, as API servers do, and else HTTP/1.1.

import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ParkedRequest, type SpokenRequest, type SpokenResponse } from './parked-request.ts';
import { until } from './until.ts';

/** Kind of a request. */
export type RequestKind = 'list' | 'watch' | 'other';

/** A server whose answers the spec gives. */
export class ScriptedApiServer {
  /** Every request so far. */
  readonly log: ParkedRequest[] = [];
  /** Time of its clock, ms since 1970; undefined: the system's. */
  now: (() => number) | undefined = undefined;
  /** How many connections were opened. */
  connections = 0;
  readonly #server: Server | Http2SecureServer;
  readonly #scheme: string;
  readonly #parked: ParkedRequest[] = [];
  readonly #sockets = new Set<Socket>();
  #automatic: ((request: ParkedRequest) => boolean) | null = null;

  private constructor(server: Server | Http2SecureServer, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
    server.on('request', (request: SpokenRequest, response: SpokenResponse) => {
      void this.#park(request, response);
    });
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      // As servers of node:http do; a server of node:http2 does not, and delays answers by 40 ms.
      socket.setNoDelay(true);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Opens it on a free port of the loopback; over TLS where options are given. */
  static async start(tls?: ServerOptions): Promise<ScriptedApiServer> {
    // Node's server refuses new streams while it holds more than 10 MB of answers for one client.
    const secure = { ...tls, allowHTTP1: true, maxSessionMemory: 1_000 };
    const server = tls === undefined ? createServer() : createSecureServer(secure);
    const scripted = new ScriptedApiServer(server, tls === undefined ? 'http' : 'https');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return scripted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** Answers the requests that the function accepts (true); the others are parked. */
  answerBy(automatic: (request: ParkedRequest) => boolean): void {
    this.#automatic = automatic;
  }

  /** Told of every TLS connection once its handshake is done. */
  onSecure(told: (socket: TLSSocket) => void): void {
    this.#server.on('secureConnection', told);
  }

  /** The next parked request of a kind, in order of arrival. */
  async next(kind: RequestKind, under = ''): Promise<ParkedRequest> {
    return until(
      () => {
        const isWanted = (parked: ParkedRequest): boolean =>
          parked.kind === kind && parked.path.startsWith(under);
        const place = this.#parked.findIndex(isWanted);
        return place < 0 ? null : this.#parked.splice(place, 1)[0];
      },
      `a ${kind} of ${under === '' ? 'anything' : under}`,
    );
  }

  /** How many requests of a kind came so far. */
  count(kind: RequestKind): number {
    return this.log.filter((request) => request.kind === kind).length;
  }

  /** Requests that came and were not taken. */
  get parked(): readonly ParkedRequest[] {
    return this.#parked;
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #park(request: SpokenRequest, response: SpokenResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const clock = this.now === undefined ? {} : { now: this.now };
    const parked = new ParkedRequest({ request, response, body, ...clock });
    this.log.push(parked);
    if (this.#automatic?.(parked) !== true) this.#parked.push(parked);
  }
}
