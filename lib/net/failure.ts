// Classifies errors of sockets, parsers and aborts as answers `failed`: the kind of failure, and a
// detail for people made of codes and addresses. Error messages are not passed on, because some
// quote headers or input of the peer. Only messages of our own ConnectError are quoted.

import { codeOfFailure } from '../kit/file-trouble.ts';
import { hostPort } from '../kit/host-header.ts';
import { printable } from '../kit/text/printable.ts';
import type { HttpFailed, NetworkFailure } from './http-client.ts';
import { errors } from './undici.ts';

/** State of a request when it failed. */
interface FailingExchange {
  /** Destination of the request, as `host:port`. */
  readonly place: string;
  readonly reached: HttpFailed['reached'];
}

// Enough for a code, a name and four addresses.
const LONGEST_DETAIL = 300;
// A name may have many addresses; the first few show the problem.
const SHOWN_ADDRESSES = 4;

/** Makes the answer to a request whose connection or exchange ended with an error. */
export function failedBy(error: unknown, { place, reached }: FailingExchange): HttpFailed {
  if (error instanceof ConnectError) {
    const { failure, code, status } = error;
    const answer = failed({ failure, code }, reached, error.message);
    return status === null ? answer : { ...answer, proxyStatus: status };
  }
  const code = codeOf(error);
  const failure = failureOf(code, { connected: reached === 'perhaps' });
  return failed({ failure, code }, reached, `${code} ${whereOf(error) ?? place}`);
}

/** Makes the answer to an aborted request; a `TimeoutError` as the reason means `timeout`. */
export function failedByAbort(reason: unknown, { place, reached }: FailingExchange): HttpFailed {
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  if (isTimeout) return failed('timeout', reached, `no answer in time from ${place}`);
  return failed('aborted', reached, `aborted before an answer from ${place}`);
}

/** A failure and its code. */
interface FailureCode {
  readonly failure: NetworkFailure;
  readonly code: string;
}

/** Makes an answer `failed` with a printable detail. A failure without a code is its own code. */
export function failed(
  what: NetworkFailure | FailureCode,
  reached: HttpFailed['reached'],
  detail: string,
): HttpFailed {
  const { failure, code } = typeof what === 'string' ? { failure: what, code: what } : what;
  return { answered: false, reached, failure, code, detail: printable(detail, LONGEST_DETAIL) };
}

/**
 * The code of an error, or of the first error of an AggregateError. Some codes of undici are
 * replaced by the code of Node for the same failure.
 */
export function codeOf(error: unknown): string {
  // It has no code in spite of its documentation. Without data, the connection ended too early.
  if (error instanceof errors.HTTPParserError) {
    return 'data' in error && error.data === '' ? 'ECONNRESET' : 'HPE_INVALID';
  }
  const code = codeOfFailure(error);
  if (code !== undefined) return rowOf(code)?.as ?? code;
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return all.length === 0 ? 'ERROR' : codeOf(all[0]);
}

/** The addresses in an error of a socket; undefined if it names none. */
export function whereOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const places = error.errors.map(whereOf).filter((place) => place !== undefined);
    return places.length === 0 ? undefined : places.slice(0, SHOWN_ADDRESSES).join(', ');
  }
  if (!(error instanceof Error)) return undefined;
  const { address, port, hostname }: SocketErrorFields = error;
  if (typeof address === 'string' && typeof port === 'number') return hostPort(address, port);
  return typeof hostname === 'string' ? hostname : undefined;
}

/** Fields that Node adds to some errors of sockets and look-ups. */
interface SocketErrorFields extends Error {
  readonly address?: unknown;
  readonly port?: unknown;
  readonly hostname?: unknown;
}

/** One row of the failure table; a code that ends in `*` is a prefix. */
export interface FailureRow {
  readonly codes: readonly string[];
  readonly failure: NetworkFailure;
  /** The failure if the connection was established, if it differs. */
  readonly connected?: NetworkFailure;
  /** The code of Node for the same failure, which people know. */
  readonly as?: string;
}

/**
 * The failure of each code of Node, OpenSSL, the HTTP parser and undici. The first matching row
 * counts; a code without a row is `reset` on an established connection, else `local`. Only codes
 * are compared, never messages. Whether the request may have arrived depends on the connection
 * (http-connection.ts), not on a code.
 *
 * **Source**: https://nodejs.org/docs/latest-v24.x/api/errors.html; man 3 errno; Node's
 * crypto_common.cc (X509 errors); llhttp (HPE); undici's docs/api/Errors.md.
 */
export const FAILURES = [
  { codes: ['EAI_MEMORY'], failure: 'local' },
  {
    codes: ['ENOTFOUND', 'EAI_*', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'EBADNAME', 'ENONAME'],
    failure: 'name-not-found',
  },
  { codes: ['ECONNREFUSED'], failure: 'refused' },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ENONET', 'EAFNOSUPPORT'],
    failure: 'unroutable',
  },
  // Timeouts of the kernel: of the handshake, or of unacknowledged segments.
  {
    codes: ['ETIMEDOUT', 'ERR_SOCKET_CONNECTION_TIMEOUT'],
    failure: 'connect-timeout',
    connected: 'timeout',
  },
  {
    codes: ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EADDRINUSE'],
    failure: 'local',
  },
  // A firewall of this host or a network policy answers connect(2) with these.
  { codes: ['EACCES', 'EPERM'], failure: 'local' },
  {
    codes: ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ENETRESET', 'ENOTCONN', 'ESHUTDOWN'],
    failure: 'reset',
  },
  { codes: ['ERR_STREAM_*', 'ERR_SOCKET_CLOSED*', 'ERR_HTTP2_*'], failure: 'reset' },
  // undici reports an end of the connection that Node has no error for.
  {
    codes: ['UND_ERR_SOCKET', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED', 'UND_ERR_INFO'],
    failure: 'reset',
    as: 'ECONNRESET',
  },
  {
    codes: ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    failure: 'connect-timeout',
    connected: 'timeout',
    as: 'ETIMEDOUT',
  },
  { codes: ['UND_ERR_HEADERS_OVERFLOW'], failure: 'bad-answer', as: 'HPE_HEADER_OVERFLOW' },
  { codes: ['UND_ERR_RES_*'], failure: 'bad-answer' },
  { codes: ['UND_ERR_ABORT*'], failure: 'aborted' },
  { codes: ['UND_ERR_*'], failure: 'local' },
  { codes: ['EPROTO', 'ERR_TLS_*', 'ERR_SSL_*', 'ERR_OSSL_*', 'ERR_CRYPTO_*'], failure: 'tls' },
  {
    codes: [
      'CERT_*',
      'CRL_*',
      'UNABLE_TO_*',
      'ERROR_IN_CERT_*',
      'ERROR_IN_CRL_*',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'HOSTNAME_MISMATCH',
      'INVALID_CA',
      'INVALID_PURPOSE',
      'PATH_LENGTH_EXCEEDED',
      'OUT_OF_MEM',
      'UNSPECIFIED',
    ],
    failure: 'tls',
  },
  // The second: undici checks some of what it has read, such as the status, by assertion.
  { codes: ['HPE_*', 'ERR_ASSERTION'], failure: 'bad-answer' },
  // axios, if an answer exceeds its bound; every status is accepted.
  { codes: ['ERR_BAD_RESPONSE', 'too-large'], failure: 'bad-answer', as: 'too-large' },
  {
    codes: ['ERR_INVALID_*', 'ERR_HTTP_*', 'ERR_UNESCAPED_CHARACTERS', 'ERR_SOCKET_BAD_PORT'],
    failure: 'local',
  },
] as const satisfies readonly FailureRow[];

/** Classifies a code; `connected`: whether the connection was established. */
export function failureOf(
  code: string,
  { connected }: { readonly connected: boolean },
): NetworkFailure {
  const row = rowOf(code);
  if (row === undefined) return connected ? 'reset' : 'local';
  return connected ? (row.connected ?? row.failure) : row.failure;
}

const REFUSED_CERTIFICATE =
  /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED)$/;

/**
 * Whether the receiver refused our certificate. Under TLS 1.3 it does so after our side has
 * finished the handshake, but before it reads a request.
 */
export function isRefusedCertificate(code: string): boolean {
  return REFUSED_CERTIFICATE.test(code);
}

/** Whether a code means that the other side had closed the connection before the request. */
export function isClosedConnection(code: string): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function rowOf(code: string): FailureRow | undefined {
  const rows: readonly FailureRow[] = FAILURES;
  return rows.find(({ codes }) => codes.some((pattern) => covers(pattern, code)));
}

function covers(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern;
}

/**
 * A failure to connect that Sluice itself decided. The message is for people and holds no secret.
 * It never leaves lib/net: a socket is destroyed with it, and the exchange turns it into an answer.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly failure: NetworkFailure;
  /** The code of the error behind it; the failure itself if Sluice decided alone. */
  readonly code: string;
  /** The status with which a proxy refused a tunnel. */
  readonly status: number | null;

  constructor(
    failure: NetworkFailure,
    detail: string,
    {
      code = failure,
      status = null,
    }: { readonly code?: string; readonly status?: number | null } = {},
  ) {
    super(detail);
    this.failure = failure;
    this.code = code;
    this.status = status;
  }
}
