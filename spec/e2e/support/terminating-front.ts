// A front that ends TLS before the API server, as some load balancers do: its own certificate,
// HTTP/1.1 only, and a memory of every request. What it passes on is what it got.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import type { Pair } from '../../support/certificates.ts';

/**
 * What becomes of a connection after an answer: kept, closed as the answer said it would be, or
 * closed without a word.
 */
export type AfterAnswer = 'kept' | 'closed' | 'dropped';

/** One request as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly httpVersion: string;
  /** The whole header; '' where there was none. */
  readonly authorization: string;
  /** What was answered; 0 until then. */
  status: number;
}

const perHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** A front of one control plane. */
export class TerminatingFront implements AsyncDisposable {
  /** Every request so far. */
  readonly seen: Seen[] = [];
  /** Connections on which TLS was agreed. */
  connections = 0;
  /** Connections that ended before that. */
  refusedByClients = 0;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #target: string;
  readonly #after: AfterAnswer;

  private constructor(server: Server, plane: ControlPlane, after: AfterAnswer) {
    this.#server = server;
    this.#agent = new Agent({ ca: plane.ca, keepAlive: true });
    this.#target = plane.url;
    this.#after = after;
    server.on('secureConnection', () => (this.connections += 1));
    server.on('tlsClientError', () => (this.refusedByClients += 1));
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) =>
      this.#pass(asked, answer),
    );
  }

  /** Opens one on a free port. */
  static async start(
    plane: ControlPlane,
    { pair, after = 'kept' }: { readonly pair: Pair; readonly after?: AfterAnswer },
  ): Promise<TerminatingFront> {
    const server = createServer({ ...pair, ALPNProtocols: ['http/1.1'] });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return new TerminatingFront(server, plane, after);
  }

  /** Where it is reached. */
  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const seen = toSeen(asked);
    this.seen.push(seen);
    const options = { method: asked.method, headers: asked.headers, agent: this.#agent };
    const passed = request(new URL(asked.url ?? '/', this.#target), options, (response) => {
      seen.status = response.statusCode ?? 0;
      const kept = Object.entries(response.headers).filter(([name]) => !perHop.has(name));
      const closing = this.#after === 'closed' ? { connection: 'close' } : {};
      answer.writeHead(response.statusCode ?? 502, { ...Object.fromEntries(kept), ...closing });
      answer.flushHeaders();
      response.on('error', () => answer.destroy());
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    const { socket } = asked;
    if (this.#after === 'dropped') answer.on('finish', () => drop(socket));
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }
}

function drop(socket: Socket): void {
  socket.end();
}

function toSeen(asked: IncomingMessage): Seen {
  const { authorization = '' } = asked.headers;
  return {
    method: asked.method ?? '',
    path: asked.url ?? '',
    httpVersion: asked.httpVersion,
    authorization,
    status: 0,
  };
}
