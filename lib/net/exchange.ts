// One request and its answer. axios composes the request (method, address, path). The `transport`
// here sends it with node:http and knows how far it got. Not used are axios' instances,
// interceptors, redirects and header objects: they cost more than the request itself, and header
// objects drop characters silently.
// Source: https://axios-http.com/docs/req_config (adapter, transport).

import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import {
  type AxiosAdapter,
  AxiosHeaders,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { placeOf, targetOf } from './address.ts';
import type { BodyDeadlines, Bounded } from './body-deadlines.ts';
import type { Connector } from './connector.ts';
import {
  ConnectError,
  codeOf,
  failedBy,
  failedByAbort,
  isClosedConnection,
  isRefusedCertificate,
} from './failure.ts';
import { toHeaders } from './headers.ts';
import type { HttpFailed, HttpRequest, HttpResult } from './http-client.ts';
import type { Pools, Routed } from './pools.ts';
import { proxyAuthorization } from './proxies.ts';

/** Parts shared by all exchanges of a client. */
export interface ExchangeContext {
  readonly connector: Connector;
  readonly pools: { readonly 'http:': Pools; readonly 'https:': Pools };
  readonly deadlines: BodyDeadlines;
  readonly bounds: BodyBounds;
  readonly isClosed: () => boolean;
}

/** One call: the request, its prepared parts, and the signal that aborts it. */
interface HttpCall {
  readonly request: HttpRequest;
  /** All headers to send; the exchange may add to them. */
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

/** The used part of the options that axios' http adapter passes to a transport. */
interface ComposedRequest {
  readonly method: string;
  readonly path: string;
  readonly hostname: string;
}

const send: AxiosAdapter = getAdapter('http');

// The same for every request. `proxy: false` keeps axios from reading the environment. Redirects,
// decompression and size limits are off as a precaution; axios never gets the body they apply to.
const FIXED = {
  proxy: false,
  maxRedirects: 0,
  responseType: 'stream',
  decompress: false,
  maxContentLength: -1,
  maxBodyLength: -1,
  headers: new AxiosHeaders(),
} as const;

// Further methods that axios' http adapter calls. Idle sockets, errors and timeouts are handled
// here and by the agent.
const NO_OPS = Object.fromEntries(['once', 'setTimeout'].map((name) => [name, () => undefined]));

/**
 * Makes one exchange. Calls `done` once, when its connection is free again or closed, which may be
 * long after the result.
 *
 * A kept connection may turn out to be closed. A repeatable request is then sent again, once, on a
 * new connection.
 * **Source**: RFC 9112 §9.3.1; net/http of Go does the same for a request with an Idempotency-Key.
 */
export async function exchange(
  context: ExchangeContext,
  call: HttpCall,
  done: () => void,
): Promise<HttpResult> {
  const { request, signal } = call;
  const pools = context.pools[request.url.protocol === 'https:' ? 'https:' : 'http:'];
  const place = placeOf(request.url);
  if (!request.isRepeatable) await pools.settle();
  const first = new Exchange(context, call, { routed: pools.route(place, request), done });
  const answer = await first.run();
  if (first.isStale) pools.died(place);
  const isAgain = first.isStale && request.isRepeatable && !signal.aborted && !context.isClosed();
  const result = isAgain
    ? await new Exchange(context, call, { routed: pools.routeAgain(), done }).run()
    : answer;
  if (!result.answered) done();
  return result;
}

/** The route of an exchange to its connection, and the callback for when that is free again. */
interface ExchangeRoute {
  readonly routed: Routed;
  readonly done: () => void;
}

/** The part of a ClientRequest that axios' http adapter uses. */
interface TransportRequest {
  on(event: string, listener: (error: unknown) => void): void;
  end(): void;
}

class Exchange {
  readonly #context: ExchangeContext;
  readonly #call: HttpCall;
  readonly #route: ExchangeRoute;
  /** Whether it ended without an answer on a reused connection. */
  isStale = false;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body: AnswerBody | null = null;
  #error: unknown = null;
  /** Bytes that its connection had read before this request. */
  #readBefore = 0;
  #reject: (error: unknown) => void = () => undefined;

  constructor(context: ExchangeContext, call: HttpCall, route: ExchangeRoute) {
    this.#context = context;
    this.#call = call;
    this.#route = route;
  }

  async run(): Promise<HttpResult> {
    const { signal } = this.#call;
    signal.addEventListener('abort', this.#onAbort);
    try {
      await send(this.#config());
      return await this.#answered();
    } catch (error) {
      const request = this.#request;
      request?.destroy();
      // axios wraps the error and attaches the whole request; ours is the original error.
      const cause = this.#error ?? error;
      this.isStale = this.#hasReadNothing() && isClosedConnection(codeOf(cause));
      return this.#failed(cause);
    } finally {
      signal.removeEventListener('abort', this.#onAbort);
    }
  }

  #config(): InternalAxiosRequestConfig {
    const { method, url } = this.#call.request;
    return { ...FIXED, method, url: url.href, transport: { request: this.#open } };
  }

  readonly #open = (
    composed: ComposedRequest,
    onResponse: (response: unknown) => void,
  ): TransportRequest => {
    const { body } = this.#call;
    const request = httpRequest(this.#routed(composed));
    this.#request = request;
    request.once('socket', ({ bytesRead }) => (this.#readBefore = bytesRead));
    request.on('response', (response) => {
      this.#response = response;
      // axios gets only the status: the head and the body are read here.
      onResponse({ statusCode: response.statusCode, headers: {} });
    });
    request.on('error', this.#fail);
    request.on('close', this.#onClose);
    return {
      on: (event, listener) => {
        if (event === 'error') this.#reject = listener;
      },
      ...NO_OPS,
      end: () => request.end(body ?? undefined),
    };
  };

  #routed(composed: ComposedRequest): RequestOptions {
    const { connector } = this.#context;
    const { headers, request } = this.#call;
    const { routed } = this.#route;
    const { url } = request;
    const { method, path, hostname } = composed;
    const target = targetOf(url);
    const place = { protocol: url.protocol, host: hostname, port: target.port };
    const route = { method, ...place, ...routed };
    const proxy = target.isTls ? null : connector.proxyTo(target);
    if (proxy === null) return { ...route, path, headers };
    const authorization = proxyAuthorization(proxy);
    if (authorization !== null) headers['proxy-authorization'] = authorization;
    return { ...route, path: `http://${url.host}${path}`, headers };
  }

  /** Whether a reused connection received no byte of an answer. */
  #hasReadNothing(): boolean {
    const request = this.#request;
    const { bytesRead = 0 } = request?.socket ?? {};
    return request?.reusedSocket === true && bytesRead === this.#readBefore;
  }

  readonly #fail = (error: unknown): void => {
    this.#error ??= error;
    this.#reject(error);
  };

  /**
   * The connection ended without an error and without an answer, such as an unrequested upgrade.
   */
  readonly #onClose = (): void => {
    if (this.#response === null) this.#fail(new ConnectError('bad-answer', 'no answer'));
  };

  readonly #onAbort = (): void => {
    // A request that still waits for its connection would emit no event.
    if (this.#response === null) this.#fail(new ConnectError('aborted', 'given up'));
    else this.#body?.giveUp();
  };

  async #answered(): Promise<HttpResult> {
    const response = this.#response;
    if (response === null) throw new ConnectError('bad-answer', 'no answer');
    this.#body = new AnswerBody(response, this.#context.bounds);
    const excerpt = await this.#body.read(this.#context.deadlines, this.#route.done);
    const status = response.statusCode ?? 0;
    return { answered: true, status, headers: toHeaders(response.headers), excerpt };
  }

  #failed(error: unknown): HttpFailed {
    const { connector, isClosed } = this.#context;
    const { request, signal } = this.#call;
    const place = placeOf(request.url);
    const isReady = connector.isReady(this.#request?.socket ?? null);
    const isFirst = this.#request?.reusedSocket === false;
    const isRefused = isFirst && isRefusedCertificate(codeOf(error));
    const reached = isReady && !isRefused ? 'perhaps' : 'never';
    const failing = { place, reached } as const;
    if (signal.aborted) return failedByAbort(signal.reason, failing);
    return isClosed() ? failedByAbort(null, failing) : failedBy(error, failing);
  }
}

/** Bounds of reading a body. */
interface BodyBounds {
  /** Size of the kept beginning. */
  readonly excerptBytes: number;
  /** Bytes to read in total before the connection is closed. */
  readonly drainBytes: number;
}

/**
 * The body of an answer. Its beginning is kept as text for people. A little more is read so that
 * the connection can be reused; beyond that the connection is closed. Nothing is decompressed, and
 * no failure of the body makes the answer a failure, because its status has been read.
 */
class AnswerBody implements Bounded {
  readonly #response: IncomingMessage;
  readonly #bounds: BodyBounds;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #onExcerpt: (excerpt: string) => void = () => undefined;

  constructor(response: IncomingMessage, bounds: BodyBounds) {
    this.#response = response;
    this.#bounds = bounds;
  }

  /**
   * Reads the body. Calls `done` once, when the connection is free again or closed.
   *
   * **Order and time**: resolves when the excerpt is complete or the body ends, often long before
   * `done`.
   */
  read(deadlines: BodyDeadlines, done: () => void): Promise<string> {
    return new Promise((resolve) => {
      this.#onExcerpt = resolve;
      let isOver = false;
      const onOver = (): void => {
        if (isOver) return;
        isOver = true;
        deadlines.remove(this);
        resolve(this.#excerpt());
        done();
      };
      const response = this.#response;
      response.on('data', (chunk: Buffer) => this.#take(chunk));
      response.on('end', onOver);
      response.on('close', onOver);
      // The event `close` follows; the answer remains valid.
      response.on('error', () => undefined);
      deadlines.add(this);
    });
  }

  /** Stops reading and closes the connection. */
  giveUp(): void {
    this.#response.destroy();
    this.#onExcerpt(this.#excerpt());
  }

  #take(chunk: Buffer): void {
    const { excerptBytes, drainBytes } = this.#bounds;
    const missing = excerptBytes - this.#bytes;
    this.#bytes += chunk.length;
    // A copy: a slice would keep the whole chunk in memory for as long as the excerpt lives.
    const isEnough = missing <= chunk.length;
    if (missing > 0) this.#chunks.push(isEnough ? Buffer.from(chunk.subarray(0, missing)) : chunk);
    if (missing > 0 && isEnough) this.#onExcerpt(this.#excerpt());
    if (isEnough && Math.max(this.#bytes, this.#announced()) > drainBytes) this.giveUp();
  }

  #announced(): number {
    return Number(this.#response.headers['content-length'] ?? 0);
  }

  #excerpt(): string {
    if (this.#chunks.length === 0 || isEncoded(this.#response)) return '';
    const bytes = Buffer.concat(this.#chunks);
    if (bytes.length < this.#bounds.excerptBytes) return bytes.toString('utf8');
    // Stream mode omits a character that was cut in two.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
  }
}

/** Whether the server compressed the body although the request forbids it; it is not text then. */
function isEncoded(response: IncomingMessage): boolean {
  const encoding = response.headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}
