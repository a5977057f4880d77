// The client that the rest of Sluice is given: connections are kept, their number is bounded, and
// every request ends as an answer. It opens nothing before the first request. Nothing here follows a
// redirect or logs, and nothing is repeated unless a kept connection turns out to be closed. Which
// variables there are is handed in.

import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../kit/system.ts';
import { hostOf, portOf } from './address.ts';
import { BodyDeadlines } from './body-deadlines.ts';
import { Connector, type TlsIdentity } from './connector.ts';
import { exchange, type RequestLine } from './exchange.ts';
import { failed, failedByAbort, placeOf } from './failure.ts';
import type { HttpClient, HttpRequest, HttpResult } from './http-client.ts';
import { Pools } from './pools.ts';
import { type HttpProxy, proxyChoice } from './proxies.ts';

export type { TlsIdentity } from './connector.ts';
export type { HttpProxy } from './proxies.ts';

/** What a client is made of. */
export interface HttpClientOptions {
  /** How many requests may be under way at once; others wait, as long as their signal allows. */
  readonly maxSockets: number;
  /** Sent where a request names none. */
  readonly userAgent: string;
  /** From the look-up of the name to the end of the handshake, a proxy's included; default 5 s. */
  readonly connectTimeoutMs?: number;
  readonly tls?: TlsIdentity;
  /** `environment`: as its variables say. Null or absent: straight to the receiver, whatever they say. */
  readonly proxy?: HttpProxy | 'environment' | null;
  /** How much of an answer's body is kept; default 16 KiB. */
  readonly excerptBytes?: number;
}

/** What a client takes from outside. */
export interface HttpClientParts {
  readonly clock: Clock;
  /** Resolves names; default the system's. What it answers is checked either way. */
  readonly lookup?: LookupFunction;
  /** The variables that name proxies; absent: there are none. */
  readonly environment?: Environment;
}

// A receiver that does not take a connection within this is down; a lane's own timeout is longer.
const CONNECT_TIMEOUT_MS = 5000;
const EXCERPT_BYTES = 16 * 1024;
// Reading so much is cheaper than a new connection with its handshake; more is not.
const DRAIN_BYTES = 1024 * 1024;
// The status is known by then; a body that takes longer is not worth the lane's time.
const BODY_MS = 1000;

/** Makes a client; nothing is opened, and unusable certificates show as `tls` when it sends. */
export function createHttpClient(options: HttpClientOptions, parts: HttpClientParts): HttpClient {
  return new AxiosClient(options, parts);
}

class AxiosClient implements HttpClient {
  readonly #userAgent: string;
  readonly #slots: Slots;
  readonly #connector: Connector;
  readonly #line: RequestLine;
  #isClosed = false;

  constructor(options: HttpClientOptions, parts: HttpClientParts) {
    const { maxSockets, connectTimeoutMs = CONNECT_TIMEOUT_MS, tls = {}, proxy = null } = options;
    const { clock, lookup = systemLookup, environment = {} } = parts;
    this.#userAgent = options.userAgent;
    this.#slots = new Slots(maxSockets);
    const choice = proxyChoice(proxy, environment);
    const how = { connectTimeoutMs, tls, proxy: choice };
    const connector = new Connector(how, { clock, lookup });
    this.#connector = connector;
    this.#line = {
      connector,
      pools: {
        'http:': new Pools({ connector, clock, isTls: false, maxSockets }),
        'https:': new Pools({ connector, clock, isTls: true, maxSockets }),
      },
      deadlines: new BodyDeadlines(clock, BODY_MS),
      bounds: { excerptBytes: options.excerptBytes ?? EXCERPT_BYTES, drainBytes: DRAIN_BYTES },
      isClosed: () => this.#isClosed,
    };
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    // As octets: Node would write a text together with the head and encode the head's anew.
    const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
    const headers = toSent(request.headers, { userAgent: this.#userAgent, body });
    if (typeof headers === 'string') return failed('local', 'never', headers);
    const isFree = !signal.aborted && !this.#isClosed && this.#slots.tryTake();
    if (!isFree && !(await this.#wait(signal))) {
      const place = placeOf(hostOf(request.url), portOf(request.url));
      return failedByAbort(signal.reason, { place, reached: 'never' });
    }
    return exchange(this.#line, { request, headers, body, signal }, this.#onDone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#slots.close();
    this.#connector[Symbol.dispose]();
    for (const pools of Object.values(this.#line.pools)) pools[Symbol.dispose]();
    this.#line.deadlines[Symbol.dispose]();
  }

  readonly #onDone = (): void => this.#slots.release();

  async #wait(signal: AbortSignal): Promise<boolean> {
    return !signal.aborted && !this.#isClosed && (await this.#slots.take(signal));
  }
}

// The headers that go out with a request: the caller's, checked and put into octets, and our own.
// What frames the message or belongs to the connection is not the caller's to say.
// Source: RFC 9110 §5.5 (field values), §7.6.1 (connection-specific fields); RFC 9112 §6.

const OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const PLAIN = /^[\t\x20-\x7e]*$/;
const CONTROL = /[^\P{Cc}\t]/u;

/** By lower-case name. */
type SentExchange = Record<string, string>;

/** What the headers depend on beside the caller's. */
interface Around {
  /** Sent where the caller names none. */
  readonly userAgent: string;
  readonly body: Buffer | null;
}

/**
 * The headers to send; a text where the request can not be sent with its own.
 *
 * **Shape**: characters beyond ASCII go out as UTF-8, which most receivers expect.
 */
export function toSent(headers: HttpRequest['headers'], around: Around): SentExchange | string {
  const { userAgent, body } = around;
  const sent: SentExchange = { accept: '*/*', 'user-agent': userAgent };
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!TOKEN.test(name)) return 'a header has a name that is none';
    if (OURS.has(name)) return `header ${name} belongs to the connection`;
    if (PLAIN.test(value)) sent[name] = value;
    else if (CONTROL.test(value)) return `header ${name} holds a control character`;
    else sent[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  // Asked for plainly: what is compressed could be a bomb, and is only shown to people.
  sent['accept-encoding'] = 'identity';
  sent['content-length'] = String(body === null ? 0 : body.length);
  return sent;
}

// How many exchanges may be under way at once, each of which holds one socket until its answer is
// drained. First come, first served. Node's own limit counts no connection that is still being made
// through a proxy, so it would not hold.

/** A number of places that are taken and given back. */
class Slots {
  #free: number;
  readonly #waiting = new Set<(taken: boolean) => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place if one is free at once. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Waits for a place; false where the signal aborted or all were closed first. */
  take(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (taken: boolean): void => {
        this.#waiting.delete(settle);
        signal.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      const onAbort = (): void => settle(false);
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(settle);
    });
  }

  /** Gives a place back, to whoever waits longest. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  /** Sends everybody away who waits. */
  close(): void {
    for (const settle of this.#waiting) settle(false);
  }
}
