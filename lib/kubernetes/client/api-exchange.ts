// One HTTP request on the wire and its result: how far it got, and the whole answer within its
// bound or the open response. Credentials are chosen in connection.ts. Only a GET and the creation
// of a named object are repeated, and only if the server had closed the kept connection.

import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '../../core/errors.ts';
import { isJsonObject } from '../../core/event.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';
import { printable } from '../../kit/text/printable.ts';
import { targetOf } from '../../net/address.ts';
import { isClosedConnection } from '../../net/failure.ts';
import { toHeaders } from '../../net/headers.ts';
import { type Destination, whyUnreached } from './connect-errors.ts';
import type { ApiAnswer, ApiCall, ApiFailed } from './kubernetes-api.ts';

/** Destination, agent and headers of a request. */
interface ApiRoute extends Destination {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Limits of the wait for an answer. */
export interface Bounds {
  readonly signal: AbortSignal;
  /** Whether the time is up; false after an abort from outside. */
  readonly expired: () => boolean;
}

/** The headers have arrived; the body is not read yet. */
export interface Responded {
  readonly ok: true;
  readonly response: IncomingMessage;
}

/** Bound of an answer if the call sets none. Pages of the API server are smaller. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Sends a request and waits for the answer's headers.
 *
 * Some load balancers close a connection after each answer without announcing it. A client that is
 * quick then finds its kept connection closed. A GET changes nothing and a named object is created
 * once, so both are sent again. Each such try uses up one kept connection; a new one is not
 * retried.
 * **Source**: RFC 9112 §9.3.1; net/http of Go does the same.
 */
export async function send(
  call: ApiCall,
  route: ApiRoute,
  bounds: Bounds,
): Promise<Responded | ApiFailed> {
  for (;;) {
    const { came, isStale } = await attempt(call, route, bounds);
    const isRepeatable = call.method === 'GET' || call.isRepeatable === true;
    if (!isStale || !isRepeatable || bounds.signal.aborted) return came;
  }
}

interface ExchangeAttempt {
  readonly came: Responded | ApiFailed;
  /** The request failed without an answer on a connection that had served before. */
  readonly isStale: boolean;
}

function attempt(call: ApiCall, route: ApiRoute, bounds: Bounds): Promise<ExchangeAttempt> {
  return new Promise((resolve) => {
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const request = start(call, route, { body, signal: bounds.signal });
    const begun = whetherBegun(request);
    // After the response arrived, the reader of the body gets the errors.
    request.on('error', (error) => {
      const came = begun() ? failedOf(error, bounds, 'perhaps') : neverSent(error, bounds, route);
      resolve({ came, isStale: request.reusedSocket && isClosedConnection(codeOf(error)) });
    });
    request.once('response', (response) =>
      resolve({ came: { ok: true, response }, isStale: false }),
    );
    request.end(body);
  });
}

function neverSent(error: unknown, bounds: Bounds, to: Destination): ApiFailed {
  const failed = failedOf(error, bounds, 'never');
  if (bounds.signal.aborted) return failed;
  return { ...failed, detail: whyUnreached(error, failed.code, to) };
}

/** Reads an answer whole, decompressed, within its bound. */
export async function readWhole(
  response: IncomingMessage,
  call: ApiCall,
  bounds: Bounds,
): Promise<ApiAnswer> {
  const maxBytes = call.maxBytes ?? MAX_ANSWER_BYTES;
  try {
    const raw = await collect(response, maxBytes);
    const isZipped = response.headers['content-encoding'] === 'gzip';
    const bytes = raw === null || !isZipped ? raw : await unzip(raw, maxBytes);
    if (bytes === null) return tooLarge(maxBytes);
    const body = jsonOrNothing(bytes.toString('utf8'));
    return {
      ok: true,
      status: response.statusCode ?? 0,
      headers: toHeaders(response.headers),
      body: isJsonObject(body) ? body : null,
      bytes: bytes.length,
    };
  } catch (error) {
    return failedOf(error, bounds, 'perhaps');
  }
}

function start(
  call: ApiCall,
  { server, agent, headers }: ApiRoute,
  { body, signal }: { readonly body: Buffer | undefined; readonly signal: AbortSignal },
): ClientRequest {
  const query = new URLSearchParams(call.query ?? {}).toString();
  const base = server.pathname.replace(/\/+$/, '');
  const { host, port, isTls } = targetOf(server);
  const options = {
    agent,
    method: call.method,
    host,
    port,
    path: `${base}${call.path}${query === '' ? '' : `?${query}`}`,
    headers: { ...headers, ...bodyHeaders(call, body) },
    signal,
  };
  return isTls ? httpsRequest(options) : httpRequest(options);
}

function bodyHeaders(call: ApiCall, body: Buffer | undefined): Record<string, string | number> {
  if (body === undefined) return {};
  const isPatch = call.method === 'PATCH';
  return {
    'content-type': isPatch ? 'application/merge-patch+json' : 'application/json',
    'content-length': body.length,
  };
}

/**
 * Whether the server may have received a part of the request. It cannot have if the socket was
 * still connecting or its TLS handshake failed.
 */
function whetherBegun(request: ClientRequest): () => boolean {
  let begun = false;
  request.once('socket', (socket) => {
    const isTls = socket instanceof TLSSocket;
    const isReady = isTls ? socket.getFinished() !== undefined : !socket.connecting;
    if (request.reusedSocket || isReady) begun = true;
    else socket.once(isTls ? 'secureConnect' : 'connect', () => (begun = true));
  });
  return () => begun;
}

function failedOf(error: unknown, bounds: Bounds, reached: 'never' | 'perhaps'): ApiFailed {
  if (bounds.expired()) return { ok: false, reached, code: 'timeout', detail: 'no answer in time' };
  if (bounds.signal.aborted) return { ok: false, reached, code: 'aborted', detail: 'aborted' };
  return { ok: false, reached, code: codeOf(error), detail: printable(messageOf(error), 300) };
}

/** Node's code of an error; `error` if it has none. */
export function codeOf(error: unknown): string {
  return codeOfFailure(error) ?? 'error';
}

function tooLarge(maxBytes: number): ApiFailed {
  const detail = `the answer exceeds ${maxBytes} bytes`;
  return { ok: false, reached: 'answered', code: 'too-large', detail };
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const chunks: AsyncIterable<Buffer> = response;
  // Leaving the loop early destroys the response and so its connection, which cannot be reused.
  for await (const part of chunks) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

async function unzip(raw: Buffer, maxBytes: number): Promise<Buffer | null> {
  try {
    return await inflate(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}
