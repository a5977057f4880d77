// One way to open an HTTP listener: express inside, the bounds of connection-limits.ts outside, an error
// that names the address if it cannot be used. What it serves is the caller's; what is no HTTP is
// refused here.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Express } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';
import { ClientConnections, type ConnectionLimits, KEEP_ALIVE_MS } from './connection-limits.ts';
import type { Refusal } from './problem-document.ts';

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** An open listener. Disposing of it ends its connections; it may be disposed of twice. */
export interface Listener extends AsyncDisposable {
  /** `host:port` as it is written in a URL. */
  readonly address: string;
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
}

/** Dependencies of a listener. */
interface ListenerParts {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
}

const HEADER_BYTES = 16 * 1024;

/**
 * Opens a listener.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
 */
export async function openListener(
  app: Express,
  at: ListenAddress,
  { limits, clock }: ListenerParts,
): Promise<Listener> {
  const connections = new ClientConnections(limits, clock);
  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    // Stands in the answer as Keep-Alive; every other bound of time is in connection-limits.ts.
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    requestTimeout: 0,
    // Said aloud, because an option of the process would turn it on.
    insecureHTTPParser: false,
    // A missing Host is refused as everything else is, with a document.
    requireHostHeader: false,
  });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.begin(request, response)) app(request, response);
  };
  server.on('connection', (socket) => connections.open(socket));
  server.on('request', serve);
  // A body is asked for by the handler that reads it, and no other expectation is heeded.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('clientError', (error, socket) => connections.refuse(socket, refusalOf(error)));
  await listening(server, at);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    address: hostPort(at.host, port),
    port,
    get connections() {
      return connections.count;
    },
    [Symbol.asyncDispose]: () => {
      closing ??= closed(server, connections);
      return closing;
    },
  };
}

function listening(server: Server, at: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const address = hostPort(at.host, at.port);
      const message = `listening on ${address}: ${codeOfFailure(cause) ?? messageOf(cause)}`;
      reject(new SluiceError('address-unusable', message, { cause, details: { address } }));
    });
    server.listen(at.port, at.host, () => {
      server.removeAllListeners('error');
      // After it listens, an error of the server is one of accepting a connection: the others live.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** Errors of Node's parser that have a status of their own. */
const BROKEN: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: `found more than ${HEADER_BYTES} bytes of path and headers`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'found too many extensions of chunks' },
};

function refusalOf(error: Error): Refusal {
  return BROKEN[codeOfFailure(error) ?? ''] ?? { status: 400, detail: 'found no HTTP request' };
}

function closed(server: Server, connections: ClientConnections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    connections.close();
  });
}

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// Sends the body of an answer piece by piece, as fast as it is taken. So a client that takes it slowly
// differs from one that takes nothing.

// A write counts as not taken until the last byte of it is.
const PIECE_BYTES = 64 * 1024;

/** Sends a whole body; resolves when it was taken, or when the client is gone. */
export async function sendDocument(response: ServerResponse, body: Buffer): Promise<void> {
  response.setHeader('Content-Length', body.length);
  if (body.length <= PIECE_BYTES || response.req.method === 'HEAD') {
    response.end(body);
    return;
  }
  // A client that leaves in the middle is no trouble of ours.
  await pipeline(Readable.from(piecesOf(body)), response).catch(() => undefined);
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}
