// HTTP listeners: express inside the limits of connection-limits.ts. The caller brings the routes; input
// that is not HTTP is refused here. Long answers are sent in pieces, so that the limits can distinguish
// a slow client from a stalled one.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Express } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';
import { ClientConnections, type ConnectionLimits, KEEP_ALIVE_MS } from './connection-limits.ts';
import type { Refusal } from './problem-document.ts';

/** Address to listen on; port 0 takes a free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** An open listener. Disposing it closes its connections and is idempotent. */
export interface Listener extends AsyncDisposable {
  /** `host:port` in the form of a URL. */
  readonly address: string;
  readonly port: number;
  /** Number of open connections. */
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
 * **Errors**: throws `address-unusable` with the address if it cannot listen there.
 */
export async function openListener(
  app: Express,
  at: ListenAddress,
  { limits, clock }: ListenerParts,
): Promise<Listener> {
  const connections = new ClientConnections(limits, clock);
  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    // Node announces this one in the header Keep-Alive; connection-limits.ts has every other timeout.
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    requestTimeout: 0,
    // Explicit, because an option of the process would turn it on.
    insecureHTTPParser: false,
    // access.ts refuses a missing Host with a problem document.
    requireHostHeader: false,
  });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.begin(request, response)) app(request, response);
  };
  server.on('connection', (socket) => connections.open(socket));
  server.on('request', serve);
  // The handler that reads a body sends 100 Continue. Other expectations are ignored.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('clientError', (error, socket) => connections.refuse(socket, refusalOf(error)));
  await listening(server, at);
  const port = portOf(server, at);
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

/** The port in use, also if a free one was asked for. */
function portOf(server: Server, at: ListenAddress): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : at.port;
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
      // A listening server fails only while it accepts a connection; other connections stay open.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** Errors of Node's HTTP parser that have their own status. */
const BROKEN: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: `found more than ${HEADER_BYTES} bytes of path and headers`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'found too many chunk extensions' },
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

// Node reports a write as finished only after its last byte: smaller pieces show progress earlier.
const PIECE_BYTES = 64 * 1024;

/** Sends a whole body; resolves when the client received it or disconnected. */
export async function sendDocument(response: ServerResponse, body: Buffer): Promise<void> {
  response.setHeader('Content-Length', body.length);
  if (body.length <= PIECE_BYTES || response.req.method === 'HEAD') {
    response.end(body);
    return;
  }
  // A client that disconnects early is not an error.
  await pipeline(Readable.from(piecesOf(body)), response).catch(() => undefined);
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}
