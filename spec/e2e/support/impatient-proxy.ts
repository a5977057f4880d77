// An API server that ends watches early: a proxy with the API server's own certificate that passes
// requests on and asks for `timeoutSeconds` of its own. It is the real server that closes, cleanly,
// only sooner than the gateway asked.

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

const perHop = new Set(['connection', 'transfer-encoding']);

/** A proxy in front of a control plane. */
export class ImpatientProxy implements AsyncDisposable {
  /** How many watches the API server has ended cleanly. */
  closes = 0;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #target: string;
  readonly #seconds: number;

  private constructor(
    server: Server,
    { agent, target, seconds }: { agent: Agent; target: string; seconds: number },
  ) {
    this.#server = server;
    this.#agent = agent;
    this.#target = target;
    this.#seconds = seconds;
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) =>
      this.#pass(asked, answer),
    );
  }

  /** Opens one whose watches last so many seconds. */
  static async start(plane: ControlPlane, seconds: number): Promise<ImpatientProxy> {
    const [cert, key] = await Promise.all([
      readFile(plane.caFile),
      readFile(join(plane.directory, 'certificates', 'apiserver.key')),
    ]);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const agent = new Agent({ ca: plane.ca, keepAlive: true });
    return new ImpatientProxy(server, { agent, target: plane.url, seconds });
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
    const url = new URL(asked.url ?? '/', this.#target);
    const isWatch = url.searchParams.get('watch') === 'true';
    if (isWatch) url.searchParams.set('timeoutSeconds', String(this.#seconds));
    const options = { method: asked.method, headers: asked.headers, agent: this.#agent };
    const passed = request(url, options, (response) => {
      const headers = Object.entries(response.headers).filter(([name]) => !perHop.has(name));
      answer.writeHead(response.statusCode ?? 502, Object.fromEntries(headers));
      answer.flushHeaders();
      response.on('end', () => (this.closes += isWatch ? 1 : 0));
      response.on('error', () => answer.destroy());
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }
}
