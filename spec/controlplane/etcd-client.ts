// What specs ask of etcd itself, over its JSON gateway: whether it is well, and to forget its history.
// Everything else goes through kube-apiserver.

/**
 * Compacts etcd, so that a watch from any resourceVersion handed out before answers 410.
 *
 * etcd still serves a watch that needs nothing older than the compacted revision itself, so two
 * writes of our own are put between: without them the newest position would live on. Returns the
 * revision.
 */
export async function compactEtcd(etcdUrl: string): Promise<string> {
  const write = { key: toBase64('/spec/compaction'), value: toBase64('') };
  await post(etcdUrl, '/v3/kv/put', write);
  const { revision } = (await post(etcdUrl, '/v3/kv/put', write)).header;
  await post(etcdUrl, '/v3/kv/compaction', { revision, physical: true });
  return revision;
}

/** Whether etcd has a leader and answers. */
export async function isEtcdHealthy(etcdUrl: string): Promise<boolean> {
  const response = await fetch(`${etcdUrl}/health`);
  await response.arrayBuffer();
  return response.ok;
}

interface EtcdAnswer {
  readonly header: { readonly revision: string };
}

async function post(etcdUrl: string, path: string, body: unknown): Promise<EtcdAnswer> {
  const response = await fetch(`${etcdUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as EtcdAnswer;
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
