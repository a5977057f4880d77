// Kubeconfig files for specs, as text from parts. Pure: nothing is read or written here, so a spec
// can make a wrong authority or a broken user as easily as a right one.
// The result is JSON, which every reader of kubeconfigs takes, since it is YAML too.

/** What one kubeconfig says; `user` is the kubeconfig's own stanza (token, tokenFile, exec, …). */
export interface KubeconfigParts {
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; left out, the system's are used. */
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly namespace?: string;
  readonly user: Readonly<Record<string, unknown>>;
}

/** Renders one cluster, one user and one context, all called `spec`. */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const { server, ca, insecure, namespace, user } = parts;
  const cluster = {
    server,
    ...(ca === undefined ? {} : { 'certificate-authority-data': toBase64(ca) }),
    ...(insecure === true ? { 'insecure-skip-tls-verify': true } : {}),
  };
  const context = {
    cluster: 'spec',
    user: 'spec',
    ...(namespace === undefined ? {} : { namespace }),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'spec', cluster }],
    users: [{ name: 'spec', user }],
    contexts: [{ name: 'spec', context }],
    'current-context': 'spec',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The `user` stanza for a client certificate given as PEM. */
export function certificateUser(pair: { readonly certificate: string; readonly key: string }): {
  readonly 'client-certificate-data': string;
  readonly 'client-key-data': string;
} {
  return {
    'client-certificate-data': toBase64(pair.certificate),
    'client-key-data': toBase64(pair.key),
  };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
