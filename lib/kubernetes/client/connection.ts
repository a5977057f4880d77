// The only connection to an API server. Credentials come from client-node, connections from
// lib/net: client-node would open an agent for each call and end a watch after 30 s. Requests with
// a whole answer share kept connections. Each stream has its own, because a stream that tests
// another one must not fail together with it. A client is replaced if the bytes of the certificates
// change. One thing is repeated here: a request after a 401, with reread credentials.

import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { messageOf, SluiceError } from '../../core/errors.ts';
import type { Observe } from '../../core/observation.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { userAgent } from '../../kit/version.ts';
import type { HttpClient, HttpOpened } from '../../net/http-client.ts';
import { createHttpClient, RotatingClient } from '../../net/undici-client.ts';
import { readAnswer, toRequest } from './api-exchange.ts';
import { toApiFailed } from './connect-errors.ts';
import { type ApiCredentials, CredentialReader } from './credentials.ts';
import {
  type ConnectOptions,
  type KubeconfigEnvironment,
  type ServerProxy,
  serverProxy,
  unusable,
} from './kubeconfig.ts';
import type { ApiAnswer, ApiCall, ApiClient, ApiStream } from './kubernetes-api.ts';

export type { ConnectOptions } from './kubeconfig.ts';

interface ConnectParts extends KubeconfigEnvironment {
  readonly clock: Clock;
  readonly observe: Observe;
  /** Default `off`; docs/decisions/0016-http1-for-watches.md has the figures. */
  readonly http2?: 'off' | 'offered';
}

/** A connection with the origin and namespace of its configuration. */
export interface Connection extends ApiClient {
  /** The namespace of the context; null if it names none. */
  readonly namespace: string | null;
  /** Origin of the configuration, for people. */
  readonly from: string;
}

/**
 * Prepares the connection to a cluster; nothing is sent before the first request.
 *
 * **Errors**: `kubeconfig-unusable` if no retry can help: no file, bad YAML, an unknown context, an
 * unreadable certificate or token, an exec plugin that fails.
 */
export async function connect(options: ConnectOptions, parts: ConnectParts): Promise<Connection> {
  const reader = new CredentialReader(options, parts);
  const credentials = await reader.current();
  proxyOf(credentials, reader.loaded.from, parts.environment);
  return new RotatingConnection(reader, parts);
}

/** Like client-go: a server that does not take a connection by then is down. */
const CONNECT_TIMEOUT_MS = 30_000;
/** As in client-go. A request that finds its kept connection closed is sent again. */
const IDLE_MS = 90_000;
/**
 * After this silence the kernel probes the other side. It gives up after ten probes, one second
 * apart; libuv sets interval and count.
 */
const TCP_KEEP_ALIVE_MS = 15_000;

class RotatingConnection implements Connection {
  readonly server: string;
  readonly namespace: string | null;
  readonly from: string;
  readonly #reader: CredentialReader;
  readonly #parts: ConnectParts;
  readonly #clients: RotatingClient<ApiCredentials, HttpClient>;
  #isClosed = false;
  /** Secret: credentials of the last request, and those with which its client was created. */
  #adopted: { readonly credentials: ApiCredentials; readonly created: ApiCredentials } | null =
    null;
  /** The proxy of the current client; null: requests go straight to the server. */
  #proxy: string | null = null;

  constructor(reader: CredentialReader, parts: ConnectParts) {
    this.#reader = reader;
    this.#parts = parts;
    this.server = reader.loaded.server.href.replace(/\/$/, '');
    this.namespace = reader.loaded.namespace;
    this.from = reader.loaded.from;
    this.#clients = new RotatingClient((credentials) => this.#createClient(credentials));
  }

  async request(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
    using deadline = openDeadline(this.#parts.clock, call.timeoutMs, signal);
    const answer = await this.#sendAuthorized(call, 'whole', deadline.signal);
    return 'ok' in answer ? answer : await readAnswer(answer, call, deadline.signal);
  }

  async open(call: ApiCall, signal: AbortSignal): Promise<ApiStream | ApiAnswer> {
    using stack = new DisposableStack();
    const deadline = stack.use(openDeadline(this.#parts.clock, call.timeoutMs, signal));
    const answer = await this.#sendAuthorized(call, 'stream', deadline.signal);
    if ('ok' in answer) return answer;
    const { status, headers, body } = answer;
    if (status >= 300) return await readAnswer(answer, call, deadline.signal);
    // Only the headers have a deadline; an abort still ends the stream.
    deadline.lift();
    const kept = stack.move();
    kept.defer(() => answer.close());
    return { ok: true, status, headers, chunks: body, close: () => kept.dispose() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#clients[Symbol.asyncDispose]();
  }

  async #sendAuthorized(
    call: ApiCall,
    as: 'whole' | 'stream',
    signal: AbortSignal,
  ): Promise<HttpOpened | ApiAnswer> {
    const send = async (used: ApiCredentials, why: string | null) => {
      const client = this.#adopt(used, why);
      const request = toRequest(call, used, as);
      if ('ok' in request) return request;
      const { server } = used;
      const answer = await client.open(request, signal);
      return answer.answered ? answer : toApiFailed(answer, { server, proxy: this.#proxy });
    };
    try {
      const used = await this.#reader.current();
      const answer = await send(used, null);
      if ('ok' in answer || answer.status !== 401) return answer;
      const refusal = await readAnswer(answer, call, signal);
      const reread = await this.#reader.reread(used.generation);
      // The same credentials would be refused again.
      const isSame = hasSameHeaders(reread, used) && isSameTransport(reread, used);
      return isSame ? refusal : await send(reread, 'the server said 401');
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { ok: false, reached: 'never', code: error.code, detail: error.message };
    }
  }

  /** Changes to these credentials, and observes the change. */
  #adopt(credentials: ApiCredentials, why: string | null): HttpClient {
    if (this.#isClosed) throw unusable('use the connection: it was closed');
    const before = this.#adopted;
    const isKept = before !== null && isSameTransport(credentials, before.created);
    const created = isKept ? before.created : credentials;
    // Throws if certificate and key do not match; then the client before stays in use.
    const client = this.#clients.clientFor(created);
    this.#adopted = { credentials, created };
    if (before === null || (isKept && hasSameHeaders(credentials, before.credentials))) {
      return client;
    }
    const changed = isKept ? 'the token changed' : 'the certificates changed';
    this.#parts.observe({ kind: 'credentials-reread', why: why ?? changed });
    return client;
  }

  #createClient(credentials: ApiCredentials): HttpClient {
    const { clock, environment, observe, http2 = 'off' } = this.#parts;
    const found = proxyOf(credentials, this.from, environment);
    const origin = found?.proxy.url.origin ?? null;
    if (found !== null && origin !== null && origin !== this.#proxy) {
      observe({ kind: 'proxy-used', trigger: null, proxy: origin, from: found.from });
    }
    this.#proxy = origin;
    const options = {
      maxSockets: Number.POSITIVE_INFINITY,
      userAgent: userAgent(),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      tls: credentials.tls,
      proxy: found?.proxy ?? null,
      // The operator chose the server.
      addresses: 'any',
      idleMs: IDLE_MS,
      tcpKeepAliveMs: TCP_KEEP_ALIVE_MS,
      http2,
    } as const;
    return createHttpClient(options, { clock });
  }
}

/** The proxy for these credentials; **Errors**: `kubeconfig-unusable`, also for the certificates. */
function proxyOf(
  credentials: ApiCredentials,
  from: string,
  environment: KubeconfigEnvironment['environment'],
): ServerProxy | null {
  const proxy = serverProxy(credentials, environment);
  try {
    const { ca, cert, key } = credentials.tls;
    createSecureContext({ ca, cert, key });
    return proxy;
  } catch (error) {
    throw unusable(`use the certificates of ${from}: ${messageOf(error)}`);
  }
}

/** Whether both use the same connections. Certificates are compared by their bytes. */
function isSameTransport(one: ApiCredentials, other: ApiCredentials): boolean {
  const of = ({ tls, server, proxyUrl }: ApiCredentials) => ({ tls, href: server.href, proxyUrl });
  return isDeepStrictEqual(of(one), of(other));
}

function hasSameHeaders(one: ApiCredentials, other: ApiCredentials): boolean {
  return isDeepStrictEqual(one.headers, other.headers);
}
