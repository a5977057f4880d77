// Id of the cluster: the uid of the namespace kube-system, else of the gateway's own namespace, if
// one of them can be read. It waits for an API server that does not answer. If neither can be read,
// the store makes up an id and keeps it.
// Source: kubernetes/kubernetes issue 77487 (why the uid of kube-system is the customary id).

import type { Clock, Random } from '../core/clock.ts';
import { stringAt } from '../core/json-object.ts';
import type { Observe } from '../core/observation.ts';
import { foreignDetail, isStatus } from './client/answer-origin.ts';
import type { ApiAnswer, ApiClient } from './client/kubernetes-api.ts';
import { get, resourcePath } from './client/objects.ts';
import { ReconnectBackoff } from './watch/reconnect-backoff.ts';
import { toWatchError, type WatchError } from './watch/watch-errors.ts';

/** Identity of a cluster and its origin. */
export type ClusterIdentity =
  | { readonly id: string; readonly from: 'kube-system' | 'namespace' }
  /** Neither namespace can be read; the store makes up an id. */
  | { readonly id: null; readonly why: string };

/** A question about the cluster at a start. */
export interface ClusterQuestion {
  /** Whether the id of this start depends on the uid of kube-system; only then is it read twice. */
  readonly needsSystemUid: boolean;
  readonly observe: Observe;
}

/** Dependencies of the search for the id. */
interface FindClusterParts extends ClusterQuestion {
  /** The gateway's own namespace; '' means all, and then only kube-system is read. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
}

const KUBE_SYSTEM = 'kube-system';

/**
 * A server that has just started answers 403 until it has read its roles (seen for about 1 s). A
 * new cluster answers 404 until it has created kube-system.
 */
const RETRY_MS = 3_000;

/**
 * Reads the id of the cluster; waits for an API server that does not answer.
 *
 * **Order and time**: if kube-system is needed and cannot be read, it tries once more after 3 s. Only
 * then does it use the other namespace, because a chosen id is permanent.
 */
export async function findCluster(
  api: ApiClient,
  parts: FindClusterParts,
  signal: AbortSignal,
): Promise<ClusterIdentity> {
  let system = await uidOf(api, { ...parts, name: KUBE_SYSTEM }, signal);
  if (system.uid === '' && parts.needsSystemUid) {
    await parts.clock.sleep(RETRY_MS, signal);
    system = await uidOf(api, { ...parts, name: KUBE_SYSTEM }, signal);
  }
  if (system.uid !== '') return { id: system.uid, from: 'kube-system' };
  if (parts.namespace === '') return { id: null, why: system.why };
  const own = await uidOf(api, { ...parts, name: parts.namespace }, signal);
  if (own.uid !== '') return { id: own.uid, from: 'namespace' };
  return { id: null, why: `${system.why}; ${own.why}` };
}

interface Uid {
  /** '' if the namespace does not exist or cannot be read. */
  readonly uid: string;
  readonly why: string;
}

async function uidOf(
  api: ApiClient,
  { name, clock, random, observe }: FindClusterParts & { readonly name: string },
  signal: AbortSignal,
): Promise<Uid> {
  const namespaces = { group: '', version: 'v1', namespace: null, plural: 'namespaces' } as const;
  const path = resourcePath({ ...namespaces, name });
  const backoff = new ReconnectBackoff(random);
  for (;;) {
    const answer = await get(api, path, signal);
    signal.throwIfAborted();
    const uid = uidIn(answer, name);
    if (uid !== null) return uid;
    const error = errorIn(answer, clock.now());
    const why = `read namespace ${name}: ${error.reason}: ${error.detail}`;
    observe({ kind: 'cluster-waiting', server: api.server, why });
    await clock.sleep(backoff.delayMs(error, { livedMs: 0, moved: false }), signal);
  }
}

/** The uid in the answer; null if the answer is not final, so that the request is repeated. */
function uidIn(answer: ApiAnswer, name: string): Uid | null {
  if (!answer.ok) return null;
  const { status, body } = answer;
  const uid = stringAt(body, 'metadata', 'uid');
  if (status === 200 && uid !== '') return { uid, why: '' };
  // Only an API server can say that the namespace cannot be read; a login page says 403 as well.
  if (!isStatus(answer)) return null;
  if (status === 403) return { uid: '', why: `get namespace ${name}: forbidden` };
  return status === 404 ? { uid: '', why: `get namespace ${name}: not found` } : null;
}

function errorIn(answer: ApiAnswer, now: number): WatchError {
  if (!answer.ok) return toWatchError({ seen: 'failure', failure: answer }, now);
  const error = toWatchError({ seen: 'answer', answer }, now);
  // While an API server is down or busy, a proxy may answer for it, also in plain text.
  if (isStatus(answer) || answer.status === 429 || answer.status >= 500) return error;
  return { ...error, reason: 'no-api-server', wait: 'slow', detail: foreignDetail(answer) };
}
