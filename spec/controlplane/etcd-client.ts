// The two things specs ask of etcd itself, over its JSON gateway: where its history stands, and to
// forget the history before that. Everything else goes through kube-apiserver.

/**
 * Compacts etcd at its current revision.
 *
 * Every watch or list from an older resourceVersion answers 410 from then on. Returns the revision.
 */
export async function compactEtcd(etcdUrl: string): Promise<string> {
  const { header } = await post(etcdUrl, '/v3/kv/range', { key: toKey('spec'), count_only: true });
  const { revision } = header;
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

function toKey(text: string): string {
  return Buffer.from(text).toString('base64');
}
