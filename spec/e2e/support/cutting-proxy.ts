// A network that fails: a TCP proxy on loopback that passes bytes to an API server as they are, TLS
// and all, and can cut connections at once, after a number of bytes, stall them, or refuse new ones.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How a connection is cut: with an RST, or with a FIN as a proxy that ends would. */
export type Cut = 'reset' | 'end';

/** A proxy in front of one server. */
export class CuttingProxy implements AsyncDisposable {
  /** How many connections were opened through it. */
  connections = 0;
  /** How many of them it cut. */
  cuts = 0;
  readonly #server: Server;
  readonly #target: URL;
  readonly #clients = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #stalled = new WeakSet<Socket>();
  #isRefusing = false;
  #limit: () => number = () => Number.POSITIVE_INFINITY;

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (client) => this.#pass(client));
  }

  /** Opens one in front of a server's URL, on a free port. */
  static async start(target: string): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return new CuttingProxy(server, new URL(target));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where it is reached. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Open connections. */
  get open(): number {
    return this.#clients.size;
  }

  /** Cuts every open connection; answers how many there were. */
  cutAll(how: Cut = 'reset'): number {
    const clients = [...this.#clients];
    for (const client of clients) this.#cut(client, how);
    return clients.length;
  }

  /**
   * Passes nothing more on the connections that are open, and tells neither end: each of them still
   * has a peer that acknowledges what it sends. Answers how many there were.
   */
  stallAll(): number {
    const clients = [...this.#clients];
    for (const client of clients) this.#stalled.add(client);
    return clients.length;
  }

  /** From now on cuts each new connection once the server has sent so many bytes through it. */
  cutAfter(limit: () => number): void {
    this.#limit = limit;
  }

  /** Passes new connections whole again. */
  cutNoMore(): void {
    this.#limit = () => Number.POSITIVE_INFINITY;
  }

  /** Refuses new connections until `accept`. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Takes connections again. */
  accept(): void {
    this.#isRefusing = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(client: Socket): void {
    client.on('error', () => undefined);
    this.#keep(client);
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    this.connections += 1;
    this.#clients.add(client);
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    this.#keep(upstream);
    // What ends on one side ends on the other, as the bytes would.
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.end());
    client.on('close', () => {
      this.#clients.delete(client);
      upstream.destroy();
    });
    client.on('data', (chunk: Buffer) => {
      if (!this.#stalled.has(client)) upstream.write(chunk);
    });
    client.on('end', () => upstream.end());
    let left = this.#limit();
    upstream.on('data', (chunk: Buffer) => {
      if (this.#stalled.has(client)) return;
      client.write(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= chunk.length;
      if (left <= 0) this.#cut(client, left % 2 === 0 ? 'reset' : 'end');
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #cut(client: Socket, how: Cut): void {
    if (!this.#clients.delete(client)) return;
    this.cuts += 1;
    if (how === 'reset') client.resetAndDestroy();
    else client.destroySoon();
  }
}
