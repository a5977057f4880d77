// Opens connections, directly or through an HTTP proxy, with TLS to the receiver and to a proxy
// with an https URL. One deadline covers everything from the look-up of the name to the end of the
// handshake. It pools no connections (connection-pool.ts), sends no request, and does not choose the proxy
// (proxies.ts).
// Source: RFC 9110 §9.3.6 (CONNECT), §11.7 (proxy authentication); RFC 6066 §3 (server name); RFC
// 7301 (ALPN).

import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { buildConnector } from 'undici';
import type { Clock } from '../core/clock.ts';
import { openDeadline } from '../kit/async/abort.ts';
import { hostPort } from '../kit/host-header.ts';
import {
  type AddressTarget,
  forbiddenBy,
  guardedLookup,
  isForbidden,
  placeOf,
  targetOf,
} from './address.ts';
import { ConnectError, codeOf, whereOf } from './failure.ts';
import { type HttpProxy, type ProxyChoice, proxyAuthorization } from './proxies.ts';
import { Client } from './undici.ts';

/** Certificates as PEM, and whether the server's is verified. */
export interface TlsIdentity {
  /** Replaces the authorities that Node trusts. */
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  /** Secret. */
  readonly key?: string | Buffer;
  /** The requested and verified name, instead of the URL's. */
  readonly serverName?: string;
  /** False: any certificate of the server is accepted. A proxy's is always verified. */
  readonly isVerified?: false;
}

/** Options of all connections. */
export interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: ProxyChoice | null;
  /** `guarded`: forbidden addresses are refused. `any`: the address was chosen by an operator. */
  readonly addresses: 'guarded' | 'any';
  /** `offered`: a server with TLS may choose HTTP/2. */
  readonly http2: 'off' | 'offered';
  /** Idle time after which the kernel probes the other side; null: never. */
  readonly tcpKeepAliveMs: number | null;
}

/** Dependencies of a connector. */
interface ConnectorParts {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
}

/** Opens connections that are ready to carry a request. */
export class Connector {
  /**
   * Chooses the proxy for an address; null: there is none for any.
   *
   * **Errors**: throws if the configured proxy cannot be used.
   */
  readonly proxyTo: ProxyChoice | null;
  readonly #options: ConnectorOptions;
  readonly #clock: Clock;
  readonly #lookup: LookupFunction;
  readonly #isRefused: (host: string) => boolean;
  #context: SecureContext | null = null;
  /** Sessions by receiver. A handshake that resumes one exchanges no certificates. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: ConnectorOptions, { clock, lookup }: ConnectorParts) {
    this.#options = options;
    this.proxyTo = options.proxy;
    this.#clock = clock;
    const isGuarded = options.addresses === 'guarded';
    this.#isRefused = isGuarded ? isForbidden : () => false;
    this.#lookup = isGuarded ? guardedLookup(lookup) : lookup;
  }

  /**
   * Opens a connection.
   *
   * **Errors**: rejects with the error of Node or undici, or with a ConnectError. Nothing of a
   * request was sent then, and no socket is left open.
   */
  async open(target: AddressTarget, signal: AbortSignal): Promise<Socket> {
    const { connectTimeoutMs, tcpKeepAliveMs } = this.#options;
    using deadline = openDeadline(this.#clock, connectTimeoutMs, signal);
    try {
      // A proxy resolves names, so only a receiver written as an address is refused here.
      this.#permit(target.host, deadline.signal);
      const socket = await this.#route(target, deadline.signal);
      return tcpKeepAliveMs === null ? socket : socket.setKeepAlive(true, tcpKeepAliveMs);
    } catch (error) {
      if (!deadline.expired) throw error;
      const what = `no connection to ${hostPort(target.host, target.port)}`;
      throw new ConnectError('connect-timeout', `${what} within ${connectTimeoutMs} ms`);
    }
  }

  async #route(target: AddressTarget, signal: AbortSignal): Promise<Socket> {
    const proxy = this.proxyTo?.(target) ?? null;
    if (proxy === null) {
      return target.isTls ? this.#secure(target, null, signal) : this.#dial(target, signal);
    }
    const blame = (error: unknown): never => {
      throw proxyTrouble(proxy, error);
    };
    // A proxy for `http:` gets the request itself, in the absolute form.
    if (!target.isTls) return this.#front(targetOf(proxy.url), signal).catch(blame);
    const socket = await this.#tunnel(target, proxy, signal).catch(blame);
    return this.#secure(target, socket, signal);
  }

  /** Asks a proxy for a tunnel. */
  async #tunnel(target: AddressTarget, proxy: HttpProxy, signal: AbortSignal): Promise<Duplex> {
    const front = targetOf(proxy.url);
    const client = new Client(proxy.url.origin, {
      ...UNTIMED,
      allowH2: false,
      connect: toConnect(() => this.#front(front, signal)),
    });
    const authority = hostPort(target.host, target.port);
    const authorization = proxyAuthorization(proxy);
    const { statusCode, socket } = await client.connect({
      path: authority,
      headers: {
        host: authority,
        ...(authorization !== null && { 'proxy-authorization': authorization }),
      },
      signal,
    });
    if (statusCode >= 200 && statusCode <= 299) return socket;
    socket.destroy();
    const detail = `proxy ${placeOf(proxy.url)} answered CONNECT with ${statusCode}`;
    throw new ConnectError('proxy', detail, { code: 'ERR_PROXY_TUNNEL', status: statusCode });
  }

  async #dial({ host, port }: Place, signal: AbortSignal): Promise<Socket> {
    this.#permit(host, signal);
    const socket = connect({ host, port, lookup: this.#lookup, noDelay: true });
    return await ready(socket, 'connect', signal);
  }

  /** Connects to a proxy. Its certificate is verified with the public authorities only. */
  #front(front: AddressTarget, signal: AbortSignal): Promise<Socket> {
    if (!front.isTls) return this.#dial(front, signal);
    return this.#handshake(front, { ALPNProtocols: ['http/1.1'] }, signal);
  }

  async #secure(
    target: AddressTarget,
    socket: Duplex | null,
    signal: AbortSignal,
  ): Promise<Socket> {
    const { tls, http2 } = this.#options;
    const { serverName, isVerified = true } = tls;
    const place = hostPort(target.host, target.port);
    const session = this.#sessions.get(place);
    try {
      this.#context ??= contextOf(tls);
      const options: ConnectionOptions = {
        secureContext: this.#context,
        rejectUnauthorized: isVerified,
        ALPNProtocols: http2 === 'offered' ? ['h2', 'http/1.1'] : ['http/1.1'],
        ...(serverName !== undefined && { servername: serverName }),
        ...(socket !== null && { socket }),
        ...(session !== undefined && { session }),
      };
      const secured = await this.#handshake(target, options, signal);
      secured.on('session', (ticket: Buffer) => this.#keepSession(place, ticket));
      return secured;
    } catch (error) {
      this.#sessions.delete(place);
      socket?.destroy();
      throw error;
    }
  }

  #keepSession(place: string, ticket: Buffer): void {
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.clear();
    this.#sessions.set(place, ticket);
  }

  async #handshake(
    { host, port }: Place,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<Socket> {
    this.#permit(host, signal);
    const socket = connectTls({
      host,
      port,
      lookup: this.#lookup,
      servername: isIP(host) === 0 ? host : '',
      // Explicit, because an environment variable could turn the default off.
      rejectUnauthorized: true,
      ...options,
    });
    return await ready(socket.setNoDelay(true), 'secureConnect', signal);
  }

  #permit(host: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#isRefused(host)) throw forbiddenBy(host);
  }
}

/** As in Node's agents. */
const MAX_SESSIONS = 100;

type Place = Pick<AddressTarget, 'host' | 'port'>;

/** Options of undici that turn its own timers off: deadlines are set by callers and by the clock. */
export const UNTIMED = { headersTimeout: 0, bodyTimeout: 0, connectTimeout: 0 } as const;

/** Makes the function by which undici opens a connection. */
export function toConnect(
  open: (options: buildConnector.Options) => Promise<Socket>,
): buildConnector.connector {
  return (options, callback) =>
    void open(options).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error('unknown'), null),
    );
}

function contextOf({ ca, cert, key }: TlsIdentity): SecureContext {
  return createSecureContext({
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
}

/** Resolves once the socket is connected; a socket that does not connect is destroyed. */
function ready(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      socket.destroy();
      reject(reason instanceof Error ? reason : new ConnectError('aborted', 'aborted'));
    };
    const stop = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort);
    socket.once(event, () => {
      stop();
      resolve(socket);
    });
    // Also for an error that comes before undici listens.
    socket.on('error', (error) => {
      stop();
      reject(error);
    });
  });
}

/** Reports a failure before the tunnel as the proxy's; decisions of Sluice keep their name. */
function proxyTrouble(proxy: HttpProxy, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const code = codeOf(error);
  const detail = `proxy ${placeOf(proxy.url)}: ${code} ${whereOf(error) ?? ''}`.trim();
  return new ConnectError('proxy', detail, { code });
}
