// Opens connections: straight to the receiver or through an HTTP proxy, TLS inside, each within one
// bound in time from the look-up of the name to the end of the handshake. TLS is also spoken to a
// proxy whose URL says https. Every address is checked before it is connected to. It pools nothing
// (agent.ts), sends no request, and does not choose the proxy (proxies.ts).
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
import {
  type AddressTarget,
  forbiddenBy,
  guardedLookup,
  isForbidden,
  targetOf,
} from './address.ts';
import { ConnectTrouble, codeOf, placeOf, whereOf } from './failure.ts';
import { type HttpProxy, type ProxyChoice, proxyAuthorization } from './proxies.ts';

/** Certificates as PEM; the receiver's is always verified. */
export interface TlsIdentity {
  /** Instead of the authorities that Node knows. */
  readonly ca?: string;
  readonly cert?: string;
  /** Secret. */
  readonly key?: string;
  /** The name that is asked for and verified, instead of the URL's. */
  readonly serverName?: string;
}

/** How connections are made. */
interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: ProxyChoice;
}

/** What making connections takes. */
interface ConnectorParts {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
}

/** Told once: the error, or the socket that carries requests. */
type OpenedSocket = (error: Error | null, socket: Socket | null) => void;

/** Makes connections and remembers which of them were ready to carry a request. */
export class Connector implements Disposable {
  /** Which proxy leads to a place; **Errors**: throws if the one that is meant cannot be used. */
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

  /** Whether a request written to this socket may have left; false for one still being made. */
  isReady(socket: object | null): boolean {
    return socket !== null && this.#ready.has(socket);
  }

  /** Opens a connection; a direct one is answered at once, while it is still being made. */
  open(target: AddressTarget, opened: OpenedSocket): Socket | null {
    try {
      if (isForbidden(target.host)) throw forbiddenBy(target.host);
      const proxy = this.proxyTo(target);
      if (proxy === null) return this.#direct(target);
      this.#proxied(target, proxy, opened);
    } catch (error) {
      // Unusable certificates or variables, a port that is none: thrown before anything is opened.
      opened(error instanceof Error ? error : new ConnectTrouble('local', 'unknown'), null);
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

  /** Answers only when the way through the proxy stands, so that nothing is written before. */
  #proxied(target: AddressTarget, proxy: HttpProxy, opened: OpenedSocket): void {
    const front = targetOf(proxy.url);
    const place = placeOf(front.host, front.port);
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
    socket.once('close', () => settle(new ConnectTrouble('proxy', `proxy ${place} hung up`), null));
    if (target.isTls) this.#tunnel({ target, proxy, place, socket }, settle);
    else socket.once(front.isTls ? 'secureConnect' : 'connect', () => settle(null, socket));
  }

  #tunnel(way: Tunnel, settle: OpenedSocket): void {
    const { target, proxy, place, socket } = way;
    const authority = placeOf(target.host, target.port);
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
        settle(new ConnectTrouble('proxy', `proxy ${place} answered CONNECT with ${status}`), null);
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

  /** The connection to a proxy: its certificate is for the public authorities to vouch for. */
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
      // Said aloud, for an environment variable would turn it off.
      rejectUnauthorized: true,
      ...options,
    });
    return secured.setNoDelay(true);
  }

  #within(target: AddressTarget, expire: (error: ConnectTrouble) => void): () => void {
    const { connectTimeoutMs } = this.#options;
    const timer = new AbortController();
    this.#clock.sleep(connectTimeoutMs, timer.signal).then(
      () => {
        const what = `no connection to ${placeOf(target.host, target.port)}`;
        expire(new ConnectTrouble('connect-timeout', `${what} within ${connectTimeoutMs} ms`));
      },
      // Stopped: the connection is there, or came to another end.
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

/** Trouble on the way to the proxy, told as the proxy's; what Sluice decided keeps its name. */
function proxyTrouble(place: string, error: Error): ConnectTrouble {
  if (error instanceof ConnectTrouble) return error;
  return new ConnectTrouble(
    'proxy',
    `proxy ${place}: ${codeOf(error)} ${whereOf(error) ?? ''}`.trim(),
  );
}
