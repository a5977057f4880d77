// One request on the wire and what came of it. axios composes the request (method, address, path) and
// hands it to the `transport` here, which speaks node:http and knows how far it got. axios' instances,
// interceptors, redirects and header objects stay out: they cost more than the request itself, and
// the last drop characters without a word.
// Source: https://axios-http.com/docs/req_config (adapter, transport).
import { AxiosHeaders, getAdapter } from 'axios';
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';
import { request as httpRequest } from 'node:http';
import type {
  Agent,
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestOptions,
} from 'node:http';
import { hostOf } from './address.ts';
import { AnswerBody } from './answer-body.ts';
import type { BodyBounds } from './answer-body.ts';
import type { BodyDeadlines } from './body-deadlines.ts';
import { ConnectTrouble } from './connect-trouble.ts';
import type { Connector } from './connector.ts';
import { portOf } from './connector.ts';
import { codeOf, failedBy, failedByAbort, placeOf } from './failure.ts';
import { isRefusedCertificate } from './failure-table.ts';
import type { HttpFailed, HttpRequest, HttpResult } from './http-client.ts';

/** What all exchanges of a client share. */
export interface Line {
  readonly connector: Connector;
  readonly agents: { readonly 'http:': Agent; readonly 'https:': Agent };
  readonly deadlines: BodyDeadlines;
  readonly bounds: BodyBounds;
  readonly isClosed: () => boolean;
}

/** One call: what to send, and what ends it early. */
export interface Call {
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
 */
export function exchange(line: Line, call: Call, done: () => void): Promise<HttpResult> {
  return new Exchange(line, call, done).run();
}

/** A request as axios' http adapter uses it; more of a ClientRequest would cost and serve nothing. */
interface Transported {
  on(event: string, listener: (error: unknown) => void): void;
  end(): void;
}

class Exchange {
  readonly #line: Line;
  readonly #call: Call;
  readonly #done: () => void;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body: AnswerBody | null = null;
  #error: unknown = null;
  #reject: (error: unknown) => void = () => undefined;

  constructor(line: Line, call: Call, done: () => void) {
    this.#line = line;
    this.#call = call;
    this.#done = done;
  }

  async run(): Promise<HttpResult> {
    const { signal } = this.#call;
    signal.addEventListener('abort', this.#onAbort);
    try {
      await send(this.#config());
      return await this.#answered();
    } catch (error) {
      this.#request?.destroy();
      this.#done();
      // axios wraps what went wrong and keeps the whole request beside it; ours is the bare error.
      return this.#failed(this.#error ?? error);
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
    const { connector, agents } = this.#line;
    const { headers, request } = this.#call;
    const { url } = request;
    const isTls = url.protocol === 'https:';
    const { method, path, hostname } = composed;
    const route = { method, protocol: url.protocol, host: hostname, port: portOf(url) };
    const agent = agents[isTls ? 'https:' : 'http:'];
    if (isTls || connector.proxy === null) return { ...route, agent, path, headers };
    const { proxyAuthorization } = connector;
    if (proxyAuthorization !== null) headers['proxy-authorization'] = proxyAuthorization;
    return { ...route, agent, path: `http://${url.host}${path}`, headers };
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
    const excerpt = await this.#body.read(this.#line.deadlines, this.#done);
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
