// Opens connections: straight to the receiver or through an HTTP proxy, TLS inside, each within one
// bound in time from the look-up of the name to the end of the handshake. Every address is checked
// before it is connected to. It pools nothing (agent.ts) and sends no request.
// Source: RFC 9110 §9.3.6 (CONNECT), §11.7 (proxy authentication); RFC 6066 §3 (server name).
import { request } from 'node:http';
import { connect, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { forbiddenBy, guardedLookup, hostOf, isForbidden } from './address.ts';
import { ConnectTrouble } from './connect-trouble.ts';
import { codeOf, placeOf, whereOf } from './failure.ts';

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

/**
 * An HTTP proxy: `https:` receivers are reached by CONNECT, `http:` ones by the absolute form. It
 * resolves their names, so only a receiver written as an address can be refused as forbidden then.
 */
export interface HttpProxy {
  /** `http:`, without credentials. */
  readonly url: URL;
  /** Secret. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** How connections are made. */
export interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: HttpProxy | null;
}

/** What making connections takes. */
export interface ConnectorParts {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
}

/** Where a connection is to end. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Told once: the error, or the socket that carries requests. */
export type Opened = (error: Error | null, socket: Socket | null) => void;

/** Makes connections and remembers which of them were ready to carry a request. */
export class Connector implements Disposable {
  /** The proxy's answer to who we are; null where it needs none. Secret. */
  readonly proxyAuthorization: string | null;
  readonly proxy: HttpProxy | null;
  readonly #options: ConnectorOptions;
  readonly #clock: Clock;
  readonly #lookup: LookupFunction;
  readonly #ready = new WeakSet<object>();
  readonly #pending = new Set<Socket>();
  #context: SecureContext | null = null;

  constructor(options: ConnectorOptions, parts: ConnectorParts) {
    this.#options = options;
    this.proxy = options.proxy;
    this.proxyAuthorization = authorizationOf(options.proxy);
    this.#clock = parts.clock;
    this.#lookup = guardedLookup(parts.lookup);
  }

  /** Whether a request written to this socket may have left; false for one still being made. */
  isReady(socket: object | null): boolean {
    return socket !== null && this.#ready.has(socket);
  }

  /** Opens a connection; a direct one is answered at once, while it is still being made. */
  open(target: Target, opened: Opened): Socket | null {
    try {
      if (isForbidden(target.host)) throw forbiddenBy(target.host);
      if (this.proxy === null) return this.#direct(target);
      this.#proxied(target, this.proxy, opened);
    } catch (error) {
      // Unusable certificates, a port that is none: what Node throws before anything is opened.
      opened(error instanceof Error ? error : new ConnectTrouble('local', 'unknown'), null);
    }
    return null;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#pending) socket.destroy();
  }

  #direct(target: Target): Socket {
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
  #proxied(target: Target, proxy: HttpProxy, opened: Opened): void {
    const place = placeOf(hostOf(proxy.url), portOf(proxy.url));
    const socket = this.#dial({ host: hostOf(proxy.url), port: portOf(proxy.url) });
    let isOver = false;
    const settle: Opened = (error, made) => {
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
    if (!target.isTls) socket.once('connect', () => settle(null, socket));
    else this.#tunnel({ target, place, socket }, settle);
  }

  #tunnel(way: Tunnel, settle: Opened): void {
    const { target, place, socket } = way;
    const authority = placeOf(target.host, target.port);
    const { proxyAuthorization } = this;
    const ask = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(proxyAuthorization !== null && { 'proxy-authorization': proxyAuthorization }),
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

  #secured({ host, port }: Target, socket: Socket | null): Socket {
    const { ca, cert, key, serverName = isIP(host) === 0 ? host : '' } = this.#options.tls;
    this.#context ??= createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    const secured = connectTls({
      host,
      port,
      lookup: this.#lookup,
      servername: serverName,
      secureContext: this.#context,
      ALPNProtocols: ['http/1.1'],
      // Said aloud, for an environment variable would turn it off.
      rejectUnauthorized: true,
      ...(socket !== null && { socket }),
    });
    return secured.setNoDelay(true);
  }

  #within(target: Target, expire: (error: ConnectTrouble) => void): () => void {
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
  readonly target: Target;
  /** The proxy, for people. */
  readonly place: string;
  readonly socket: Socket;
}

/** The port of a URL, that of its protocol where it names none. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function authorizationOf(proxy: HttpProxy | null): string | null {
  if (proxy?.credentials === undefined) return null;
  const { username, password } = proxy.credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Trouble on the way to the proxy, told as the proxy's; what Sluice decided keeps its name. */
function proxyTrouble(place: string, error: Error): ConnectTrouble {
  if (error instanceof ConnectTrouble) return error;
  return new ConnectTrouble(
    'proxy',
    `proxy ${place}: ${codeOf(error)} ${whereOf(error) ?? ''}`.trim(),
  );
}
