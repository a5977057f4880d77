// The only connection to an API server. Credentials come from client-node. The rest is our own code
// on node:https: client-node would open an agent for each call and end a watch after 30 s.
// Requests with a whole answer share one keep-alive agent. Each stream has its own connection,
// because a stream that tests another one must not fail together with it. Both agents are replaced
// if the bytes of the certificates change. One thing is repeated here: a request after a 401, with
// reread credentials.

import { createHash } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { messageOf, SluiceError } from '../../core/errors.ts';
import type { Observe } from '../../core/observation.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { userAgent } from '../../kit/version.ts';
import { toHeaders } from '../../net/headers.ts';
import { hrefOf } from '../../net/proxies.ts';
import { type Bounds, type Responded, readWhole, send } from './api-exchange.ts';
import { type ApiCredentials, CredentialReader } from './credentials.ts';
import {
  type ConnectOptions,
  type KubeconfigEnvironment,
  type ServerProxy,
  serverProxy,
  unusable,
} from './kubeconfig.ts';
import type { ApiAnswer, ApiCall, ApiClient, ApiFailed, ApiStream } from './kubernetes-api.ts';

export type { ConnectOptions } from './kubeconfig.ts';

/** Dependencies of a connection. */
interface ConnectParts extends KubeconfigEnvironment {
  readonly clock: Clock;
  readonly observe: Observe;
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
  destroyPool(createUsable(credentials, reader.loaded.from, parts.environment));
  return new AgentConnection(reader, parts);
}

/** How an answer is read: whole and possibly compressed, or as it arrives. */
interface ConnectionSending {
  readonly bounds: Bounds;
  readonly as: 'whole' | 'stream';
}

/** Agents of one set of credentials; a replaced pool accepts no new connections. */
interface Pool {
  readonly fingerprint: string;
  /** Keeps connections for the next request. */
  readonly agent: HttpAgent | HttpsAgent;
  /** Keeps none. */
  readonly streams: HttpAgent | HttpsAgent;
  /** Null: requests go straight to the server. */
  readonly proxy: ServerProxy | null;
}

class AgentConnection implements Connection {
  readonly server: string;
  readonly namespace: string | null;
  readonly from: string;
  readonly #reader: CredentialReader;
  readonly #parts: ConnectParts;
  readonly #closing = new AbortController();
  readonly #userAgent = userAgent();
  /** Secret: credentials of the last request, in the form of `identityOf`. */
  #identity: string | null = null;
  #pool: Pool | null = null;
  #retired: Pool[] = [];
  /** The proxy that was observed last. */
  #observedProxy: ServerProxy | null = null;

  constructor(reader: CredentialReader, parts: ConnectParts) {
    this.#reader = reader;
    this.#parts = parts;
    this.server = reader.loaded.server.href.replace(/\/$/, '');
    this.namespace = reader.loaded.namespace;
    this.from = reader.loaded.from;
  }

  async request(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
    using deadline = openDeadline(this.#parts.clock, call.timeoutMs, signal);
    const bounds = { signal: deadline.signal, expired: () => deadline.expired };
    const responded = await this.#sendAuthorized(call, { bounds, as: 'whole' });
    return responded.ok ? await readWhole(responded.response, call, bounds) : responded;
  }

  async open(call: ApiCall, signal: AbortSignal): Promise<ApiStream | ApiAnswer> {
    const abort = linkedAbort(signal);
    using deadline = openDeadline(this.#parts.clock, call.timeoutMs, abort.signal);
    // The request uses the stream's signal, which outlives the deadline for the headers.
    const onDeadline = (): void => abort.end();
    deadline.signal.addEventListener('abort', onDeadline);
    const bounds = { signal: abort.signal, expired: () => deadline.expired };
    const responded = await this.#sendAuthorized(call, { bounds, as: 'stream' });
    if (!responded.ok) {
      abort.end();
      return responded;
    }
    const { response } = responded;
    if ((response.statusCode ?? 0) < 300) {
      deadline.signal.removeEventListener('abort', onDeadline);
      return toStream(response, abort);
    }
    const answer = await readWhole(response, call, bounds);
    abort.end();
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const pool of [this.#pool, ...this.#retired]) if (pool !== null) destroyPool(pool);
    this.#pool = null;
    this.#retired = [];
  }

  async #sendAuthorized(call: ApiCall, sending: ConnectionSending): Promise<Responded | ApiFailed> {
    const { answer, used } = await this.#send(call, sending);
    if (!answer.ok || answer.response.statusCode !== 401 || used === null) return answer;
    try {
      const reread = await this.#reader.reread(used.generation);
      // The same credentials would be refused again.
      if (identityOf(reread) === identityOf(used)) return answer;
      this.#adopt(reread, 'the server said 401');
    } catch (error) {
      answer.response.resume();
      return noCredentials(error);
    }
    answer.response.resume();
    return (await this.#send(call, sending)).answer;
  }

  async #send(
    call: ApiCall,
    sending: ConnectionSending,
  ): Promise<{ answer: Responded | ApiFailed; used: ApiCredentials | null }> {
    try {
      const credentials = await this.#reader.current();
      const { server, headers } = credentials;
      const { agent, streams, proxy } = this.#adopt(credentials, null);
      const { accept = 'application/json' } = call;
      const isWhole = sending.as === 'whole';
      const ours = { accept, 'accept-encoding': isWhole ? 'gzip' : 'identity' };
      const all = { 'user-agent': this.#userAgent, ...ours, ...headers };
      const by = proxy === null ? null : proxy.proxy.url.origin;
      const route = { server, agent: isWhole ? agent : streams, proxy: by, headers: all };
      return { answer: await send(call, route, sending.bounds), used: credentials };
    } catch (error) {
      return { answer: noCredentials(error), used: null };
    }
  }

  /** Changes to these credentials, and observes the change. */
  #adopt(credentials: ApiCredentials, why: string | null): Pool {
    if (this.#closing.signal.aborted) throw unusable('use the connection: it was closed');
    const fingerprint = fingerprintOf(credentials);
    const before = this.#pool;
    const isKept = before?.fingerprint === fingerprint;
    const { environment, observe } = this.#parts;
    // Throws if certificate and key do not match; then the old pool stays in use.
    const pool = isKept ? before : createUsable(credentials, this.from, environment);
    const identity = identityOf(credentials, fingerprint);
    const isNew = this.#identity !== null && this.#identity !== identity;
    this.#identity = identity;
    this.#pool = pool;
    if (before !== null && !isKept) this.#retire(before);
    const changed = isKept ? 'the token changed' : 'the certificates changed';
    if (isNew) observe({ kind: 'credentials-reread', why: why ?? changed });
    this.#observeProxy(pool.proxy);
    return pool;
  }

  /** Observes each proxy once. */
  #observeProxy(used: ServerProxy | null): void {
    const before = this.#observedProxy;
    this.#observedProxy = used;
    if (used === null || used.proxy.url.origin === before?.proxy.url.origin) return;
    const { proxy, from } = used;
    this.#parts.observe({ kind: 'proxy-used', trigger: null, proxy: proxy.url.origin, from });
  }

  /** Requests in flight finish; idle connections with the old certificates are closed. */
  #retire(pool: Pool): void {
    pool.agent.maxFreeSockets = 0;
    for (const sockets of Object.values(pool.agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
    const inUse = ({ agent, streams }: Pool): boolean =>
      [agent, streams].some(({ sockets }) => Object.keys(sockets).length > 0);
    this.#retired = [...this.#retired, pool].filter(inUse);
  }
}

/** Creates agents for these credentials; **Errors**: `kubeconfig-unusable`. */
function createUsable(
  credentials: ApiCredentials,
  from: string,
  environment: KubeconfigEnvironment['environment'],
): Pool {
  const proxy = serverProxy(credentials, environment);
  const href = proxy === null ? null : hrefOf(proxy.proxy);
  try {
    createSecureContext(credentials.tls);
    const agent = createAgent(credentials, href, { keepAlive: true });
    const streams = createAgent(credentials, href, { keepAlive: false });
    return { fingerprint: fingerprintOf(credentials), agent, streams, proxy };
  } catch (error) {
    throw unusable(`use the certificates of ${from}: ${messageOf(error)}`);
  }
}

function destroyPool({ agent, streams }: Pool): void {
  agent.destroy();
  streams.destroy();
}

function createAgent(
  credentials: ApiCredentials,
  proxy: string | null,
  { keepAlive }: { readonly keepAlive: boolean },
): HttpAgent | HttpsAgent {
  const options = {
    keepAlive,
    // Below the idle limit of common load balancers (60 s); client-go uses the same value.
    keepAliveMsecs: 30_000,
    maxSockets: Number.POSITIVE_INFINITY,
    // Node's agents take the proxy in the form of variables; the choice was made before.
    proxyEnv: proxy === null ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
  };
  if (credentials.server.protocol === 'http:') return new HttpAgent(options);
  // Set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED would turn it off.
  return new HttpsAgent({ ...options, rejectUnauthorized: true, ...credentials.tls });
}

function fingerprintOf(credentials: ApiCredentials): string {
  const { ca, cert, key, servername, rejectUnauthorized } = credentials.tls;
  const hash = createHash('sha256');
  for (const part of [ca, cert, key]) hash.update(part ?? '').update('\0');
  const { server, proxyUrl } = credentials;
  hash.update(JSON.stringify([servername, rejectUnauthorized, server.href, proxyUrl]));
  return hash.digest('hex');
}

/** Secret. Text that changes if and only if the credentials of requests change. */
function identityOf(credentials: ApiCredentials, fingerprint = fingerprintOf(credentials)): string {
  return `${fingerprint} ${JSON.stringify(credentials.headers)}`;
}

function noCredentials(error: unknown): ApiFailed {
  if (!(error instanceof SluiceError)) throw error;
  return { ok: false, reached: 'never', code: error.code, detail: error.message };
}

/** A signal that aborts with the outer one or on request, and leaves no listener behind. */
interface LinkedAbort {
  readonly signal: AbortSignal;
  end(): void;
}

function linkedAbort(outer: AbortSignal): LinkedAbort {
  const inner = new AbortController();
  const end = (): void => {
    outer.removeEventListener('abort', end);
    inner.abort();
  };
  if (outer.aborted) inner.abort();
  else outer.addEventListener('abort', end);
  return { signal: inner.signal, end };
}

/**
 * After this silence the kernel probes the other side. It gives up after ten probes, one second
 * apart; libuv sets interval and count.
 */
const KEEP_ALIVE_MS = 15_000;

function toStream(response: IncomingMessage, abort: LinkedAbort): ApiStream {
  response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
  // Readers get errors from the iterator. Without this listener an unread error ends the process.
  response.on('error', () => undefined);
  return {
    ok: true,
    status: response.statusCode ?? 0,
    headers: toHeaders(response.headers),
    chunks: response,
    close: () => {
      abort.end();
      response.destroy();
    },
  };
}
