// One request on the wire and what came of it. axios composes the request (method, address, path) and
// hands it to the `transport` here, which speaks node:http and knows how far it got. axios' instances,
// interceptors, redirects and header objects stay out: they cost more than the request itself, and
// the last drop characters without a word.
// Source: https://axios-http.com/docs/req_config (adapter, transport).

import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import {
  type AxiosAdapter,
  AxiosHeaders,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { hostOf, portOf, targetOf } from './address.ts';
import type { BodyDeadlines, Bounded } from './body-deadlines.ts';
import type { Connector } from './connector.ts';
import {
  ConnectTrouble,
  codeOf,
  failedBy,
  failedByAbort,
  isClosedConnection,
  isRefusedCertificate,
  placeOf,
} from './failure.ts';
import type { HttpFailed, HttpRequest, HttpResult } from './http-client.ts';
import type { Pools, Routed } from './pools.ts';
import { proxyAuthorization } from './proxies.ts';

/** What all exchanges of a client share. */
export interface RequestLine {
  readonly connector: Connector;
  readonly pools: { readonly 'http:': Pools; readonly 'https:': Pools };
  readonly deadlines: BodyDeadlines;
  readonly bounds: BodyBounds;
  readonly isClosed: () => boolean;
}

/** One call: what to send, and what ends it early. */
interface HttpCall {
  readonly request: HttpRequest;
  /** All that go out, prepared; the exchange may add to them. */
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

/** What axios' http adapter hands a transport; what else is there is not looked at. */
interface Composed {
  readonly method: string;
  readonly path: string;
  readonly hostname: string;
}

const send: AxiosAdapter = getAdapter('http');

// The same for every request. `proxy: false` keeps axios from reading the environment. Redirects,
// unpacking and sizes it could only meddle with if it read the answer, which it is not given; they
// are off all the same, should that change.
const FIXED = {
  proxy: false,
  maxRedirects: 0,
  responseType: 'stream',
  decompress: false,
  maxContentLength: -1,
  maxBodyLength: -1,
  headers: new AxiosHeaders(),
} as const;

// What axios' http adapter calls besides: idle sockets, errors and time are the agent's and ours.
const UNHEARD = Object.fromEntries(['once', 'setTimeout'].map((name) => [name, () => undefined]));

/**
 * Makes one exchange; `done` is called once, when its connection is free again or closed, which may
 * be long after the result.
 *
 * A kept connection may turn out to be closed. A request that can be repeated goes out again then, on
 * a new connection and so once only.
 * **Source**: RFC 9112 §9.3.1; net/http of Go does the same for a request with an Idempotency-Key.
 */
export async function exchange(
  line: RequestLine,
  call: HttpCall,
  done: () => void,
): Promise<HttpResult> {
  const { request, signal } = call;
  const pools = poolsOf(line, request.url);
  const place = placeOf(hostOf(request.url), portOf(request.url));
  if (!request.isRepeatable) await pools.settle();
  const first = new Exchange(line, call, { routed: pools.route(place, request), done });
  const came = await first.run();
  if (first.isStale) pools.died(place);
  const isAgain = first.isStale && request.isRepeatable && !signal.aborted && !line.isClosed();
  const result = isAgain
    ? await new Exchange(line, call, { routed: pools.routeAgain(), done }).run()
    : came;
  if (!result.answered) done();
  return result;
}

function poolsOf({ pools }: RequestLine, { protocol }: URL): Pools {
  return pools[protocol === 'https:' ? 'https:' : 'http:'];
}

/** How an exchange gets its connection, and what it calls once that is free again. */
interface ExchangeWay {
  readonly routed: Routed;
  readonly done: () => void;
}

/** A request as axios' http adapter uses it; more of a ClientRequest would cost and serve nothing. */
interface Transported {
  on(event: string, listener: (error: unknown) => void): void;
  end(): void;
}

class Exchange {
  readonly #line: RequestLine;
  readonly #call: HttpCall;
  readonly #way: ExchangeWay;
  /** Whether it ended without an answer on a connection that had served before. */
  isStale = false;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body: AnswerBody | null = null;
  #error: unknown = null;
  /** What its connection had read when it was given to this request, in bytes. */
  #readBefore = 0;
  #reject: (error: unknown) => void = () => undefined;

  constructor(line: RequestLine, call: HttpCall, way: ExchangeWay) {
    this.#line = line;
    this.#call = call;
    this.#way = way;
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
      // axios wraps what went wrong and keeps the whole request beside it; ours is the bare error.
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

  readonly #open = (composed: Composed, onResponse: (response: unknown) => void): Transported => {
    const { body } = this.#call;
    const request = httpRequest(this.#routed(composed));
    this.#request = request;
    request.once('socket', ({ bytesRead }) => (this.#readBefore = bytesRead));
    request.on('response', (response) => {
      this.#response = response;
      // axios sees the status alone: the head and the body are read here.
      onResponse({ statusCode: response.statusCode, headers: {} });
    });
    request.on('error', this.#fail);
    request.on('close', this.#onClose);
    return {
      on: (event, listener) => {
        if (event === 'error') this.#reject = listener;
      },
      ...UNHEARD,
      end: () => request.end(body ?? undefined),
    };
  };

  #routed(composed: Composed): RequestOptions {
    const { connector } = this.#line;
    const { headers, request } = this.#call;
    const { routed } = this.#way;
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

  /** Whether a connection that had served before brought nothing of an answer. */
  #hasReadNothing(): boolean {
    const request = this.#request;
    const { bytesRead = 0 } = request?.socket ?? {};
    return request?.reusedSocket === true && bytesRead === this.#readBefore;
  }

  readonly #fail = (error: unknown): void => {
    this.#error ??= error;
    this.#reject(error);
  };

  /** The connection ended without an error and without an answer: an upgrade that nobody wanted. */
  readonly #onClose = (): void => {
    if (this.#response === null) this.#fail(new ConnectTrouble('bad-answer', 'no answer'));
  };

  readonly #onAbort = (): void => {
    // A request that still waits for its connection would tell nobody that it is over.
    if (this.#response === null) this.#fail(new ConnectTrouble('aborted', 'given up'));
    else this.#body?.giveUp();
  };

  async #answered(): Promise<HttpResult> {
    const response = this.#response;
    if (response === null) throw new ConnectTrouble('bad-answer', 'no answer');
    this.#body = new AnswerBody(response, this.#line.bounds);
    const excerpt = await this.#body.read(this.#line.deadlines, this.#way.done);
    const status = response.statusCode ?? 0;
    return { answered: true, status, headers: toHeaders(response.headers), excerpt };
  }

  #failed(error: unknown): HttpFailed {
    const { connector, isClosed } = this.#line;
    const { request, signal } = this.#call;
    const place = placeOf(hostOf(request.url), portOf(request.url));
    const isReady = connector.isReady(this.#request?.socket ?? null);
    const isFirst = this.#request?.reusedSocket === false;
    const isRefused = isFirst && isRefusedCertificate(codeOf(error));
    const reached = isReady && !isRefused ? 'perhaps' : 'never';
    const failing = { place, reached } as const;
    if (signal.aborted) return failedByAbort(signal.reason, failing);
    return isClosed() ? failedByAbort(null, failing) : failedBy(error, failing);
  }
}

function toHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

// The body of an answer: its beginning is kept as text for people, a little more is read so that the
// connection can be used again, and beyond that the connection is closed. Nothing is decompressed,
// and nothing that happens to a body makes the answer a failure: its status has been read.

/** What may be read of a body. */
interface BodyBounds {
  /** How much is kept. */
  readonly excerptBytes: number;
  /** How much is read in all before the connection is closed. */
  readonly drainBytes: number;
}

/** One body being read; it is read to its end or its bound whether anybody waits or not. */
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
   * Reads; `done` is called once, when the connection is free again or closed.
   *
   * **Order and time**: resolves when the excerpt is there or the body is over, often long before
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
      // A body that breaks off is closed next; the answer stands.
      response.on('error', () => undefined);
      deadlines.add(this);
    });
  }

  /** Ends the reading where it stands, and the connection with it. */
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
    // In stream mode a character that the cut went through is left out.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
  }
}

/** Whether a server compressed although it was asked not to; what it sent is not text then. */
function isEncoded(response: IncomingMessage): boolean {
  const encoding = response.headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}
