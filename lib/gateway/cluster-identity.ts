// What a start does about the cluster: it keeps the id that was chosen, and where another cluster
// stands behind the same name it lets go of what belonged to the one before. The new id is written
// last, so that a start that dies in between does all of it again, and nothing twice.

import { randomUUID } from 'node:crypto';
import type { ClusterRef } from '../core/delivery.ts';
import { SluiceError } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Gap } from '../core/source.ts';
import type { KeyValues, Store } from '../core/store.ts';
import { orphanAll } from '../delivery/stored-deliveries.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import type { ClusterIdentity } from '../kubernetes/client/cluster-id.ts';

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
  const { before, now, isOther } = await recognizeCluster(store.keep, found);
  observe({ kind: 'cluster-found', id: now.id, from: now.from, server });
  if (before !== null && isOther) await leaveCluster(before, now, parts);
  // After all that, so that whoever dies before finds the change again.
  if (before?.id !== now.id || before.system !== now.system) await keepCluster(store.keep, now);
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
  const why = 'it was bound for a cluster that is no longer there';
  const orphaned = await orphanAll({ archive, outbox, observe, now }, clusterTriggers, why);
  observe({ kind: 'cluster-changed', from: before.id, to: after.id, orphaned });
}

async function lostPositions(
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

// The cluster's id as the gateway uses it: the first one chosen stays, together with where it came
// from, for ids of deliveries are made of it. The uid of kube-system, once it can be read, is noted
// beside it: only a readable uid that differs from the noted one is another cluster. What follows
// from that is done by whoever asks (cluster-change.ts); this file only says so.

/** Where a cluster id came from. */
type ClusterIdOrigin = 'kube-system' | 'namespace' | 'random';

/** A cluster as it is kept. */
interface KnownCluster {
  readonly id: string;
  readonly from: ClusterIdOrigin;
  /** The uid of kube-system; null as long as it could not be read. */
  readonly system: string | null;
}

/** What was found of a cluster, beside what is known. */
interface RecognizedCluster {
  /** As it is to be kept from now on. */
  readonly now: KnownCluster;
  /** As it was kept; null at a first start. */
  readonly before: KnownCluster | null;
  /** Another cluster than before. */
  readonly isOther: boolean;
}

const KEPT_AS = 'cluster';
const ORIGINS: readonly ClusterIdOrigin[] = ['kube-system', 'namespace', 'random'];

/**
 * Which cluster this is, seen from what the store knows of it. Changes nothing.
 *
 * **Errors**: `store-unusable` where what it knows can not be read.
 */
export async function recognizeCluster(
  keep: Pick<KeyValues, 'read'>,
  found: ClusterIdentity,
): Promise<RecognizedCluster> {
  const before = parseKept(await keep.read(KEPT_AS));
  const system = found.id !== null && found.from === 'kube-system' ? found.id : null;
  if (before === null) {
    const chosen = found.id === null ? ({ id: randomUUID(), from: 'random' } as const) : found;
    return { before, now: { id: chosen.id, from: chosen.from, system }, isOther: false };
  }
  if (system === null || system === before.system) return { before, now: before, isOther: false };
  if (before.system === null) return { before, now: { ...before, system }, isOther: false };
  return { before, now: { id: system, from: 'kube-system', system }, isOther: true };
}

/** Keeps it for the starts to come. */
export async function keepCluster(
  keep: Pick<KeyValues, 'write'>,
  cluster: KnownCluster,
): Promise<void> {
  await keep.write(KEPT_AS, JSON.stringify(cluster));
}

function parseKept(text: string | null): KnownCluster | null {
  if (text === null) return null;
  const value = jsonOrNothing(text);
  const isRecord = typeof value === 'object' && value !== null && 'id' in value && 'from' in value;
  const from = isRecord ? ORIGINS.find((origin) => origin === value.from) : undefined;
  if (!isRecord || typeof value.id !== 'string' || from === undefined) throw unreadable();
  const noted = 'system' in value && typeof value.system === 'string' ? value.system : null;
  // Records of before have no note; an id that is the uid of kube-system is one.
  return { id: value.id, from, system: noted ?? (from === 'kube-system' ? value.id : null) };
}

/** Another id would be the id of no delivery so far: everything would start again. */
function unreadable(): SluiceError {
  const message =
    'read the cluster id in the store: found what this program did not write; run the version of Sluice that wrote it, or put a copy of the store back';
  return new SluiceError('store-unusable', message);
}
