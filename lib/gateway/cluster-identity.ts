// The identity of the cluster, checked at each start. The first id chosen stays, together with its
// origin, because delivery ids contain it. The uid of kube-system is stored next to it once it can
// be read; only a different uid means another cluster. Then the positions of the earlier cluster
// are dropped and its deliveries are orphaned. The new id is written last: a start that dies in
// between does all of it again, and nothing twice.

import { randomUUID } from 'node:crypto';
import type { ClusterRef } from '../core/delivery.ts';
import { SluiceError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { Observe } from '../core/observation.ts';
import type { Gap } from '../core/ports/source.ts';
import type { KeyValues, Store } from '../core/ports/store.ts';
import { orphanAll } from '../delivery/stored-deliveries.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import type { ClusterIdentity } from '../kubernetes/cluster-id.ts';

/** Dependencies of the check of the cluster. */
export interface FollowClusterParts {
  readonly store: Store;
  readonly observe: Observe;
  /** Address of its API server, for people. */
  readonly server: string;
  /** `cluster:` of the configuration. */
  readonly name: string | null;
  /** Names of the triggers that create objects in the cluster. */
  readonly clusterTriggers: ReadonlySet<string>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** Returns the cluster as deliveries name it, after a change of the cluster was handled. */
export async function followCluster(
  found: ClusterIdentity,
  parts: FollowClusterParts,
): Promise<ClusterRef> {
  const { store, observe, server, name } = parts;
  const { before, now, isOther } = await recognizeCluster(store.keyValues, found);
  observe({ kind: 'cluster-found', id: now.id, from: now.from, server });
  if (before !== null && isOther) await leaveCluster(before, now, parts);
  // Last, so that the next start finds the change again if this one dies before.
  if (before?.id !== now.id || before.system !== now.system) {
    await keepCluster(store.keyValues, now);
  }
  return { id: now.id, name };
}

async function leaveCluster(
  before: KnownCluster,
  after: KnownCluster,
  parts: FollowClusterParts,
): Promise<void> {
  const { store, observe, clusterTriggers, now } = parts;
  const gaps = await lostPositions(before, after, parts);
  await store.upkeep.dropPositions(gaps);
  for (const gap of gaps) observe({ kind: 'gap', gap });
  const { archive, outbox } = store;
  const why = 'its cluster was replaced by another one';
  const orphaned = await orphanAll({ archive, outbox, observe, now }, clusterTriggers, why);
  observe({ kind: 'cluster-changed', from: before.id, to: after.id, orphaned });
}

async function lostPositions(
  { id }: KnownCluster,
  after: KnownCluster,
  { store, now }: FollowClusterParts,
): Promise<readonly Gap[]> {
  const why = `another cluster has the same name: it was ${id} and is ${after.id}`;
  const gaps: Gap[] = [];
  for (const [source, positions] of await store.journal.allPositions()) {
    for (const [path, from] of positions) {
      // The new cluster was not read yet, and its versions cannot be compared with the old ones.
      const to = { resourceVersion: '0', at: now };
      gaps.push({ source, path, loss: 'possible-loss', why, from, to });
    }
  }
  return gaps;
}

/** A cluster as it is stored. */
interface KnownCluster {
  readonly id: string;
  /** Origin of the id. */
  readonly from: (typeof ORIGINS)[number];
  /** Uid of kube-system; null if it could not be read so far. */
  readonly system: string | null;
}

/** The cluster of this start compared with the stored one. */
interface RecognizedCluster {
  /** To be stored from now on. */
  readonly now: KnownCluster;
  /** As it was stored; null at the first start. */
  readonly before: KnownCluster | null;
  /** Whether it is another cluster than before. */
  readonly isOther: boolean;
}

const KEPT_AS = 'cluster';
const ORIGINS = ['kube-system', 'namespace', 'random'] as const;

/**
 * Whether a start depends on the uid of kube-system: it chooses the id, or may find that the uid changed.
 * An account that could not read the uid so far need not wait for it at each start.
 *
 * **Errors**: as `recognizeCluster`.
 */
export async function needsSystemUid(keyValues: Pick<KeyValues, 'read'>): Promise<boolean> {
  const before = parseKept(await keyValues.read(KEPT_AS));
  return before === null || before.system !== null;
}

/**
 * Compares the cluster that was found with the stored one. Changes nothing.
 *
 * **Errors**: `store-unusable` if the stored record cannot be read.
 */
export async function recognizeCluster(
  keyValues: Pick<KeyValues, 'read'>,
  found: ClusterIdentity,
): Promise<RecognizedCluster> {
  const before = parseKept(await keyValues.read(KEPT_AS));
  const system = found.id !== null && found.from === 'kube-system' ? found.id : null;
  if (before === null) {
    const chosen = found.id === null ? ({ id: randomUUID(), from: 'random' } as const) : found;
    return { before, now: { id: chosen.id, from: chosen.from, system }, isOther: false };
  }
  if (system === null || system === before.system) return { before, now: before, isOther: false };
  if (before.system === null) return { before, now: { ...before, system }, isOther: false };
  return { before, now: { id: system, from: 'kube-system', system }, isOther: true };
}

/** Stores the cluster for the next start. */
export async function keepCluster(
  keyValues: Pick<KeyValues, 'write'>,
  cluster: KnownCluster,
): Promise<void> {
  await keyValues.write(KEPT_AS, JSON.stringify(cluster));
}

function parseKept(text: string | null): KnownCluster | null {
  if (text === null) return null;
  const value = jsonOrNothing(text);
  const { id, system, ...stored } = isJsonObject(value) ? value : {};
  const from = ORIGINS.find((origin) => origin === stored['from']);
  if (typeof id !== 'string' || from === undefined) {
    // With a new cluster id every delivery would get a new id, and everything would start again.
    const message =
      'read the cluster id in the store: unknown format; run the version of Sluice that wrote it, or restore a copy of the store';
    throw new SluiceError('store-unusable', message);
  }
  // Records of earlier versions have no `system`; then the id is the uid if it came from
  // kube-system.
  const known = typeof system === 'string' ? system : null;
  return { id, from, system: known ?? (from === 'kube-system' ? id : null) };
}
