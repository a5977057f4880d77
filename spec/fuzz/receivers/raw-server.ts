// A server on loopback that writes back, to each request, the bytes that the request's path names.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ReceiverInput } from './any-bytes.ts';

const GOOD = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngood';

/** What answers as it is told. */
export class RawServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scripts = new Map<string, ReceiverInput>();
  #next = 0;

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.listen(0, '127.0.0.1', () => resolve(undefined));
    await promise;
    return this;
  }

  /** The URL at which these bytes are the answer; without any, a good one. */
  url(script?: ReceiverInput): URL {
    const { port } = this.#server.address() as AddressInfo;
    if (script === undefined) return new URL(`http://127.0.0.1:${port}/good`);
    const path = `/case/${this.#next}`;
    this.#next += 1;
    this.#scripts.set(path, script);
    return new URL(`http://127.0.0.1:${port}${path}`);
  }

  /** Forgets what the answer at a URL was. */
  forget(url: URL): void {
    this.#scripts.delete(url.pathname);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => resolve(undefined));
    await promise;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let seen = '';
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      const path = /^[A-Z]+ (\S+) HTTP/.exec(seen)?.[1];
      if (path === undefined || !seen.includes('\r\n\r\n')) return;
      // The rest of the request is nobody's business: the answer may come before it.
      seen = '';
      socket.removeAllListeners('data');
      socket.resume();
      const script = this.#scripts.get(path);
      if (script === undefined) socket.end(GOOD);
      else void write(socket, script);
    });
  }
}

async function write(socket: Socket, { pieces, end }: ReceiverInput): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    socket.write(Buffer.from(piece, 'base64'), () => resolve(undefined));
    // Whatever becomes of it, the next piece is on its own.
    await promise;
  }
  if (end === 'end') socket.end();
  else if (end === 'destroy') socket.destroy();
  else socket.resetAndDestroy();
}
