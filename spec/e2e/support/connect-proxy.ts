// An HTTP proxy as firms have them: it opens tunnels by CONNECT, knows names that nobody else can
// resolve, may ask for a password, refuse or be down, and remembers what it saw pass.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One CONNECT as it came. */
export interface Asked {
  /** `host:port`. */
  readonly target: string;
  /** `Proxy-Authorization`; '' where there was none. */
  readonly authorization: string;
}

/** A proxy whose every tunnel leads to one server, whatever name is asked for. */
export class ConnectProxy implements AsyncDisposable {
  /** Every CONNECT so far. */
  readonly asked: Asked[] = [];
  /** What clients sent through the tunnels, as bytes. */
  readonly passed: Buffer[] = [];
  /** The first byte that each tunnel carried to the server. */
  readonly firstBytes: number[] = [];
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;
  #refusal = '';

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = this.#create();
  }

  /** Opens one in front of a server's URL, on a free port. */
  static async start(target: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(target);
    await proxy.up();
    return proxy;
  }

  /** `host:port` of the proxy. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Answers every CONNECT with this status line's end, for instance `403 Forbidden`. */
  refuse(status: string): void {
    this.#refusal = status;
  }

  /** Opens tunnels again. */
  accept(): void {
    this.#refusal = '';
  }

  /** Ends every tunnel and listens no more. */
  async down(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    this.#server = this.#create();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends every tunnel. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #create(): Server {
    const server = createServer((_asked, answer) => answer.writeHead(405).end());
    server.on('connection', (socket) => this.#keep(socket));
    return server.on('connect', (asked: IncomingMessage, client: Socket, head: Buffer) => {
      const authorization = asked.headers['proxy-authorization'] ?? '';
      this.asked.push({ target: asked.url ?? '', authorization });
      if (this.#refusal === '') this.#tunnel(client, head);
      else client.end(`HTTP/1.1 ${this.#refusal}\r\nContent-Length: 0\r\n\r\n`);
    });
  }

  #tunnel(client: Socket, head: Buffer): void {
    const { hostname, port } = this.#target;
    const onward = this.#keep(connect(Number(port), hostname));
    onward.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      client.once('data', (chunk: Buffer) => this.firstBytes.push(chunk[0] ?? 0));
      client.on('data', (chunk: Buffer) => this.passed.push(chunk));
      client.pipe(onward).pipe(client);
    });
    onward.on('close', () => client.destroy());
    client.on('close', () => onward.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    return socket.on('close', () => this.#sockets.delete(socket));
  }
}
