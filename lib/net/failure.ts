// From what a socket, a parser or an abort left behind to the answer `failed`: which failure, and a
// detail for people made of codes and addresses. No message of an error is passed on, for some hold
// what a peer sent or what a header said; only our own ConnectTrouble is quoted.

import { printable } from '../kit/text/printable.ts';
import type { HttpFailed, NetworkFailure } from './http-client.ts';

/** What was known of a request when it failed. */
interface FailingExchange {
  /** Where the request was to go, as `host:port`. */
  readonly place: string;
  readonly reached: HttpFailed['reached'];
}

// Enough for a code, a name and four addresses.
const LONGEST_DETAIL = 300;
// A name may have many addresses; the first few tell what is wrong.
const SHOWN_ADDRESSES = 4;

/** The answer to a request whose connection or exchange ended with an error. */
export function failedBy(error: unknown, { place, reached }: FailingExchange): HttpFailed {
  if (error instanceof ConnectTrouble) return failed(error.failure, reached, error.message);
  const code = codeOf(error);
  const failure = failureOf(code, { connected: reached === 'perhaps' });
  return failed(failure, reached, `${code} ${whereOf(error) ?? place}`);
}

/** The answer to a request that was given up; a `TimeoutError` counts as time that is up. */
export function failedByAbort(reason: unknown, { place, reached }: FailingExchange): HttpFailed {
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  if (isTimeout) return failed('timeout', reached, `no answer in time from ${place}`);
  return failed('aborted', reached, `given up before an answer from ${place}`);
}

/** The answer `failed`, its detail made safe to show. */
export function failed(
  failure: NetworkFailure,
  reached: HttpFailed['reached'],
  detail: string,
): HttpFailed {
  return { answered: false, reached, failure, detail: printable(detail, LONGEST_DETAIL) };
}

/** The code of an error; that of the first of several. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof AggregateError && error.errors.length > 0
    ? codeOf(error.errors[0])
    : 'ERROR';
}

/** The addresses that an error of a socket names; undefined where it names none. */
export function whereOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const places = error.errors.map(whereOf).filter((place) => place !== undefined);
    return places.length === 0 ? undefined : places.slice(0, SHOWN_ADDRESSES).join(', ');
  }
  if (!(error instanceof Error)) return undefined;
  const { address, port, hostname } = error as {
    address?: unknown;
    port?: unknown;
    hostname?: unknown;
  };
  if (typeof address === 'string' && typeof port === 'number') return placeOf(address, port);
  return typeof hostname === 'string' ? hostname : undefined;
}

/** A host and a port as one writes them. */
export function placeOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

// What each code of Node, OpenSSL and the HTTP parser means to a request: one table, tried from top
// to bottom, by code only and never by message text. Whether the request may have arrived is not
// said here: that is known from how far the connection got (connector.ts), never from a code.
// Source: https://nodejs.org/docs/latest-v24.x/api/errors.html; man 3 errno; Node's crypto_common.cc
// for the names of X509 errors; llhttp for HPE.

/** One row; a code that ends in `*` stands for all that begin so. */
export interface FailureRow {
  readonly codes: readonly string[];
  readonly failure: NetworkFailure;
  /** What it is once the connection had been made, where that differs. */
  readonly connected?: NetworkFailure;
}

/** Every row, in the order in which they are tried; what none names is `reset` or `local`. */
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
  // The kernel's own patience: with the handshake, or with segments that nobody acknowledged.
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
  { codes: ['ERR_STREAM_*', 'ERR_SOCKET_CLOSED*'], failure: 'reset' },
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
  { codes: ['HPE_*'], failure: 'bad-answer' },
  {
    codes: ['ERR_INVALID_*', 'ERR_HTTP_*', 'ERR_UNESCAPED_CHARACTERS', 'ERR_SOCKET_BAD_PORT'],
    failure: 'local',
  },
  // What axios itself objects to, before anything is sent.
  { codes: ['ERR_BAD_*', 'ERR_NOT_SUPPORT', 'ERR_DEPRECATED'], failure: 'local' },
] as const satisfies readonly FailureRow[];

/** What a code means; `connected` says whether the connection had been made. */
export function failureOf(
  code: string,
  { connected }: { readonly connected: boolean },
): NetworkFailure {
  const rows: readonly FailureRow[] = FAILURES;
  const row = rows.find(({ codes }) => codes.some((pattern) => covers(pattern, code)));
  if (row === undefined) return connected ? 'reset' : 'local';
  return connected ? (row.connected ?? row.failure) : row.failure;
}

const REFUSED_CERTIFICATE =
  /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED)$/;

/**
 * Whether a code says that the receiver does not take our certificate. Under TLS 1.3 it says so
 * after our side has finished the handshake, and it has read no request then.
 */
export function isRefusedCertificate(code: string): boolean {
  return REFUSED_CERTIFICATE.test(code);
}

/** Whether a code is how a connection that the other side has closed answers to a request. */
export function isClosedConnection(code: string): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function covers(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern;
}

// Why a connection was not made, where Sluice decided so itself. It never leaves this room: a socket
// is destroyed with it, and the exchange that wanted the socket makes an answer of it.

/** Ends a connection that is being made; the message is for people and holds no secret. */
export class ConnectTrouble extends Error {
  override readonly name = 'ConnectTrouble';
  readonly failure: NetworkFailure;

  constructor(failure: NetworkFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}
