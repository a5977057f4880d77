// The kubeconfig with which any client of Kubernetes reaches a playback.

/** Where a playback is reached. */
export interface Reach {
  readonly url: string;
  /** The certificate that a client has to trust, PEM; absent over HTTP. */
  readonly cert?: string;
  /** The namespace that a client takes where it names none. */
  readonly namespace?: string;
}

/** A kubeconfig, as JSON, which is YAML too. */
export function renderKubeconfig({ url, cert, namespace }: Reach): string {
  const name = 'playback';
  // Over plain HTTP there is no TLS to skip; client-node refuses plain HTTP unless this says so.
  const trust =
    cert === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(cert, 'utf8').toString('base64') };
  const context = { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, ...trust } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context }],
    'current-context': name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
