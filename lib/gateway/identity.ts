// The cluster's id as the gateway uses it: the first one chosen stays, together with where it came
// from, for ids of deliveries are made of it. Following a change of cluster behind one name belongs
// to a durable store and is not here.
import { randomUUID } from 'node:crypto';
import type { Observe } from '../core/observation.ts';
import type { Keep } from '../core/store.ts';
import type { ClusterIdentity } from '../kubernetes/cluster.ts';

/** Where a cluster id came from. */
export type ClusterIdOrigin = 'kube-system' | 'namespace' | 'random';

const KEPT_AS = 'cluster';
const ORIGINS: readonly ClusterIdOrigin[] = ['kube-system', 'namespace', 'random'];

/** The id of the cluster: the one kept, else the one found, else a random one; kept from now on. */
export async function clusterId(
  keep: Keep,
  found: ClusterIdentity,
  at: { readonly server: string; readonly observe: Observe },
): Promise<string> {
  const kept = parseKept(await keep.read(KEPT_AS));
  const chosen = kept ?? (found.id === null ? random() : found);
  if (kept === null) await keep.write(KEPT_AS, JSON.stringify(chosen));
  at.observe({ kind: 'cluster-found', ...chosen, server: at.server });
  return chosen.id;
}

function random(): { readonly id: string; readonly from: ClusterIdOrigin } {
  return { id: randomUUID(), from: 'random' };
}

function parseKept(text: string | null): { id: string; from: ClusterIdOrigin } | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return null;
  if (!('id' in value) || typeof value.id !== 'string' || !('from' in value)) return null;
  const from = ORIGINS.find((origin) => origin === value.from);
  return from === undefined ? null : { id: value.id, from };
}
