// The HTTP client of Sluice, on undici: it keeps a bounded number of connections, checks the headers
// and returns every failure as an answer. It opens nothing before the first request, follows no
// redirect and does not log. A request is repeated only if its kept connection turns out to be
// closed. When certificates, a proxy or other settings change, `RotatingClient` replaces it.

import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../kit/system.ts';
import { placeOf, targetOf } from './address.ts';
import { BodyDeadlines, readExcerpt } from './answer-body.ts';
import { ConnectionPool, type Pooled } from './connection-pool.ts';
import { Connector, type ConnectorOptions } from './connector.ts';
import { failed, failedBy, failedByAbort } from './failure.ts';
import type { HttpClient, HttpFailed, HttpOpened, HttpRequest, HttpResult } from './http-client.ts';
import { type RequestFailure, toHeaders, toSentHeaders } from './http-connection.ts';
import { type HttpProxy, proxyAuthorization, proxyChoice } from './proxies.ts';

export type { TlsIdentity } from './connector.ts';
export type { HttpProxy } from './proxies.ts';

/** Options of a client. */
export interface HttpClientOptions extends Partial<Omit<ConnectorOptions, 'proxy'>> {
  /**
   * Number of concurrent requests, possibly infinite; others wait until a slot is free or their
   * signal aborts.
   */
  readonly maxSockets: number;
  /** Sent if a request has no header `user-agent`. */
  readonly userAgent: string;
  /**
   * `environment`: according to its variables. Null or absent: directly, regardless of variables.
   */
  readonly proxy?: HttpProxy | 'environment' | null;
  /** Longest idle time of a kept connection; default 4 s. */
  readonly idleMs?: number;
  /** Size of the kept beginning of an answer's body; default 16 KiB. */
  readonly excerptBytes?: number;
}

/** Dependencies of a client. */
export interface HttpClientParts {
  readonly clock: Clock;
  /** Resolves names, by default with the system's resolver. */
  readonly lookup?: LookupFunction;
  /** Environment variables that name proxies; none if absent. */
  readonly environment?: Environment;
}

// A receiver that does not take a connection within this is down; a lane's own timeout is longer.
const CONNECT_TIMEOUT_MS = 5000;
/**
 * Default of the longest idle time. A closed connection costs a repeatable request only a round
 * trip. Usual servers (Node, Apache) keep idle connections for 5 s.
 */
export const LONGEST_IDLE_MS = 4000;
const EXCERPT_BYTES = 16 * 1024;
// Up to this size, reading the rest of a body is cheaper than a new connection with its handshake.
const DRAIN_BYTES = 1024 * 1024;
// The status is known by then; a lane should not wait longer for a body.
const BODY_MS = 1000;

/** Creates a client; it opens nothing. Unusable certificates fail as `tls` when it sends. */
export function createHttpClient(options: HttpClientOptions, parts: HttpClientParts): HttpClient {
  return new UndiciClient(options, parts);
}

/** One call: the request, its prepared parts, and the signal that aborts it. */
interface HttpCall {
  readonly request: HttpRequest;
  /** All headers but those of the connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The head of an answer, with its open body. */
interface Head extends Omit<HttpOpened, 'body' | 'close'> {
  readonly body: Dispatcher.ResponseData['body'];
}

/** A request without an answer. */
interface Unanswered extends RequestFailure {
  readonly answered: false;
}

class UndiciClient implements HttpClient {
  readonly #userAgent: string;
  readonly #slots: Slots;
  readonly #connector: Connector;
  readonly #pool: ConnectionPool;
  readonly #deadlines: BodyDeadlines;
  readonly #excerpt: { readonly excerptBytes: number; readonly drainBytes: number };
  readonly #isShared: boolean;
  #isClosed = false;
  #isDisposed = false;

  constructor(options: HttpClientOptions, parts: HttpClientParts) {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS, tls = {}, tcpKeepAliveMs = null } = options;
    const { proxy = null, addresses = 'guarded', http2 = 'off' } = options;
    const { idleMs = LONGEST_IDLE_MS, excerptBytes = EXCERPT_BYTES } = options;
    const { clock, lookup = systemLookup, environment = {} } = parts;
    const how = { connectTimeoutMs, tls, addresses, http2, tcpKeepAliveMs };
    const connector = new Connector(
      { ...how, proxy: proxyChoice(proxy, environment) },
      { clock, lookup },
    );
    this.#userAgent = options.userAgent;
    this.#isShared = http2 === 'offered';
    this.#slots = new Slots(options.maxSockets);
    this.#connector = connector;
    this.#pool = new ConnectionPool({ connector, clock, idleMs, http2 });
    this.#deadlines = new BodyDeadlines(clock, BODY_MS);
    this.#excerpt = { excerptBytes, drainBytes: DRAIN_BYTES };
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    const head = await this.#start(request, signal, IDENTITY);
    if (!head.answered) return head;
    const excerpt = await readExcerpt(head, this.#excerpt, this.#deadlines);
    return { answered: true, status: head.status, headers: head.headers, excerpt };
  }

  async open(request: HttpRequest, signal: AbortSignal): Promise<HttpOpened | HttpFailed> {
    const head = await this.#start(request, signal, {});
    return head.answered ? { ...head, close: () => void head.body.destroy() } : head;
  }

  async retire(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.retire();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#isDisposed = true;
    this.#slots.close();
    this.#deadlines[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }

  async #start(
    request: HttpRequest,
    signal: AbortSignal,
    more: Readonly<Record<string, string>>,
  ): Promise<Head | HttpFailed> {
    const headers = toSentHeaders(request.headers, this.#userAgent);
    if (typeof headers === 'string') return failed('local', 'never', headers);
    if (signal.aborted || this.#isClosed || !(await this.#slots.take(signal))) {
      return failedByAbort(signal.reason, { place: placeOf(request.url), reached: 'never' });
    }
    const answer = await this.#exchange({ request, signal, headers: { ...headers, ...more } });
    if (!answer.answered) this.#slots.release();
    return answer;
  }

  /**
   * A kept connection may turn out to be closed. A request that is repeatable, or was not written
   * yet, is then sent again, once, on a new connection.
   * **Source**: RFC 9112 §9.3.1; net/http of Go does the same for a request with an Idempotency-Key.
   */
  async #exchange(call: HttpCall): Promise<Head | HttpFailed> {
    const { request, signal } = call;
    const pooled = await this.#pool.takeSettled(request, signal);
    if (signal.aborted) {
      this.#pool.release(pooled);
      return this.#failed(call, NOT_SENT);
    }
    const first = await this.#attempt(call, pooled);
    if (first.answered) return first;
    const mayRepeat = request.isRepeatable || first.reached === 'never';
    if (!first.isStale || !mayRepeat || this.#isOver(signal)) return this.#failed(call, first);
    const second = await this.#attempt(call, this.#pool.takeNew(request));
    return second.answered ? second : this.#failed(call, second);
  }

  /** Sends a request on a connection, which is free again when the body of its answer was closed. */
  #attempt(call: HttpCall, pooled: Pooled): Promise<Head | Unanswered> {
    return new Promise((resolve) => {
      const { signal } = call;
      const { connection } = pooled;
      const readBefore = connection.bytesRead;
      let body: Head['body'] | null = null;
      const onAbort = (): void => {
        // undici ends a request that shares its connection.
        if (body === null && !connection.isMultiplexed) connection.destroy();
        else body?.destroy(errorOf(signal));
      };
      const fail = (error: unknown): void => {
        signal.removeEventListener('abort', onAbort);
        const failure = connection.failureOf(error, readBefore);
        this.#pool.discard(pooled, failure);
        resolve({ answered: false, ...failure });
      };
      signal.addEventListener('abort', onAbort);
      try {
        connection.request(this.#optionsOf(call, pooled), (error, data) => {
          if (error !== null) {
            fail(error);
            return;
          }
          connection.hasServed = true;
          body = data.body;
          // A reader gets the error. Without this listener an unread one ends the process.
          body.on('error', () => undefined);
          body.on('close', () => {
            signal.removeEventListener('abort', onAbort);
            this.#pool.release(pooled);
            this.#slots.release();
          });
          resolve({
            answered: true,
            status: data.statusCode,
            headers: toHeaders(data.headers),
            body,
          });
        });
      } catch (error) {
        // The environment names a proxy that cannot be used.
        fail(error);
      }
    });
  }

  #optionsOf({ request, headers, signal }: HttpCall, { use }: Pooled): Dispatcher.RequestOptions {
    const { method, url, body } = request;
    const path = `${url.pathname}${url.search}`;
    const shared = this.#isShared ? { signal } : {};
    const options = { method, path, headers, body, reset: use === 'single', ...shared };
    const { proxyTo } = this.#connector;
    const proxy = proxyTo === null || url.protocol === 'https:' ? null : proxyTo(targetOf(url));
    if (proxy === null) return options;
    const authorization = proxyAuthorization(proxy);
    return {
      ...options,
      path: `http://${url.host}${path}`,
      ...(authorization !== null && {
        headers: { ...headers, 'proxy-authorization': authorization },
      }),
    };
  }

  #failed({ request, signal }: HttpCall, { error, reached }: RequestFailure): HttpFailed {
    const failing = { place: placeOf(request.url), reached } as const;
    if (signal.aborted) return failedByAbort(signal.reason, failing);
    return this.#isDisposed ? failedByAbort(null, failing) : failedBy(error, failing);
  }

  #isOver({ aborted }: AbortSignal): boolean {
    return aborted || this.#isDisposed;
  }
}

// No compression: the body is only shown to people, and a compressed one could be a bomb.
const IDENTITY = { 'accept-encoding': 'identity' } as const;

const NOT_SENT = { error: null, reached: 'never', isStale: false } as const;

function errorOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
}

/**
 * Bounds the number of concurrent exchanges, first come, first served. Each holds its slot until
 * the body of its answer was closed.
 */
class Slots {
  #free: number;
  readonly #waiting = new Set<(taken: boolean) => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a slot, or waits for one; false if the signal aborts or the client closes first. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
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

// What began on the old client ends there: attempts with the old certificate, and open streams.

/** A client that can be replaced. `retire` takes no new request and lets the others end. */
interface ReplaceableClient extends AsyncDisposable {
  retire(): Promise<void>;
}

/** The client of the current settings. Disposing closes it and those before it. */
export class RotatingClient<Settings, Client extends ReplaceableClient> implements AsyncDisposable {
  readonly #create: (settings: Settings) => Client;
  #current: { readonly settings: Settings; readonly client: Client } | null = null;
  readonly #retired = new Set<Client>();

  /** `create` opens nothing. **Errors**: it may throw; the client before stays in use then. */
  constructor(create: (settings: Settings) => Client) {
    this.#create = create;
  }

  /** The client of these settings. One of another object of settings is retired. */
  clientFor(settings: Settings): Client {
    const before = this.#current;
    if (before?.settings === settings) return before.client;
    const client = this.#create(settings);
    this.#current = { settings, client };
    if (before !== null) this.#retire(before.client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#current !== null) this.#retired.add(this.#current.client);
    this.#current = null;
    const clients = [...this.#retired];
    this.#retired.clear();
    await Promise.all(clients.map(async (client) => client[Symbol.asyncDispose]()));
  }

  #retire(client: Client): void {
    this.#retired.add(client);
    void client.retire().then(() => this.#retired.delete(client));
  }
}
