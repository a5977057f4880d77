// Converts between the port to an API server and lib/net: a call to a request, and an answer to a
// parsed one within its bound. Nothing is sent or repeated here.

import { isJsonObject } from '../../core/json-object.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { readWhole } from '../../net/answer-body.ts';
import { failedBy, failedByAbort } from '../../net/failure.ts';
import type { HttpOpened, HttpRequest } from '../../net/http-client.ts';
import type { ApiCredentials } from './credentials.ts';
import type { ApiAnswer, ApiCall, ApiFailed } from './kubernetes-api.ts';

/** Bound of an answer if the call sets none. Pages of the API server are smaller. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Makes the request of a call. Its answer is whole and possibly compressed, or a stream on its own
 * connection.
 *
 * **Errors**: a path that a URL would resolve to another one is not sent.
 */
export function toRequest(
  call: ApiCall,
  { server, headers }: Pick<ApiCredentials, 'server' | 'headers'>,
  as: 'whole' | 'stream',
): HttpRequest | ApiFailed {
  const { method, accept = 'application/json' } = call;
  const path = `${server.pathname.replace(/\/+$/, '')}${call.path}`;
  const url = new URL(server.origin);
  url.pathname = path;
  url.search = new URLSearchParams(call.query ?? {}).toString();
  if (url.pathname !== path) {
    return { ok: false, reached: 'never', code: 'local', detail: `no URL has the path ${path}` };
  }
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const isWhole = as === 'whole';
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return {
    method,
    url,
    headers: {
      ...{ accept, 'accept-encoding': isWhole ? 'gzip' : 'identity' },
      ...(body !== null && { 'content-type': type }),
      ...headers,
    },
    body,
    isRepeatable: method === 'GET' || call.isRepeatable === true,
    ...(!isWhole && { connection: 'own' }),
  };
}

/** Reads an answer whole, decompressed, within its bound. */
export async function readAnswer(
  opened: HttpOpened,
  call: ApiCall,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { maxBytes = MAX_ANSWER_BYTES } = call;
  const { status, headers } = opened;
  try {
    const bytes = await readWhole(opened, maxBytes);
    if (bytes === 'too-large') {
      const detail = `the answer exceeds ${maxBytes} bytes`;
      return { ok: false, reached: 'answered', code: 'too-large', detail };
    }
    const parsed = jsonOrNothing(bytes.toString('utf8'));
    const body = isJsonObject(parsed) ? parsed : null;
    return { ok: true, status, headers, body, bytes: bytes.length };
  } catch (error) {
    const at = { place: 'while the answer arrived', reached: 'perhaps' } as const;
    const failed = signal.aborted ? failedByAbort(signal.reason, at) : failedBy(error, at);
    return { ok: false, reached: 'perhaps', code: failed.code, detail: failed.detail };
  }
}
