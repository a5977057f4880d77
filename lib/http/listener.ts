// One way to open an HTTP listener: express inside, limits and timeouts outside, an address that
// cannot be used told as such. What it serves is the caller's.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { messageOf, SluiceError } from '../core/errors.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';

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
}

// Probes and scrapes are one small request each; what takes longer than this is not one of them.
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
// Longer than the customary 60 s proxies keep a connection for would gain nothing here.
const KEEP_ALIVE_MS = 5_000;
const HEADER_BYTES = 16 * 1024;
// A kubelet, a few scrapers and some people; a flood must not take the gateway's descriptors.
const CONNECTIONS = 256;

/**
 * Opens a listener.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
 */
export async function openListener(app: Express, at: Address): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    app,
  );
  server.maxConnections = CONNECTIONS;
  await listening(server, at);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    address: hostPort(at.host, port),
    port,
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

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
