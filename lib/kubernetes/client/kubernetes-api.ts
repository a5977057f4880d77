// What the rest of Sluice sees of an API server: one request with its whole answer, or one stream.
// How it is reached (kubeconfig, credentials, proxies, agents) is connection.ts; what an answer
// means to a watch is trouble.ts. Nothing here retries, but for the one re-read after a 401
// and a kept connection that turns out to be closed.

import type { Clock } from '../../core/clock.ts';
import type { Json } from '../../core/event.ts';

/** One request to an API server. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, percent-encoded by the caller, for instance `/api/v1/namespaces/shop/events`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /**
   * The same request twice has the effect of one, as a GET has: the creation of an object with a name,
   * to which the second answer is AlreadyExists. It goes out again when a kept connection turns out to
   * be closed; see exchange.ts.
   */
  readonly isRepeatable?: true;
  /** For the whole request where it is answered whole, for the headers where it is a stream. */
  readonly timeoutMs: number;
  /** The representation that is asked for; plain JSON where absent. */
  readonly accept?: string;
  /** Bytes of a whole answer that are read at the most; 32 MiB where absent. */
  readonly maxBytes?: number;
}

/** The server answered, whatever it said. */
export interface ApiAnswered {
  readonly ok: true;
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON; null where the body was empty or no JSON. */
  readonly body: Json;
  readonly bytes: number;
}

/** The server did not answer whole. */
export interface ApiFailed {
  readonly ok: false;
  /**
   * `never`: the request certainly did not reach it (name not found, connection refused, TLS).
   * `perhaps`: it may have (reset or timeout after sending began). `answered`: it answered, and the
   * answer was above `maxBytes`.
   */
  readonly reached: 'never' | 'perhaps' | 'answered';
  /** Node's error code, `timeout`, `aborted` or `too-large`. */
  readonly code: string;
  /** For people; never a secret. */
  readonly detail: string;
}

/** What came of one request. */
export type ApiAnswer = ApiAnswered | ApiFailed;

/** An open answer whose body is read as it comes. */
export interface ApiStream {
  readonly ok: true;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Chunks as they come; not pulling pauses the response. Throws where the stream is cut. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends the request and frees the connection; may be called twice. */
  close(): void;
}

/** The door to one API server. */
export interface ApiClient extends AsyncDisposable {
  /** Its URL, without credentials. */
  readonly server: string;
  request(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer>;
  /** Opens a GET; the answer is a stream for every status below 300, else read whole. */
  open(call: ApiCall, signal: AbortSignal): Promise<ApiStream | ApiAnswer>;
}

// When something was read, by the server's clock: the answer's Date header plus the monotonic time
// since. The gateway's own wall clock may be hours off, and everything is compared with times that
// the cluster wrote.

/** The Date header in ms since 1970; `now` where there is none that parses. */
export function readAtOf(headers: Readonly<Record<string, string>>, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}

/** A running server clock, started by one answer: ms since 1970 at each call. */
export function serverClock(headers: Readonly<Record<string, string>>, clock: Clock): () => number {
  const date = readAtOf(headers, clock.now());
  const since = clock.monotonic();
  return () => Math.round(date + clock.monotonic() - since);
}
