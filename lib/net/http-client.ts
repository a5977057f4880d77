// The port for outbound HTTP: one request and its result, or its open answer. undici-client.ts
// implements it. It does not retry, follow redirects or log. Callers decide what an answer means.

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
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
  /** A new connection that carries nothing else and is closed after the answer; for watches. */
  readonly connection?: 'own';
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
  /** The code of the error, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`; else the failure. */
  readonly code: string;
  /** For people; never a secret. */
  readonly detail: string;
  /** The status with which a proxy refused a tunnel. */
  readonly proxyStatus?: number;
}

/** Result of one request. */
export type HttpResult = HttpAnswered | HttpFailed;

/** An answer whose body is read as it arrives. */
export interface HttpOpened extends Omit<HttpAnswered, 'excerpt'> {
  /**
   * The body as it arrives, to be read once. Not pulling pauses the connection.
   *
   * **Errors**: throws if the body is cut, also by the signal; failure.ts explains the error.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the request; its connection is closed unless the body was read. Idempotent. */
  close(): void;
}

/** Sends requests. Disposing closes its connections, aborts its requests, and is idempotent. */
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

  /**
   * Makes one request whose answer is read by the caller.
   *
   * **Errors**: as `send`. **Order and time**: settles with the head. The signal also ends the body.
   * A header `accept-encoding` of the request is sent; without one, compression is refused.
   */
  open(request: HttpRequest, signal: AbortSignal): Promise<HttpOpened | HttpFailed>;
  /**
   * Takes no new request and closes idle connections. Answers in flight end, also open ones, and
   * their connections are closed then.
   *
   * **Order and time**: resolves when the last connection was closed.
   */
  retire(): Promise<void>;
}
