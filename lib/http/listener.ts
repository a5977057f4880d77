// One way to open an HTTP listener: express inside, limits and timeouts outside, an address that
// cannot be used told as such. What it serves is the caller's; what is no HTTP is refused here.
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';
import type { Refusal } from './problem-document.ts';
import { PROBLEM_TYPE, renderProblem, SAFE_HEADERS } from './problem-document.ts';

/** Where to listen; port 0 takes a free one. */
export interface Address {
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

/** What a listener bears. */
export interface ListenerLimits {
  /** How long a whole request, its body included, may take to come in. */
  readonly requestMs: number;
  readonly connections: number;
}

/** What a listener is opened with. */
export interface ListenerParts {
  readonly limits: ListenerLimits;
  readonly clock: Clock;
}

const HEADERS_MS = 5_000;
// Longer than the customary 60 s proxies keep a connection for would gain nothing here.
const KEEP_ALIVE_MS = 5_000;
const HEADER_BYTES = 16 * 1024;
// An answer of which nothing was taken for so long is for nobody; a feed has its heartbeats.
const STALLED_MS = 60_000;

/**
 * Opens a listener.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
 */
export async function openListener(
  app: Express,
  at: Address,
  { limits }: ListenerParts,
): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // A missing Host is refused as everything else is, with a document.
      requireHostHeader: false,
    },
    app,
  );
  server.maxConnections = limits.connections;
  server.timeout = STALLED_MS;
  server.on('clientError', refuseConnection);
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await listening(server, at);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    address: hostPort(at.host, port),
    port,
    get connections() {
      return open.size;
    },
    [Symbol.asyncDispose]: () => {
      closing ??= closed(server);
      return closing;
    },
  };
}

function listening(server: Server, at: Address): Promise<void> {
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

const BROKEN: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: `found more than ${HEADER_BYTES} bytes of path and headers`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'the request did not come in in time' },
};

/** What is no HTTP request never reaches the app. */
function refuseConnection(error: Error, socket: Duplex): void {
  const code = codeOfFailure(error) ?? '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = BROKEN[code] ?? { status: 400, detail: 'found no HTTP request' };
  const body = renderProblem(refusal);
  const headers = {
    Connection: 'close',
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': String(Buffer.byteLength(body)),
    ...SAFE_HEADERS,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.status} \r\n${lines.join('')}\r\n${body}`);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
