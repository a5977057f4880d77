// Fake nodes as objects: how one is made and when it takes pods. What happens on them is in stages/.

import type { AdminClient, KubeObject } from './admin-client.ts';

/** A node for kwok to play. */
export function toNode(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
    },
  };
}

/** Whether a node is ready and has lost the taints that keep pods from a new node. */
export async function takesPods(admin: AdminClient, name: string): Promise<boolean> {
  const { spec, status } = await admin.request('GET', `/api/v1/nodes/${name}`);
  const { taints = [] } = spec as { taints?: readonly unknown[] };
  const { conditions = [] } = status as {
    conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  const isReady = conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  return isReady && taints.length === 0;
}
