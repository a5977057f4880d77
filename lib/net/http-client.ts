// What the rest of Sluice sees of HTTP on its way out: one request, and what came of it. How it is
// made (axios, agents, proxies, addresses that are refused) is in the files beside; what an answer
// means to a delivery is the trigger's. Nothing here retries, follows a redirect or logs.

/** One request. */
export interface HttpRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'OPTIONS';
  /** `http:` or `https:`, without credentials and fragment. */
  readonly url: URL;
  /**
   * Lower-case names; values without control characters, beyond ASCII sent as UTF-8. What belongs to
   * the connection (`content-length`, `transfer-encoding`, `connection` …) is the client's: a
   * request that names it fails as `local` and is not sent. So does one with a bad name or value.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body. */
  readonly body: string | Buffer | null;
  /**
   * Whether the receiver takes the same request twice for one: it changes nothing, or the receiver
   * knows it again by a key.
   *
   * A request that cannot be repeated goes out once. It gets a new connection, or one whose last
   * answer ended so shortly ago that no idle timeout of a server can have ended it; what has arrived
   * on that connection was seen before. One that can be repeated goes on any kept connection. If that
   * ends without an answer, the same bytes go out again at once, on a new connection and once only.
   */
  readonly isRepeatable: boolean;
}

/** How the network failed, as a closed set: the rows of the table in failure-table.ts. */
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

/** The head of an answer came, whatever it said. */
export interface HttpAnswered {
  readonly answered: true;
  readonly status: number;
  /** Lower-case names; of several with one name the values are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The beginning of the body as text, for people: cut at the client's bound, never an error, empty
   * where the receiver compressed it. Untrusted: it may hold control characters.
   */
  readonly excerpt: string;
}

/** No answer came. */
export interface HttpFailed {
  readonly answered: false;
  /**
   * `never`: no byte of the request left, because no connection could carry it yet. `perhaps`: it may
   * have arrived.
   */
  readonly reached: 'never' | 'perhaps';
  readonly failure: NetworkFailure;
  /** For people; never a secret. */
  readonly detail: string;
}

/** What came of one request. */
export type HttpResult = HttpAnswered | HttpFailed;

/** Requests to one receiver. Disposing of it closes its connections; it may be disposed of twice. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Makes one request.
   *
   * **Errors**: none of the network's; what fails is an answer.
   * **Order and time**: settles soon after the signal aborts; a `TimeoutError` as its reason counts
   * as `timeout`, any other as `aborted`. Settles when the head of the answer and the beginning of
   * the body are there, or the client's bound of the body was reached.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResult>;
}
