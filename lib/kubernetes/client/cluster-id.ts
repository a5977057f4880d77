// Which cluster this is: the uid of the namespace kube-system, else of the gateway's own namespace,
// where they may be read. An API server that is away is waited for. Choosing an id where neither can
// be read, and keeping it, is the store's and the gateway's.
// Source: kubernetes/kubernetes issue 77487 (why the uid of kube-system is the customary id).

import type { Clock, Random } from '../../core/clock.ts';
import { stringAt } from '../../core/event.ts';
import type { Observe } from '../../core/observation.ts';
import { ReconnectBackoff } from '../watch/reconnect-backoff.ts';
import { foreignDetail, isStatus, toWatchError, type WatchError } from '../watch/watch-errors.ts';
import type { ApiAnswer, ApiClient } from './kubernetes-api.ts';
import { get, resourcePath } from './objects.ts';

/** What a cluster is known by. */
export type ClusterIdentity =
  | { readonly id: string; readonly from: 'kube-system' | 'namespace' }
  /** Neither may be read; the store makes one up. */
  | { readonly id: null; readonly why: string };

/** What finding it may have. */
interface FindClusterParts {
  /** The gateway's own namespace; '' means all, and then only kube-system is asked for. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
}

const KUBE_SYSTEM = 'kube-system';

/**
 * A server that has just started answers 403 until it has read its roles (seen for about 1 s), and
 * that of a new cluster 404 until it has created kube-system.
 */
const RETRY_MS = 3_000;

/**
 * Finds out which cluster this is, waiting for an API server that does not answer.
 *
 * **Order and time**: where kube-system may not be read it asks once more after 3 s before it
 * settles for less, because an id that was chosen stays.
 */
export async function findCluster(
  api: ApiClient,
  parts: FindClusterParts,
  signal: AbortSignal,
): Promise<ClusterIdentity> {
  const system = await systemUid(api, parts, signal);
  if (system.uid !== '') return { id: system.uid, from: 'kube-system' };
  if (parts.namespace === '') return { id: null, why: system.why };
  const own = await uidOf(api, { ...parts, name: parts.namespace }, signal);
  if (own.uid !== '') return { id: own.uid, from: 'namespace' };
  return { id: null, why: `${system.why}; ${own.why}` };
}

async function systemUid(
  api: ApiClient,
  parts: FindClusterParts,
  signal: AbortSignal,
): Promise<Uid> {
  const first = await uidOf(api, { ...parts, name: KUBE_SYSTEM }, signal);
  if (first.uid !== '') return first;
  await parts.clock.sleep(RETRY_MS, signal);
  return uidOf(api, { ...parts, name: KUBE_SYSTEM }, signal);
}

interface Uid {
  /** '' where it may not be read or is not there. */
  readonly uid: string;
  readonly why: string;
}

async function uidOf(
  api: ApiClient,
  { name, clock, random, observe }: FindClusterParts & { readonly name: string },
  signal: AbortSignal,
): Promise<Uid> {
  const path = resourcePath({
    group: '',
    version: 'v1',
    namespace: null,
    plural: 'namespaces',
    name,
  });
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

/** What the answer settles; null where it settles nothing and is to be asked again. */
function uidIn(answer: ApiAnswer, name: string): Uid | null {
  if (!answer.ok) return null;
  const { status, body } = answer;
  const uid = stringAt(body, 'metadata', 'uid');
  if (status === 200 && uid !== '') return { uid, why: '' };
  // Only an API server can say that the namespace may not be read; a login page says 403 as well.
  if (!isStatus(answer)) return null;
  if (status === 403) return { uid: '', why: `get namespace ${name}: forbidden` };
  return status === 404 ? { uid: '', why: `get namespace ${name}: not found` } : null;
}

function errorIn(answer: ApiAnswer, now: number): WatchError {
  if (!answer.ok) return toWatchError({ seen: 'failure', failure: answer }, now);
  const error = toWatchError({ seen: 'answer', answer }, now);
  // An API server that is away or busy may have its answer given by others, or in plain text.
  if (isStatus(answer) || answer.status === 429 || answer.status >= 500) return error;
  return { ...error, reason: 'no-api-server', wait: 'slow', detail: foreignDetail(answer) };
}
