// Requests with whole answers as text, on axios: for conversations with an API such as that of a
// gateway, where convenience counts more than the cost of a request. Deliveries and Kubernetes use
// undici-client.ts, which costs a fifth. axios gets the fetch of the same undici, because Node's own
// refuses its dispatchers; connections come from our connector. No redirect is followed.
// Source: README of axios (Custom fetch); undici's docs/api/Agent.md and Connector.md.

import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AxiosInstance } from 'axios';
import type { Agent } from 'undici';
import type { Clock } from '../core/clock.ts';
import { placeOf } from './address.ts';
import { Connector, toConnect, UNTIMED } from './connector.ts';
import { failedBy, failedByAbort } from './failure.ts';
import type { HttpAnswered, HttpFailed, HttpRequest } from './http-client.ts';

/** Options of a conversation. */
interface ConversationOptions {
  readonly userAgent: string;
  /** A larger answer is a failure with the code `too-large`. */
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  /** `any`: the address was chosen by the person who runs the command. */
  readonly addresses: 'guarded' | 'any';
}

/** Dependencies of a conversation. */
interface ConversationParts {
  readonly clock: Clock;
  readonly lookup?: LookupFunction;
}

/** One request, and what follows its answer. */
interface ConversationRequest extends Pick<HttpRequest, 'method' | 'url' | 'headers'> {
  /** Called now and then while the body arrives. */
  readonly onProgress?: () => void;
}

/** A whole answer, with any status. */
export interface WholeAnswer extends Omit<HttpAnswered, 'excerpt'> {
  readonly text: string;
}

/** Sends requests to one server, one at a time, over a kept connection. */
export class Conversation implements AsyncDisposable {
  readonly #options: ConversationOptions;
  #axios: AxiosInstance | null = null;
  #agent: Agent | null = null;
  readonly #connector: Connector;
  /** Errors of connections that were never ready. */
  readonly #unsent = new WeakSet<Error>();
  readonly #closing = new AbortController();

  constructor(options: ConversationOptions, { clock, lookup = systemLookup }: ConversationParts) {
    const { connectTimeoutMs, addresses } = options;
    this.#options = options;
    const none = { tls: {}, proxy: null, http2: 'off', tcpKeepAliveMs: null } as const;
    this.#connector = new Connector({ ...none, connectTimeoutMs, addresses }, { clock, lookup });
  }

  /**
   * Makes one request and reads its answer.
   *
   * **Errors**: network failures are answers, never thrown, as for HttpClient.
   */
  async ask(request: ConversationRequest, signal: AbortSignal): Promise<WholeAnswer | HttpFailed> {
    const { method, url, headers, onProgress } = request;
    this.#axios ??= await this.#open();
    try {
      const {
        status,
        headers: found,
        data,
      } = await this.#axios.request<unknown>({
        ...{ method, url: url.href, headers: { ...headers }, signal },
        ...(onProgress !== undefined && { onDownloadProgress: onProgress }),
      });
      const pairs = Object.entries(found).map(([name, value]) => [name, String(value)] as const);
      return { answered: true, status, headers: Object.fromEntries(pairs), text: String(data) };
    } catch (error) {
      const cause = rootOf(error);
      const reached = this.#unsent.has(cause) ? 'never' : 'perhaps';
      const failing = { place: placeOf(url), reached } as const;
      return signal.aborted ? failedByAbort(signal.reason, failing) : failedBy(cause, failing);
    }
  }

  /** Loads the packages at the first request, so that a gateway, which has no conversations, does not. */
  async #open(): Promise<AxiosInstance> {
    const { userAgent, maxBytes } = this.#options;
    const { default: axios } = await import('axios');
    const { Agent, fetch, Request, Response } = await import('undici');
    const connect = toConnect(({ hostname, port, protocol }) => {
      const isTls = protocol === 'https:';
      const target = { host: hostname, port: Number(port || (isTls ? 443 : 80)), isTls };
      return this.#connector.open(target, this.#closing.signal).catch((error: unknown) => {
        const cause = rootOf(error);
        this.#unsent.add(cause);
        throw cause;
      });
    });
    this.#agent = new Agent({ ...UNTIMED, connections: 1, allowH2: false, connect });
    // Only by shape: axios declares it with the types of Node's own undici, which differ in details.
    const env: object = { fetch, Request, Response };
    const own = { accept: 'application/json', 'accept-encoding': 'identity' };
    return axios.create({
      adapter: 'fetch',
      env,
      fetchOptions: { dispatcher: this.#agent },
      // No request has a body, so none has the media type that axios would send.
      headers: { ...own, 'content-type': false, 'user-agent': userAgent },
      maxContentLength: maxBytes,
      maxRedirects: 0,
      responseType: 'text',
      validateStatus: () => true,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#agent?.destroy();
  }
}

/** The error behind those in which fetch and axios wrap it. */
function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('found no error');
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
