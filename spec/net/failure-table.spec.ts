// Every row of the failure table, codes without a row, and the detail for people.

import { expect } from 'chai';
import { errors } from 'undici';
import { FAILURES, type FailureRow, failedBy, failureOf } from '../../lib/net/failure.ts';

// Written out a second time, so that a moved or shadowed row fails.
const WANTED: Readonly<Record<string, readonly [before: string, after: string]>> = {
  EAI_MEMORY: ['local', 'local'],
  ENOTFOUND: ['name-not-found', 'name-not-found'],
  'EAI_*': ['name-not-found', 'name-not-found'],
  EAI_AGAIN: ['name-not-found', 'name-not-found'],
  ENODATA: ['name-not-found', 'name-not-found'],
  ESERVFAIL: ['name-not-found', 'name-not-found'],
  EREFUSED: ['name-not-found', 'name-not-found'],
  EBADNAME: ['name-not-found', 'name-not-found'],
  ENONAME: ['name-not-found', 'name-not-found'],
  ECONNREFUSED: ['refused', 'refused'],
  EHOSTUNREACH: ['unroutable', 'unroutable'],
  ENETUNREACH: ['unroutable', 'unroutable'],
  EHOSTDOWN: ['unroutable', 'unroutable'],
  ENETDOWN: ['unroutable', 'unroutable'],
  ENONET: ['unroutable', 'unroutable'],
  EAFNOSUPPORT: ['unroutable', 'unroutable'],
  ETIMEDOUT: ['connect-timeout', 'timeout'],
  ERR_SOCKET_CONNECTION_TIMEOUT: ['connect-timeout', 'timeout'],
  EMFILE: ['local', 'local'],
  ENFILE: ['local', 'local'],
  ENOBUFS: ['local', 'local'],
  ENOMEM: ['local', 'local'],
  EADDRNOTAVAIL: ['local', 'local'],
  EADDRINUSE: ['local', 'local'],
  EACCES: ['local', 'local'],
  EPERM: ['local', 'local'],
  ECONNRESET: ['reset', 'reset'],
  EPIPE: ['reset', 'reset'],
  ECONNABORTED: ['reset', 'reset'],
  ENETRESET: ['reset', 'reset'],
  ENOTCONN: ['reset', 'reset'],
  ESHUTDOWN: ['reset', 'reset'],
  'ERR_STREAM_*': ['reset', 'reset'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'reset'],
  'ERR_SOCKET_CLOSED*': ['reset', 'reset'],
  EPROTO: ['tls', 'tls'],
  'ERR_TLS_*': ['tls', 'tls'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls', 'tls'],
  'ERR_SSL_*': ['tls', 'tls'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls', 'tls'],
  'ERR_OSSL_*': ['tls', 'tls'],
  'ERR_CRYPTO_*': ['tls', 'tls'],
  'CERT_*': ['tls', 'tls'],
  CERT_HAS_EXPIRED: ['tls', 'tls'],
  CERT_NOT_YET_VALID: ['tls', 'tls'],
  'CRL_*': ['tls', 'tls'],
  'UNABLE_TO_*': ['tls', 'tls'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls', 'tls'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls', 'tls'],
  'ERROR_IN_CERT_*': ['tls', 'tls'],
  'ERROR_IN_CRL_*': ['tls', 'tls'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls', 'tls'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', 'tls'],
  HOSTNAME_MISMATCH: ['tls', 'tls'],
  INVALID_CA: ['tls', 'tls'],
  INVALID_PURPOSE: ['tls', 'tls'],
  PATH_LENGTH_EXCEEDED: ['tls', 'tls'],
  OUT_OF_MEM: ['tls', 'tls'],
  UNSPECIFIED: ['tls', 'tls'],
  'HPE_*': ['bad-answer', 'bad-answer'],
  HPE_INVALID_CONSTANT: ['bad-answer', 'bad-answer'],
  HPE_HEADER_OVERFLOW: ['bad-answer', 'bad-answer'],
  ERR_BAD_RESPONSE: ['bad-answer', 'bad-answer'],
  'too-large': ['bad-answer', 'bad-answer'],
  ERR_ASSERTION: ['bad-answer', 'bad-answer'],
  'ERR_INVALID_*': ['local', 'local'],
  ERR_INVALID_CHAR: ['local', 'local'],
  ERR_INVALID_URL: ['local', 'local'],
  'ERR_HTTP_*': ['local', 'local'],
  ERR_UNESCAPED_CHARACTERS: ['local', 'local'],
  ERR_SOCKET_BAD_PORT: ['local', 'local'],
  'ERR_HTTP2_*': ['reset', 'reset'],
  ERR_HTTP2_STREAM_ERROR: ['reset', 'reset'],
  UND_ERR_SOCKET: ['reset', 'reset'],
  UND_ERR_CLOSED: ['reset', 'reset'],
  UND_ERR_DESTROYED: ['reset', 'reset'],
  UND_ERR_INFO: ['reset', 'reset'],
  UND_ERR_CONNECT_TIMEOUT: ['connect-timeout', 'timeout'],
  UND_ERR_HEADERS_TIMEOUT: ['connect-timeout', 'timeout'],
  UND_ERR_BODY_TIMEOUT: ['connect-timeout', 'timeout'],
  UND_ERR_HEADERS_OVERFLOW: ['bad-answer', 'bad-answer'],
  'UND_ERR_RES_*': ['bad-answer', 'bad-answer'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['bad-answer', 'bad-answer'],
  'UND_ERR_ABORT*': ['aborted', 'aborted'],
  UND_ERR_ABORTED: ['aborted', 'aborted'],
  'UND_ERR_*': ['local', 'local'],
  UND_ERR_INVALID_ARG: ['local', 'local'],
  ENEVERHEARDOF: ['local', 'reset'],
  ERROR: ['local', 'reset'],
};

describe('the table of network failures', () => {
  for (const [code, [before, after]] of Object.entries(WANTED)) {
    it(`classifies ${code} as ${before} before a connection and ${after} after`, () => {
      const real = code.replace('*', 'X');
      expect(failureOf(real, { connected: false })).to.equal(before);
      expect(failureOf(real, { connected: true })).to.equal(after);
    });
  }

  it('has no row that is missing here', () => {
    const rows: readonly FailureRow[] = FAILURES;
    expect(Object.keys(WANTED)).to.include.members(rows.flatMap(({ codes }) => codes));
  });
});

describe('the code of a failure', () => {
  const codes = [
    ['of Node', 'ECONNREFUSED', 'ECONNREFUSED'],
    ['of an end that Node has no error for', 'UND_ERR_SOCKET', 'ECONNRESET'],
    ['of a head that is too long', 'UND_ERR_HEADERS_OVERFLOW', 'HPE_HEADER_OVERFLOW'],
    ['of undici that Node does not know', 'UND_ERR_INVALID_ARG', 'UND_ERR_INVALID_ARG'],
  ] as const;
  for (const [what, code, known] of codes) {
    it(`is the code ${what}`, () => {
      const error = Object.assign(new Error('secret'), { code });
      const failed = failedBy(error, { place: 'ci:443', reached: 'perhaps' });
      expect(failed).to.include({ code: known, detail: `${known} ci:443` });
    });
  }

  it('is that of the parser for an answer that is no HTTP', () => {
    const error = new errors.HTTPParserError('secret');
    const failed = failedBy(error, { place: 'ci:443', reached: 'perhaps' });
    expect(failed).to.include({ code: 'HPE_INVALID', failure: 'bad-answer' });
  });

  it('is that of a reset for an answer that ends within its body', () => {
    const error = Object.assign(new errors.HTTPParserError('Invalid EOF state'), { data: '' });
    const failed = failedBy(error, { place: 'ci:443', reached: 'perhaps' });
    expect(failed).to.include({ code: 'ECONNRESET', failure: 'reset' });
  });
});

describe('the detail of a failure', () => {
  const at = { place: 'ci.example.test:443', reached: 'never' } as const;
  const errno = (code: string, more: object): Error =>
    Object.assign(new Error('secret'), { code, ...more });
  const details = [
    [
      'an address',
      errno('ECONNREFUSED', { address: '127.0.0.1', port: 4000 }),
      'ECONNREFUSED 127.0.0.1:4000',
    ],
    ['an IPv6 address', errno('ECONNREFUSED', { address: '::1', port: 4 }), 'ECONNREFUSED [::1]:4'],
    ['a name', errno('ENOTFOUND', { hostname: 'nowhere' }), 'ENOTFOUND nowhere'],
    ['the place where the error has none', errno('EPIPE', {}), 'EPIPE ci.example.test:443'],
    ['no code where there is none', new Error('secret'), 'ERROR ci.example.test:443'],
    [
      'all addresses that were tried',
      new AggregateError([
        errno('ECONNREFUSED', { address: '::1', port: 4 }),
        errno('ECONNREFUSED', { address: '127.0.0.1', port: 4 }),
      ]),
      'ECONNREFUSED [::1]:4, 127.0.0.1:4',
    ],
    [
      'no control character',
      errno('ENOTFOUND', { hostname: 'a\u001b[2Jb' }),
      'ENOTFOUND a\\u001b[2Jb',
    ],
  ] as const;
  for (const [what, error, detail] of details) {
    it(`names ${what}, and never quotes a message`, () => {
      expect(failedBy(error, at).detail).to.equal(detail);
    });
  }
});
