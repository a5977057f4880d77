// Messages for a request without an answer: the finding, the address and the next step. They depend
// on the code and the failure of lib/net only. Node's own texts advise to start Node differently.
// Nothing is decided here.
// Source: https://nodejs.org/api/tls.html#x509-certificate-error-codes

import { STATUS_CODES } from 'node:http';
import type { HttpFailed } from '../../net/http-client.ts';
import type { ApiFailed } from './kubernetes-api.ts';

/** Server of a request, and the proxy in between. */
interface Destination {
  readonly server: URL;
  /** URL of the proxy, without credentials; null if there is none. */
  readonly proxy: string | null;
}

/** Findings about a server, of which `$` is the address, and advice. */
const WORDS = [
  {
    codes:
      /^(?:UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|CERT_(?:SIGNATURE_FAILURE|UNTRUSTED)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|INVALID_CA)$/,
    found: 'the certificate of $ is not signed by an authority that this connection trusts',
    advice:
      'put the authority of that server into certificate-authority of the kubeconfig (a pod has it in ca.crt)',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    found: 'the certificate of $ is not valid for this name',
    advice: 'use a name that it holds, or set tls-server-name in the kubeconfig',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    found: 'the certificate of $ has expired',
    advice: 'renew it, or correct the clock of this host',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    found: 'the certificate of $ is not valid yet',
    advice: 'correct the clock of this host',
  },
  // OpenSSL aborted the handshake itself, for instance after an answer in plain text.
  {
    codes: /^(?:EPROTO|ERR_SSL_(?!.*ALERT).*)$/,
    found: 'the TLS handshake with $ failed',
    advice: 'check its port; use http:// only for a server without TLS',
  },
] as const;

/** The failure of a request without an answer, explained for people. */
export function toApiFailed(failed: HttpFailed, to: Destination): ApiFailed {
  const { reached, code } = failed;
  return { ok: false, reached, code, detail: explain(failed, to) };
}

function explain(failed: HttpFailed, { server, proxy }: Destination): string {
  const { reached, code, failure, detail, proxyStatus } = failed;
  if (proxyStatus !== undefined) {
    const said = `${proxyStatus} ${STATUS_CODES[proxyStatus] ?? ''}`.trim();
    const advice =
      proxyStatus === 407
        ? 'give it user and password in proxy-url (or HTTPS_PROXY)'
        : 'it must allow CONNECT to there';
    return `the proxy ${proxy ?? ''} refuses a tunnel to ${server.host}: ${said}; ${advice}`;
  }
  if (failure === 'proxy') return `no connection through the proxy ${proxy ?? ''}: ${code}`;
  const words = reached === 'never' && WORDS.find(({ codes }) => codes.test(code));
  if (words) {
    const found = words.found.replace('$', () => server.href.replace(/\/$/, ''));
    return `${found} (${code}); no credential was sent: ${words.advice}`;
  }
  // A detail of Node's names a code and an address.
  const doing = reached === 'never' ? 'connect' : 'no answer:';
  const said = detail.startsWith(code) ? `${doing} ${detail}` : detail;
  return proxy === null ? said : `${said} (through the proxy ${proxy})`;
}
