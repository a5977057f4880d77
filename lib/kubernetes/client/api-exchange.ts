// One HTTP request on the wire and what came of it: how far it got, the whole answer within its
// bounds, or the response left open. No credentials are chosen here, and nothing is repeated but a
// GET or the creation of a named object, on a kept connection that the server had closed meanwhile.

import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/event.ts';
import { printable } from '../../kit/text/printable.ts';
import { type Destination, whyUnreached } from './connect-errors.ts';
import type { ApiAnswer, ApiCall, ApiFailed } from './kubernetes-api.ts';

/** Where a request goes and with what. */
interface ExchangeRoute extends Destination {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** How the wait for an answer may end before it comes. */
export interface Bounds {
  readonly signal: AbortSignal;
  /** Whether time was up, as opposed to an abort from outside. */
  readonly expired: () => boolean;
}

/** The headers are there; the body is still to be read. */
export interface Responded {
  readonly ok: true;
  readonly response: IncomingMessage;
}

/** What is read of an answer where the call sets no bound; the API server's own pages stay below. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Sends a request and waits for the answer's headers.
 *
 * Some load balancers close a connection after each answer without announcing it: who is quick then
 * meets the end on a kept connection. A GET changes nothing and a named object is created once, so they
 * go out again; each such try uses up one kept connection, and a new one is never tried twice.
 * **Source**: RFC 9112 §9.3.1; net/http of Go does alike.
 */
export async function send(
  call: ApiCall,
  route: ExchangeRoute,
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
  /** It ended without an answer on a connection that had served before. */
  readonly isStale: boolean;
}

function attempt(call: ApiCall, route: ExchangeRoute, bounds: Bounds): Promise<ExchangeAttempt> {
  return new Promise((resolve) => {
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const request = start(call, route, { body, signal: bounds.signal });
    const begun = whetherBegun(request);
    // After the answer came, errors belong to whoever reads the body.
    request.on('error', (error) => {
      const came = begun() ? failedOf(error, bounds, 'perhaps') : neverSent(error, bounds, route);
      resolve({ came, isStale: request.reusedSocket && STALE.includes(codeOf(error)) });
    });
    request.once('response', (response) =>
      resolve({ came: { ok: true, response }, isStale: false }),
    );
    request.end(body);
  });
}

/** How a connection that the other side has closed answers to a write. */
const STALE: readonly string[] = ['ECONNRESET', 'EPIPE'];

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
    return {
      ok: true,
      status: response.statusCode ?? 0,
      headers: toHeaders(response.headers),
      body: parse(bytes),
      bytes: bytes.length,
    };
  } catch (error) {
    return failedOf(error, bounds, 'perhaps');
  }
}

/** An answer's headers, each as one text. */
export function toHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

interface ExchangeSending {
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
}

function start(call: ApiCall, route: ExchangeRoute, sending: ExchangeSending): ClientRequest {
  const { server, agent } = route;
  const query = new URLSearchParams(call.query ?? {}).toString();
  const base = server.pathname.replace(/\/+$/, '');
  const isTls = server.protocol === 'https:';
  const options = {
    agent,
    method: call.method,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (isTls ? 443 : 80) : Number(server.port),
    path: `${base}${call.path}${query === '' ? '' : `?${query}`}`,
    headers: { ...route.headers, ...bodyHeaders(call, sending.body) },
    signal: sending.signal,
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
 * Whether the server may have seen something of the request: it has a connection that can carry it.
 * A request on a socket that is still connecting, or whose TLS handshake failed, never left.
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

/** Node's code of an error; `error` where it has none. */
export function codeOf(error: unknown): string {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return hasCode ? String(error.code) : 'error';
}

function tooLarge(maxBytes: number): ApiFailed {
  const detail = `the answer is above ${maxBytes} bytes`;
  return { ok: false, reached: 'answered', code: 'too-large', detail };
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the response, which closes a connection nobody can reuse.
  for await (const part of response as AsyncIterable<Buffer>) {
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

function parse(bytes: Buffer): Json {
  try {
    const value: Json = JSON.parse(bytes.toString('utf8')) as Json;
    return value;
  } catch {
    return null;
  }
}
