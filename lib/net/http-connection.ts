// One connection: a Client of undici that opens one socket and never a second one, so that it is
// known which socket carried a request and how far it got. The form of headers is here, too.
// connection-pool.ts keeps connections, connector.ts opens sockets.
// Source: undici's docs/api/Client.md (events, keep-alive) and Dispatcher.md (request). RFC 9110 §5.5
// (field values), §7.6.1 (connection-specific fields); RFC 9112 §6.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';
import { codeOfFailure } from '../kit/file-trouble.ts';
import { toConnect, UNTIMED } from './connector.ts';
import { ConnectError, codeOf, isClosedConnection, isRefusedCertificate } from './failure.ts';
import type { HttpFailed, HttpRequest } from './http-client.ts';
import { Client } from './undici.ts';

/** How a connection is made, and when it ends. */
interface ConnectionOptions {
  /** Origin of the receiver. */
  readonly origin: string;
  readonly open: (signal: AbortSignal) => Promise<Socket>;
  /** Longest idle time. A shorter one that the server announces counts, less a second. */
  readonly idleMs: number;
  readonly http2: 'off' | 'offered';
  /** Called when the socket was closed after it had been connected. */
  readonly onEnd: (how: IdleEnd) => void;
}

/** End of an idle time: the connection stayed open for all of it, or the other side closed it. */
export type IdleEnd = 'stayed open' | 'was closed';

/** The head of an answer, or why there is none. */
type Requested = (error: Error | null, data: Dispatcher.ResponseData) => void;

/** Failure of a request. */
export interface RequestFailure {
  readonly error: unknown;
  readonly reached: HttpFailed['reached'];
  /** Whether it ended without an answer on a connection that had served before. */
  readonly isStale: boolean;
}

// The server's time runs from when it sent the answer; the same second as in node:http.
const ANNOUNCED_LESS_MS = 1000;

const SENT = { reached: 'perhaps', isStale: false } as const;

/** A connection to one receiver. */
export class HttpConnection {
  /** Whether it carried an answer. */
  hasServed = false;
  readonly #client: Client;
  readonly #closing = new AbortController();
  #socket: Socket | null = null;
  /** First error of the socket. */
  #cause: Error | null = null;
  #isOpened = false;
  #onOpened: () => void = () => undefined;
  /** Resolves when the socket is connected or failed to connect. */
  readonly opened = new Promise<void>((resolve) => (this.#onOpened = resolve));

  constructor({ origin, open, idleMs, http2, onEnd }: ConnectionOptions) {
    this.#client = new Client(origin, {
      ...UNTIMED,
      allowH2: http2 === 'offered',
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: ANNOUNCED_LESS_MS,
      connect: toConnect(() => this.#open(open)),
    });
    this.#client.on('disconnect', (_origin, _targets, { code }) =>
      // undici's own end of an idle connection.
      onEnd(code === 'UND_ERR_INFO' ? 'stayed open' : 'was closed'),
    );
  }

  /** Whether a request can be sent on it. */
  get isOpen(): boolean {
    return this.#socket !== null && !this.#socket.destroyed && this.#socket.writable;
  }

  /** Whether it carries many requests at once: it speaks HTTP/2. */
  get isMultiplexed(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.alpnProtocol === 'h2';
  }

  /** Bytes that were read from its socket so far. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Sends a request. `done` is called once, with the head or with an error. */
  request(options: Dispatcher.RequestOptions, done: Requested): void {
    this.#client.request(options, done);
  }

  /** Closes it at once; a request or answer on it fails. */
  destroy(): void {
    this.#closing.abort();
    this.#onOpened();
    this.#client.destroy(null, () => undefined);
  }

  /** Says about the failure of a request without an answer how far it got. */
  failureOf(reported: unknown, readBefore: number): RequestFailure {
    const socket = this.#socket;
    if (socket === null || reported instanceof ConnectError) {
      return { error: reported, reached: 'never', isStale: this.hasServed };
    }
    const error = this.#cause ?? reported;
    const hasRead = socket.bytesRead > readBefore;
    const isUnasked = codeOfFailure(error) === 'UND_ERR_SOCKET' && hasRead && !socket.readableEnded;
    if (isUnasked) return { error: new ConnectError('bad-answer', 'no answer'), ...SENT };
    const code = codeOf(error);
    const isRefused = !this.hasServed && isRefusedCertificate(code);
    if (isRefused) return { error, reached: 'never', isStale: false };
    // With HTTP/2, other requests read from the same socket; this one has no head.
    const isUnread = this.isMultiplexed || !hasRead;
    const isStale = this.hasServed && isUnread && isClosedConnection(code);
    return { error, reached: 'perhaps', isStale };
  }

  async #open(open: ConnectionOptions['open']): Promise<Socket> {
    // The request was not written to the first socket.
    if (this.#isOpened) throw new ConnectError('reset', 'closed', { code: 'ECONNRESET' });
    this.#isOpened = true;
    try {
      const socket = await open(this.#closing.signal);
      // undici reports the last error of a socket; an end may follow the alert that explains it.
      socket.once('error', (error) => (this.#cause = error));
      this.#socket = socket;
      return socket;
    } finally {
      this.#onOpened();
    }
  }
}

// Headers over HTTP: the form of an answer's, the completion of a request's, and when an answer was
// sent.
// Source: RFC 9110 §5.5 (field values), §6.6.1 (Date), §7.6.1 (connection-specific fields); RFC 9112
// §6.

// Of these only the first counts, as in node:http: a joined one could not be parsed.
const SINGLE = new Set([
  ...['age', 'content-length', 'content-type', 'date', 'etag', 'expires', 'last-modified'],
  ...['location', 'retry-after', 'server'],
]);

/** Headers of an answer, each as one text; the values of a repeated name are joined by commas. */
export function toHeaders(
  headers: NodeJS.Dict<string | string[]>,
): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') flat[name] = value;
    else if (value !== undefined) {
      flat[name] = SINGLE.has(name) ? (value[0] ?? '') : value.join(', ');
    }
  }
  return flat;
}

// Headers that frame the message or belong to the connection; callers cannot set them.
const OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const PLAIN = /^[\t\x20-\x7e]*$/;
const CONTROL = /[^\P{Cc}\t]/u;

/**
 * Completes the headers of a request; returns a text if the caller's headers cannot be sent. The
 * length of the body is added by undici.
 *
 * **Shape**: by lower-case name. Characters beyond ASCII are sent as UTF-8, which most receivers
 * expect.
 */
export function toSentHeaders(
  headers: HttpRequest['headers'],
  userAgent: string,
): Record<string, string> | string {
  const sent: Record<string, string> = {
    accept: '*/*',
    'user-agent': userAgent,
    'accept-encoding': 'identity',
  };
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!TOKEN.test(name)) return 'a header has an invalid name';
    if (OURS.has(name)) return `header ${name} belongs to the connection`;
    if (PLAIN.test(value)) sent[name] = value;
    else if (CONTROL.test(value)) return `header ${name} holds a control character`;
    else sent[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  return sent;
}
