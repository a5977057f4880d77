// Opens connections, directly or through an HTTP proxy, with TLS to the receiver and to a proxy
// with an https URL. One deadline covers everything from the look-up of the name to the end of the
// handshake. Every address is checked before the connection. It pools no connections (pools.ts),
// sends no request, and does not choose the proxy (proxies.ts).
// Source: RFC 9110 §9.3.6 (CONNECT), §11.7 (proxy authentication); RFC 6066 §3 (server name).

import { request } from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { hostPort } from '../kit/host-header.ts';
import {
  type AddressTarget,
  forbiddenBy,
  guardedLookup,
  isForbidden,
  targetOf,
} from './address.ts';
import { ConnectError, codeOf, whereOf } from './failure.ts';
import { type HttpProxy, type ProxyChoice, proxyAuthorization } from './proxies.ts';

/** Certificates as PEM. The receiver's certificate is always verified. */
export interface TlsIdentity {
  /** Replaces the authorities that Node trusts. */
  readonly ca?: string;
  readonly cert?: string;
  /** Secret. */
  readonly key?: string;
  /** The requested and verified name, instead of the URL's. */
  readonly serverName?: string;
}

/** Options of all connections. */
interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: ProxyChoice;
}

/** Dependencies of a connector. */
interface ConnectorParts {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
}

/** Called once, with the error or with the socket that carries requests. */
type OpenedSocket = (error: Error | null, socket: Socket | null) => void;

/** Opens connections and remembers which of them became ready to carry a request. */
export class Connector implements Disposable {
  /**
   * Chooses the proxy for an address. **Errors**: throws if the configured proxy cannot be used.
   */
  readonly proxyTo: ProxyChoice;
  readonly #options: ConnectorOptions;
  readonly #clock: Clock;
  readonly #lookup: LookupFunction;
  readonly #ready = new WeakSet<object>();
  readonly #pending = new Set<Socket>();
  #context: SecureContext | null = null;

  constructor(options: ConnectorOptions, parts: ConnectorParts) {
    this.#options = options;
    this.proxyTo = options.proxy;
    this.#clock = parts.clock;
    this.#lookup = guardedLookup(parts.lookup);
  }

  /** Whether a request written to this socket may have left; false while it is being opened. */
  isReady(socket: object | null): boolean {
    return socket !== null && this.#ready.has(socket);
  }

  /** Opens a connection. Returns a direct one at once, before it is established. */
  open(target: AddressTarget, opened: OpenedSocket): Socket | null {
    try {
      if (isForbidden(target.host)) throw forbiddenBy(target.host);
      const proxy = this.proxyTo(target);
      if (proxy === null) return this.#direct(target);
      this.#proxied(target, proxy, opened);
    } catch (error) {
      // Unusable certificates or variables, or an invalid port: thrown before anything is opened.
      opened(error instanceof Error ? error : new ConnectError('local', 'unknown'), null);
    }
    return null;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#pending) socket.destroy();
  }

  #direct(target: AddressTarget): Socket {
    const socket = target.isTls ? this.#secured(target, null) : this.#dial(target);
    const stop = this.#within(target, (error) => socket.destroy(error));
    socket.once(target.isTls ? 'secureConnect' : 'connect', () => {
      this.#ready.add(socket);
      stop();
    });
    socket.once('close', stop);
    return socket;
  }

  /** Calls back only once the way through the proxy is open, so that nothing is written before. */
  #proxied(target: AddressTarget, proxy: HttpProxy, opened: OpenedSocket): void {
    const front = targetOf(proxy.url);
    const place = hostPort(front.host, front.port);
    const socket = this.#front(front);
    let isOver = false;
    const settle: OpenedSocket = (error, made) => {
      if (isOver) return;
      isOver = true;
      stop();
      this.#pending.delete(socket);
      if (made === null) socket.destroy();
      else this.#ready.add(made);
      opened(error, made);
    };
    const stop = this.#within(target, (error) => settle(error, null));
    this.#pending.add(socket);
    socket.on('error', (error) => settle(proxyTrouble(place, error), null));
    const closed = `proxy ${place} closed the connection`;
    socket.once('close', () => settle(new ConnectError('proxy', closed), null));
    if (target.isTls) this.#tunnel({ target, proxy, place, socket }, settle);
    else socket.once(front.isTls ? 'secureConnect' : 'connect', () => settle(null, socket));
  }

  #tunnel(way: Tunnel, settle: OpenedSocket): void {
    const { target, proxy, place, socket } = way;
    const authority = hostPort(target.host, target.port);
    const authorization = proxyAuthorization(proxy);
    const ask = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(authorization !== null && { 'proxy-authorization': authorization }),
      },
      createConnection: () => socket,
    });
    ask.on('error', (error) => settle(proxyTrouble(place, error), null));
    ask.once('connect', (answer) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        settle(new ConnectError('proxy', `proxy ${place} answered CONNECT with ${status}`), null);
        return;
      }
      const secured = this.#secured(target, socket);
      secured.on('error', (error) => settle(error, null));
      secured.once('secureConnect', () => settle(null, secured));
    });
    ask.end();
  }

  #dial({ host, port }: { readonly host: string; readonly port: number }): Socket {
    if (isForbidden(host)) throw forbiddenBy(host);
    return connect({ host, port, lookup: this.#lookup, noDelay: true });
  }

  /** Connects to a proxy. Its certificate is verified with the public authorities only. */
  #front(front: AddressTarget): Socket {
    if (!front.isTls) return this.#dial(front);
    if (isForbidden(front.host)) throw forbiddenBy(front.host);
    return this.#handshake(front, {});
  }

  #secured(target: AddressTarget, socket: Socket | null): Socket {
    const { ca, cert, key, serverName } = this.#options.tls;
    this.#context ??= createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    return this.#handshake(target, {
      secureContext: this.#context,
      ...(serverName !== undefined && { servername: serverName }),
      ...(socket !== null && { socket }),
    });
  }

  #handshake({ host, port }: AddressTarget, options: ConnectionOptions): Socket {
    const secured = connectTls({
      host,
      port,
      lookup: this.#lookup,
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      // Explicit, because an environment variable could turn the default off.
      rejectUnauthorized: true,
      ...options,
    });
    return secured.setNoDelay(true);
  }

  #within(target: AddressTarget, expire: (error: ConnectError) => void): () => void {
    const { connectTimeoutMs } = this.#options;
    const timer = new AbortController();
    this.#clock.sleep(connectTimeoutMs, timer.signal).then(
      () => {
        const what = `no connection to ${hostPort(target.host, target.port)}`;
        expire(new ConnectError('connect-timeout', `${what} within ${connectTimeoutMs} ms`));
      },
      // Aborted: the connection is established or failed otherwise.
      () => undefined,
    );
    return () => timer.abort();
  }
}

interface Tunnel {
  readonly target: AddressTarget;
  readonly proxy: HttpProxy;
  /** The proxy, for people. */
  readonly place: string;
  readonly socket: Socket;
}

/** Reports a failure before the tunnel as the proxy's; decisions of Sluice keep their name. */
function proxyTrouble(place: string, error: Error): ConnectError {
  if (error instanceof ConnectError) return error;
  return new ConnectError(
    'proxy',
    `proxy ${place}: ${codeOf(error)} ${whereOf(error) ?? ''}`.trim(),
  );
}
