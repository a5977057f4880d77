// A receiver on loopback that does what a spec says, well or badly, and can be told otherwise while
// it runs. It keeps every request that it read whole, with the deliveries in it. What is bad about
// it is in misbehaviour.ts.

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { freePorts } from '../../controlplane/ports.ts';
import type { Pair } from '../../support/certificates.ts';

/** A request that was read whole. */
export interface Arrived {
  /** `webhook-id`. */
  readonly id: string;
  /** `sluice-attempt`; 0 where there is none. */
  readonly attempt: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Monotonic, in ms. */
  readonly at: number;
  /** How many requests came before. */
  readonly before: number;
  readonly request: IncomingMessage;
}

/** How a receiver behaves. */
export interface Behaviour {
  /** What it does with a new connection before it reads. */
  readonly connected?: (socket: Socket, before: number) => void;
  /** What it does once it has read a request. */
  readonly answer: (response: ServerResponse, arrived: Arrived) => void;
}

/** Takes everything at once. */
export const WELL: Behaviour = { answer: (response) => void response.writeHead(202).end() };

/** A receiver with an address of its own, whether it listens or not. */
export class SwitchedReceiver implements AsyncDisposable {
  readonly arrived: Arrived[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  behaviour: Behaviour;
  readonly #identity: Pair | null;
  readonly #port: number;
  #server: Server | null = null;

  private constructor(behaviour: Behaviour, port: number, identity: Pair | null) {
    this.behaviour = behaviour;
    this.#port = port;
    this.#identity = identity;
  }

  /** One that listens; with a certificate it speaks TLS. */
  static async start(behaviour = WELL, identity: Pair | null = null): Promise<SwitchedReceiver> {
    const receiver = await SwitchedReceiver.closed(behaviour, identity);
    await receiver.open();
    return receiver;
  }

  /** One whose port is closed. */
  static async closed(behaviour = WELL, identity: Pair | null = null): Promise<SwitchedReceiver> {
    const [port = 0] = await freePorts(1);
    return new SwitchedReceiver(behaviour, port, identity);
  }

  get url(): string {
    return `${this.#identity === null ? 'http' : 'https'}://127.0.0.1:${this.#port}/hook`;
  }

  /** The ids of the requests that came, in their order. */
  get ids(): readonly string[] {
    return this.arrived.map(({ id }) => id);
  }

  /** Begins to listen. */
  async open(): Promise<void> {
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      // A request that breaks off, or whose answer nobody reads, is what a spec may want.
      this.#take(request, response).catch(() => response.destroy());
    };
    const server =
      this.#identity === null ? createServer(take) : createTlsServer(this.#identity, take);
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    if (port !== this.#port) throw new Error(`listening on ${port}, not on ${this.#port}`);
    this.#server = server;
  }

  /** From now on it does well. */
  mend(): void {
    this.behaviour = WELL;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server === null) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(socket: Socket): void {
    const before = this.connections;
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    this.behaviour.connected?.(socket, before);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const { headers } = request;
    const arrived: Arrived = {
      id: String(headers['webhook-id']),
      attempt: Number(headers['sluice-attempt'] ?? 0),
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
      at: performance.now(),
      before: this.arrived.length,
      request,
    };
    this.arrived.push(arrived);
    this.behaviour.answer(response, arrived);
  }
}

/** What a body says about each delivery in it, by whichever format. */
export interface Told {
  readonly id: string;
  /** `namespace/name` of the Event. */
  readonly event: string;
}

/** The deliveries that a body carries. */
export function toldIn(body: string): readonly Told[] {
  const value = JSON.parse(body) as Entry | readonly Entry[];
  const entries: readonly Entry[] = Array.isArray(value) ? value : [value as Entry];
  return entries.map(toTold);
}

interface Sent {
  readonly id: string;
  readonly occurrences: readonly {
    readonly event: { readonly metadata: { readonly namespace: string; readonly name: string } };
  }[];
}
type Entry = Sent | { readonly data: Sent };

function toTold(entry: Entry): Told {
  const { id, occurrences } = 'data' in entry ? entry.data : entry;
  const { namespace = '', name = '' } = occurrences[0]?.event.metadata ?? {};
  return { id, event: `${namespace}/${name}` };
}
