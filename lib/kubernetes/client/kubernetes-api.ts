// Port to an API server: one request with its whole answer, or one stream, and the server's clock.
// How it is reached (kubeconfig, credentials, proxies, clients) is in connection.ts. What an answer
// means to a watch is in watch-errors.ts.

import type { Clock } from '../../core/clock.ts';
import type { Json } from '../../core/json-object.ts';
import { sentAt } from '../../net/retry-after.ts';

/** One request to an API server. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, percent-encoded by the caller, for instance `/api/v1/namespaces/shop/events`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /**
   * Set if sending the request twice has the effect of one, as for the creation of a named object:
   * the second answer is AlreadyExists. Only such a call uses a connection that was idle for long,
   * and it is sent again if that was closed; net/http-client.ts has the promise.
   */
  readonly isRepeatable?: true;
  /** Limit for the whole answer, or for the headers if the answer is a stream. */
  readonly timeoutMs: number;
  /** Media type of the answer; plain JSON if absent. */
  readonly accept?: string;
  /** Bound of a whole answer; 32 MiB if absent. */
  readonly maxBytes?: number;
}

/** The server answered, with any status. */
export interface ApiAnswered {
  readonly ok: true;
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON object; null if the body is empty or something else. */
  readonly body: Json;
  readonly bytes: number;
}

/** The request has no whole answer. */
export interface ApiFailed {
  readonly ok: false;
  /**
   * `never`: the request certainly did not reach the server (unknown name, refused connection,
   * TLS). `perhaps`: it may have (reset or timeout after sending began). `answered`: the answer
   * exceeded `maxBytes`.
   */
  readonly reached: 'never' | 'perhaps' | 'answered';
  /** The code of net's failure, `kubeconfig-unusable` or `too-large`. */
  readonly code: string;
  /** For people; never a secret. */
  readonly detail: string;
}

/** Result of one request. */
export type ApiAnswer = ApiAnswered | ApiFailed;

/** An open answer; its body is read as it arrives. */
export interface ApiStream extends Pick<ApiAnswered, 'ok' | 'status' | 'headers'> {
  /** Chunks as they arrive; not pulling pauses the response. Throws if the stream is cut. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends the request and frees the connection; idempotent. */
  close(): void;
}

/** Client of one API server. */
export interface ApiClient extends AsyncDisposable {
  /** Its URL, without credentials. */
  readonly server: string;
  request(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer>;
  /** Sends a GET; the answer is a stream for each status below 300, else it is read whole. */
  open(call: ApiCall, signal: AbortSignal): Promise<ApiStream | ApiAnswer>;
}

/**
 * Starts a clock from one answer; each call returns the server's time in ms since 1970: the Date
 * header plus the monotonic time since. Times are compared with those that the cluster wrote, and
 * the gateway's wall clock may be hours off.
 */
export function serverClock(headers: Readonly<Record<string, string>>, clock: Clock): () => number {
  const date = sentAt(headers, clock.now());
  const since = clock.monotonic();
  return () => Math.round(date + clock.monotonic() - since);
}
