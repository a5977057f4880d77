// Messages for a request that certainly did not reach the server: the finding, the address and the
// next step. They depend on Node's error codes only, never on its texts: some of those advise to
// start Node differently. Nothing is decided here.
// Source: https://nodejs.org/api/tls.html#x509-certificate-error-codes

import { STATUS_CODES } from 'node:http';
import { messageOf } from '../../core/errors.ts';
import { printable } from '../../kit/text/printable.ts';

/** Server of a request, and the proxy in between. */
export interface Destination {
  readonly server: URL;
  /** URL of the proxy, without credentials; null if there is none. */
  readonly proxy: string | null;
}

interface Words {
  readonly codes: readonly string[];
  readonly found: (server: string) => string;
  readonly advice: string;
}

const AUTHORITY = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
];
// Node's only code if OpenSSL aborts a handshake, for instance after an answer in plain text.
const NO_TLS = ['EPROTO'];

const WORDS: readonly Words[] = [
  {
    codes: AUTHORITY,
    found: (server) =>
      `the certificate of ${server} is not signed by an authority that this connection trusts`,
    advice:
      'put the authority of that server into certificate-authority of the kubeconfig (a pod has it in ca.crt)',
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    found: (server) => `the certificate of ${server} is not valid for this name`,
    advice: 'use a name that it holds, or set tls-server-name in the kubeconfig',
  },
  {
    codes: ['CERT_HAS_EXPIRED'],
    found: (server) => `the certificate of ${server} has expired`,
    advice: 'renew it, or correct the clock of this host',
  },
  {
    codes: ['CERT_NOT_YET_VALID'],
    found: (server) => `the certificate of ${server} is not valid yet`,
    advice: 'correct the clock of this host',
  },
  {
    codes: NO_TLS,
    found: (server) => `the TLS handshake with ${server} failed`,
    advice: 'check its port; use http:// only for a server without TLS',
  },
];

/** Explains an error after which nothing was sent; `code` is Node's. */
export function whyUnreached(error: unknown, code: string, to: Destination): string {
  const server = to.server.href.replace(/\/$/, '');
  const words = WORDS.find(({ codes }) => codes.includes(code));
  if (words !== undefined) {
    return `${words.found(server)} (${code}); no credential was sent: ${words.advice}`;
  }
  const status = statusOf(error);
  if (code === 'ERR_PROXY_TUNNEL' && status !== null) return refusedTunnel(status, to);
  // If several addresses failed, Node joins their errors into one without a message of its own.
  const said = printable(messageOf(error), 300) || code;
  return to.proxy === null ? said : `${said} (through the proxy ${to.proxy})`;
}

function refusedTunnel(status: number, { server, proxy }: Destination): string {
  const by = proxy === null ? 'the proxy' : `the proxy ${proxy}`;
  const said = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const advice =
    status === 407
      ? 'give it user and password in proxy-url (or HTTPS_PROXY)'
      : 'it must allow CONNECT to there';
  return `${by} refuses a tunnel to ${server.host}: ${said}; ${advice}`;
}

function statusOf(error: unknown): number | null {
  const has = error instanceof Error && 'statusCode' in error;
  return has && typeof error.statusCode === 'number' ? error.statusCode : null;
}
