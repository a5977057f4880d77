// The HTTP client of Sluice: it keeps a bounded number of connections, checks the headers and
// returns every failure as an answer. It opens nothing before the first request, follows no
// redirect and does not log. A request is repeated only if its kept connection turns out to be
// closed (exchange.ts).

import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../kit/system.ts';
import { placeOf } from './address.ts';
import { BodyDeadlines } from './body-deadlines.ts';
import { Connector, type TlsIdentity } from './connector.ts';
import { type ExchangeContext, exchange } from './exchange.ts';
import { failed, failedByAbort } from './failure.ts';
import type { HttpClient, HttpRequest, HttpResult } from './http-client.ts';
import { Pools } from './pools.ts';
import { type HttpProxy, proxyChoice } from './proxies.ts';

export type { TlsIdentity } from './connector.ts';
export type { HttpProxy } from './proxies.ts';

/** Options of a client. */
export interface HttpClientOptions {
  /** Number of concurrent requests; others wait until a slot is free or their signal aborts. */
  readonly maxSockets: number;
  /** Sent if a request has no header `user-agent`. */
  readonly userAgent: string;
  /** From the look-up of the name to the end of the handshake, including a proxy's; default 5 s. */
  readonly connectTimeoutMs?: number;
  readonly tls?: TlsIdentity;
  /**
   * `environment`: according to its variables. Null or absent: directly, regardless of variables.
   */
  readonly proxy?: HttpProxy | 'environment' | null;
  /** Size of the kept beginning of an answer's body; default 16 KiB. */
  readonly excerptBytes?: number;
}

/** Dependencies of a client. */
export interface HttpClientParts {
  readonly clock: Clock;
  /** Resolves names, by default with the system's resolver. Its answers are always checked. */
  readonly lookup?: LookupFunction;
  /** Environment variables that name proxies; none if absent. */
  readonly environment?: Environment;
}

// A receiver that does not take a connection within this is down; a lane's own timeout is longer.
const CONNECT_TIMEOUT_MS = 5000;
const EXCERPT_BYTES = 16 * 1024;
// Up to this size, reading the rest of a body is cheaper than a new connection with its handshake.
const DRAIN_BYTES = 1024 * 1024;
// The status is known by then; a lane should not wait longer for a body.
const BODY_MS = 1000;

/** Creates a client; it opens nothing. Unusable certificates fail as `tls` when it sends. */
export function createHttpClient(options: HttpClientOptions, parts: HttpClientParts): HttpClient {
  return new AxiosClient(options, parts);
}

class AxiosClient implements HttpClient {
  readonly #userAgent: string;
  readonly #slots: Slots;
  readonly #connector: Connector;
  readonly #context: ExchangeContext;
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
    this.#context = {
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
    // As bytes: Node would join a text with the head and encode the head a second time.
    const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
    const headers = toSentHeaders(request.headers, { userAgent: this.#userAgent, body });
    if (typeof headers === 'string') return failed('local', 'never', headers);
    const isFree = !signal.aborted && !this.#isClosed && this.#slots.tryTake();
    if (!isFree && !(await this.#wait(signal))) {
      return failedByAbort(signal.reason, { place: placeOf(request.url), reached: 'never' });
    }
    return exchange(this.#context, { request, headers, body, signal }, this.#onDone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#slots.close();
    this.#connector[Symbol.dispose]();
    for (const pools of Object.values(this.#context.pools)) pools[Symbol.dispose]();
    this.#context.deadlines[Symbol.dispose]();
  }

  readonly #onDone = (): void => this.#slots.release();

  async #wait(signal: AbortSignal): Promise<boolean> {
    return !signal.aborted && !this.#isClosed && (await this.#slots.take(signal));
  }
}

// Headers that frame the message or belong to the connection; callers cannot set them.
// Source: RFC 9110 §7.6.1 (connection-specific fields); RFC 9112 §6.
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

/** Inputs of a request's headers in addition to the caller's. */
interface HeaderContext {
  /** Sent if the caller sets none. */
  readonly userAgent: string;
  readonly body: Buffer | null;
}

/**
 * Completes the headers of a request; returns a text if the caller's headers cannot be sent.
 *
 * **Shape**: by lower-case name. Characters beyond ASCII are sent as UTF-8, which most receivers
 * expect.
 * **Source**: RFC 9110 §5.5 (field values).
 */
export function toSentHeaders(
  headers: HttpRequest['headers'],
  { userAgent, body }: HeaderContext,
): Record<string, string> | string {
  const sent: Record<string, string> = { accept: '*/*', 'user-agent': userAgent };
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!TOKEN.test(name)) return 'a header has an invalid name';
    if (OURS.has(name)) return `header ${name} belongs to the connection`;
    if (PLAIN.test(value)) sent[name] = value;
    else if (CONTROL.test(value)) return `header ${name} holds a control character`;
    else sent[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  // No compression: the body is only shown to people, and a compressed one could be a bomb.
  sent['accept-encoding'] = 'identity';
  sent['content-length'] = String(body === null ? 0 : body.length);
  return sent;
}

/**
 * Bounds the number of concurrent exchanges, first come, first served. Each holds one socket until
 * its answer is drained. Node's own limit does not count connections that are still being opened
 * through a proxy.
 */
class Slots {
  #free: number;
  readonly #waiting = new Set<(taken: boolean) => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a slot if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Waits for a slot; false if the signal aborts or the client closes first. */
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

  /** Gives a slot back, or passes it to the longest waiting request. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  /** Refuses all waiting requests. */
  close(): void {
    for (const settle of this.#waiting) settle(false);
  }
}
