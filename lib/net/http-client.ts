// The port for outbound HTTP: one request and its result. axios-client.ts implements it. It does
// not retry, follow redirects or log. Triggers decide whether an answer means success for a
// delivery.

/** One request. */
export interface HttpRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'OPTIONS';
  /** `http:` or `https:`, without credentials and fragment. */
  readonly url: URL;
  /**
   * Lower-case names; values without control characters, beyond ASCII sent as UTF-8. A request with
   * an invalid name or value fails as `local` and is not sent. So does one that names a header of
   * the connection (`content-length`, `transfer-encoding`, `connection` …), which the client sets.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body. */
  readonly body: string | Buffer | null;
  /**
   * Whether repeating the request has no effect: it changes nothing, or the receiver recognizes it
   * by an idempotency key.
   *
   * A request that cannot be repeated is sent once. It gets a new connection, or one whose last
   * answer ended too recently for any server's idle timeout. Everything that arrived on that
   * connection has been read before. A repeatable request uses any kept connection. If that ends
   * without an answer, the same bytes are sent again at once, once only, on a new connection.
   */
  readonly isRepeatable: boolean;
}

/** Kind of a network failure; failure.ts has the table that assigns it. */
export type NetworkFailure =
  | 'name-not-found'
  | 'refused'
  | 'unroutable'
  | 'forbidden-address'
  | 'connect-timeout'
  | 'tls'
  | 'proxy'
  | 'local'
  | 'reset'
  | 'timeout'
  | 'aborted'
  | 'bad-answer';

/** The head of an answer arrived, with any status. */
export interface HttpAnswered {
  readonly answered: true;
  readonly status: number;
  /** Lower-case names; the values of repeated names are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The beginning of the body as text, for people, cut at the client's bound. Empty if the receiver
   * compressed it. Untrusted: it may hold control characters.
   */
  readonly excerpt: string;
}

/** No answer arrived. */
export interface HttpFailed {
  readonly answered: false;
  /**
   * `never`: no byte of the request was sent, because no connection was ready. `perhaps`: it may
   * have arrived.
   */
  readonly reached: 'never' | 'perhaps';
  readonly failure: NetworkFailure;
  /** For people; never a secret. */
  readonly detail: string;
}

/** Result of one request. */
export type HttpResult = HttpAnswered | HttpFailed;

/** Sends requests to one receiver. Disposing closes its connections and is idempotent. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Makes one request.
   *
   * **Errors**: network failures are answers, never thrown.
   * **Order and time**: settles when the head and the beginning of the body have arrived. It also
   * settles at a bound of the body, and soon after the signal aborts. A `TimeoutError` as its
   * reason means `timeout`, any other `aborted`.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResult>;
}
