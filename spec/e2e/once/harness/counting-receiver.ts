// An HTTP receiver on loopback that counts by identity: Event, delivery id, attempt and answer. A
// request counts after it was read completely, even if its answer is lost, because a build would
// have started then. Each trigger has its own path. A path may drop requests with a known
// Idempotency-Key.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { freePorts } from '../../../controlplane/ports.ts';
import { toldIn } from '../../support/switched-receiver.ts';

/** A request that was read completely. */
export interface Request {
  /** Name of the trigger: the path without its slash. */
  readonly trigger: string;
  readonly id: string;
  readonly attempt: number;
  /** `namespace/name` of the Event. */
  readonly event: string;
  /** Number of earlier requests with this id at this path. */
  readonly before: number;
  /** Monotonic, in ms. */
  readonly at: number;
}

/** One answer; `null` resets the connection, `hold` never answers. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'hold'
  | null;

/** Behaviour for a request. */
export type Behave = (request: Request) => Answer | Promise<Answer>;

/** Accepts every request at once. */
export const WELL: Behave = () => ({ status: 202 });

/** Statuses after which nothing was started. */
const REFUSALS: readonly number[] = [429, 503];

/** The name by which attempts are compared. */
export function attemptName(id: string, attempt: number): string {
  return `${id}#${attempt}`;
}

/** A receiver that keeps its address, also while it does not listen. */
export class CountingReceiver implements AsyncDisposable {
  readonly requests: Request[] = [];
  /** Attempts whose answer it did not send, by `attemptName`. */
  readonly unanswered = new Set<string>();
  behave: Behave = WELL;
  /** Called with each request before it is answered. */
  onRead: (request: Request) => void = () => undefined;
  /** Called with each request after its answer is written. */
  onAnswered: (request: Request) => void = () => undefined;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #seen = new Map<string, number>();
  readonly #statuses = new Map<string, number>();
  #server: Server | null = null;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Starts a receiver. */
  static async start(): Promise<CountingReceiver> {
    const [port = 0] = await freePorts(1);
    const receiver = new CountingReceiver(port);
    await receiver.up();
    return receiver;
  }

  /** URL for a trigger of this name. */
  urlOf(trigger: string): string {
    return `http://127.0.0.1:${this.#port}/${trigger}`;
  }

  /**
   * Builds of a trigger: one for each accepted request, or one for each id if it drops requests
   * with a known key.
   */
  builds(trigger: string, drops: 'nothing' | 'what it has seen'): readonly Request[] {
    const started = this.of(trigger).filter(({ id, attempt }) => {
      const status = this.#statuses.get(attemptName(id, attempt)) ?? 0;
      return !REFUSALS.includes(status);
    });
    if (drops === 'nothing') return started;
    const first = new Map([...started].reverse().map((one) => [one.id, one]));
    return [...first.values()];
  }

  /** The requests of a trigger. */
  of(trigger: string): readonly Request[] {
    return this.requests.filter((one) => one.trigger === trigger);
  }

  /** Listens, on the same port each time. */
  async up(): Promise<void> {
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      // A request that breaks off was not read completely.
      this.#take(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    if (port !== this.#port) throw new Error(`listening on ${port}, not on ${this.#port}`);
    this.#server = server;
  }

  /** Stops listening and closes open connections. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server === null) return;
    server.close();
    await once(server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const [told] = toldIn(Buffer.concat(chunks).toString('utf8'));
    if (told === undefined) throw new Error('a request without a delivery');
    const trigger = (request.url ?? '/').slice(1);
    const place = `${trigger} ${told.id}`;
    const before = this.#seen.get(place) ?? 0;
    this.#seen.set(place, before + 1);
    const attempt = Number(request.headers['sluice-attempt'] ?? 0);
    const one = { trigger, ...told, attempt, before, at: performance.now() };
    this.requests.push(one);
    this.onRead(one);
    const answer = await this.behave(one);
    if (answer === null || answer === 'hold') {
      this.unanswered.add(attemptName(one.id, attempt));
      if (answer === null) request.socket.resetAndDestroy();
      return;
    }
    this.#statuses.set(attemptName(one.id, attempt), answer.status);
    response.writeHead(answer.status, answer.headers).end(() => this.onAnswered(one));
  }
}
