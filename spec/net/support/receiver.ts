// Receivers on loopback for the specs of lib/net: an HTTP server, one that is scripted byte by byte,
// and a client. Everything is closed when the spec disposes the bench.

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { systemClock } from '../../../lib/kit/system.ts';
import type { HttpClient, HttpRequest } from '../../../lib/net/http-client.ts';
import {
  createHttpClient,
  type HttpClientOptions,
  type HttpClientParts,
} from '../../../lib/net/undici-client.ts';
import type { Pair } from '../../support/certificates.ts';

/** A server that counts its connections and closes them when it is disposed of. */
export class Receiver implements AsyncDisposable {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  connections = 0;
  /** Received bytes, for raw receivers. */
  received = '';
  /** The last received chunk. */
  lastChunk = '';

  constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/hook', host = '127.0.0.1'): URL {
    return new URL(`http://${host}:${this.port}${path}`);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An HTTP server that reads each request whole and then answers. */
export async function httpReceiver(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<Receiver> {
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => answer(request, response, Buffer.concat(parts).toString()));
    request.on('error', () => undefined);
    response.on('error', () => undefined);
  });
  return await new Receiver(server).listen();
}

/** A server of HTTPS that answers 200 with the headers of the request. */
export async function httpsReceiver(pair: Pair): Promise<Receiver> {
  const server = createHttpsServer(pair, (request, response) => {
    request.resume().on('end', () => response.end(JSON.stringify(request.headers)));
  });
  return await new Receiver(server).listen();
}

/** A server that runs a function when the first bytes of a request arrive. */
export async function rawReceiver(
  onData: (socket: Socket, receiver: Receiver) => void,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<Receiver> {
  const receiver = new Receiver(createTcpServer(onConnection));
  receiver.server.on('connection', (socket: Socket) => {
    socket.on('data', (chunk) => {
      receiver.lastChunk = chunk.toString();
      receiver.received += receiver.lastChunk;
      onData(socket, receiver);
    });
  });
  return await receiver.listen();
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  await using receiver = await rawReceiver(() => undefined);
  return receiver.port;
}

/** A client with the system's clock. */
export function aClient(
  options: Partial<HttpClientOptions> = {},
  parts: Partial<HttpClientParts> = {},
): HttpClient {
  return createHttpClient(
    { maxSockets: 4, userAgent: 'sluice/spec', ...options },
    { clock: systemClock, ...parts },
  );
}

/** A repeatable POST of a small document. */
export function aRequest(url: URL, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'text/plain' },
    body: 'ping',
    isRepeatable: true,
    ...changes,
  };
}
