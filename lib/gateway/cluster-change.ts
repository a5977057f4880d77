// What a start does about the cluster: it keeps the id that was chosen, and where another cluster
// stands behind the same name it lets go of what belonged to the one before. The new id is written
// last, so that a start that dies in between does all of it again, and nothing twice.

import type { ClusterRef } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Gap } from '../core/source.ts';
import type { Store } from '../core/store.ts';
import { orphanAll } from '../delivery/dispatch.ts';
import type { ClusterIdentity } from '../kubernetes/cluster.ts';
import { type KnownCluster, keepCluster, recogniseCluster } from './identity.ts';

/** What following a cluster works with. */
export interface FollowClusterParts {
  readonly store: Store;
  readonly observe: Observe;
  /** Where its API server is, for people. */
  readonly server: string;
  /** `cluster:` of the configuration. */
  readonly name: string | null;
  /** The names of the triggers that speak to the cluster. */
  readonly clusterTriggers: ReadonlySet<string>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** The cluster as deliveries name it, after everything that follows from which one it is. */
export async function followCluster(
  found: ClusterIdentity,
  parts: FollowClusterParts,
): Promise<ClusterRef> {
  const { store, observe, server, name } = parts;
  const { before, now, isOther } = await recogniseCluster(store.keep, found);
  observe({ kind: 'cluster-found', id: now.id, from: now.from, server });
  if (before !== null && isOther) await leave(before, now, parts);
  // After all that, so that whoever dies before finds the change again.
  if (before?.id !== now.id || before.system !== now.system) await keepCluster(store.keep, now);
  return { id: now.id, name };
}

async function leave(
  before: KnownCluster,
  after: KnownCluster,
  parts: FollowClusterParts,
): Promise<void> {
  const { store, observe, clusterTriggers, now } = parts;
  const gaps = await lostWith(before, after, parts);
  await store.upkeep.dropPositions(gaps);
  for (const gap of gaps) observe({ kind: 'gap', gap });
  const { archive, outbox } = store;
  const why = 'it was bound for a cluster that is no longer there';
  const orphaned = await orphanAll({ archive, outbox, observe, now }, clusterTriggers, why);
  observe({ kind: 'cluster-changed', from: before.id, to: after.id, orphaned });
}

async function lostWith(
  { id }: KnownCluster,
  after: KnownCluster,
  { store, now }: FollowClusterParts,
): Promise<readonly Gap[]> {
  const why = `another cluster stands behind the same name: it was ${id} and is ${after.id}`;
  const gaps: Gap[] = [];
  for (const [source, positions] of await store.journal.allPositions()) {
    for (const [path, from] of positions) {
      // Nothing of the other cluster was read yet, and its versions say nothing about this one's.
      const to = { resourceVersion: '0', at: now };
      gaps.push({ source, path, loss: 'possible-loss', why, from, to });
    }
  }
  return gaps;
}
