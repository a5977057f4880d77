// HTTP and HTTPS listeners inside the limits of client-connections.ts: probes, API and playback use it.
// The caller brings the handler; input that is not HTTP is refused here. Long answers are sent in pieces,
// so that the limits can distinguish a slow client from a stalled one.

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import { messageOf, SluiceError } from '../../core/errors.ts';
import { codeOfFailure } from '../file-trouble.ts';
import { hostPort } from '../host-header.ts';
import {
  ClientConnections,
  type ConnectionParts,
  type InputRefusal,
  KEEP_ALIVE_MS,
} from './client-connections.ts';

/** Address to listen on; port 0 takes a free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A private key and its certificate, both PEM. */
export interface TlsPair {
  readonly key: string;
  readonly cert: string;
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
interface ListenerParts extends ConnectionParts {
  /** Absent: HTTP without TLS. */
  readonly tls?: TlsPair;
}

const HEADER_BYTES = 16 * 1024;

/**
 * Opens a listener.
 *
 * **Errors**: throws `address-unusable` with the address if it cannot listen there.
 */
export async function listen(
  handler: RequestListener,
  at: ListenAddress,
  { tls, ...parts }: ListenerParts,
): Promise<Listener> {
  const connections = new ClientConnections(parts);
  const http = createServer({
    maxHeaderSize: HEADER_BYTES,
    // Node announces this one in the header Keep-Alive; client-connections.ts has every other timeout.
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    requestTimeout: 0,
    // Explicit, because an option of the process would turn it on.
    insecureHTTPParser: false,
    // The handler refuses a missing Host in its own format.
    requireHostHeader: false,
  });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.begin(request, response)) handler(request, response);
  };
  http.on('connection', (socket) => connections.open(socket));
  http.on('request', serve);
  // The handler that reads a body sends 100 Continue. Other expectations are ignored.
  http.on('checkContinue', serve);
  http.on('checkExpectation', serve);
  http.on('clientError', (error, socket) => connections.refuse(socket, refusalOf(error)));
  const server = tls === undefined ? http : encrypted(http, tls);
  await listening(server, at);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : at.port;
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

/** Puts TLS before a server, so that its limits count a connection from its first byte, not its handshake. */
function encrypted(http: Server, pair: TlsPair): Server {
  const secureContext = createSecureContext(pair);
  return createTcpServer({ noDelay: true }, (socket) => {
    const options = { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] };
    http.emit('connection', new TLSSocket(socket, options));
  });
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
const BROKEN: Readonly<Record<string, InputRefusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: `found more than ${HEADER_BYTES} bytes of path and headers`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'found too many chunk extensions' },
};

function refusalOf(error: Error): InputRefusal {
  return BROKEN[codeOfFailure(error) ?? ''] ?? { status: 400, detail: 'found no HTTP request' };
}

function closed(server: Server, connections: ClientConnections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    connections.close();
  });
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
