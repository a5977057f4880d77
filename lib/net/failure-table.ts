// What each code of Node, OpenSSL and the HTTP parser means to a request: one table, tried from top
// to bottom, by code only and never by message text. Whether the request may have arrived is not
// said here: that is known from how far the connection got (connector.ts), never from a code.
// Source: https://nodejs.org/docs/latest-v24.x/api/errors.html; man 3 errno; Node's crypto_common.cc
// for the names of X509 errors; llhttp for HPE.

import type { NetworkFailure } from './http-client.ts';

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
