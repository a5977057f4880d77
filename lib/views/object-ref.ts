// References to the involved object of a delivery. The store keeps and indexes
// `<apiVersion>/<Kind>/<namespace>/<name>`. People omit the apiVersion, so it is added here for the
// built-in kinds of Kubernetes. Other kinds need it, because nothing here asks a cluster.
// Source: kinds of https://kubernetes.io/docs/reference/kubernetes-api/ that Events are about.

import type { Archive } from '../core/ports/store.ts';
import { printable } from '../kit/text/printable.ts';

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  v1: [
    'ConfigMap',
    'Endpoints',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  'apps/v1': ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  'autoscaling/v1': ['HorizontalPodAutoscaler'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'batch/v1': ['CronJob', 'Job'],
  'coordination.k8s.io/v1': ['Lease'],
  'discovery.k8s.io/v1': ['EndpointSlice'],
  'networking.k8s.io/v1': ['Ingress', 'NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'storage.k8s.io/v1': ['CSINode', 'StorageClass', 'VolumeAttachment'],
};

/** The form that `findObject` reads, for people. */
export const OBJECT_FORM =
  '<Kind>/<namespace>/<name>, <Kind>/<name> without a namespace, or with the apiVersion: apps/v1/Deployment/shop/web';

/** The reference in the form of the store, or why it is not clear. */
type FoundObject =
  | { readonly ok: true; readonly object: string }
  | { readonly ok: false; readonly detail: string };

/**
 * Converts a reference by a person to the form of the store.
 *
 * **Shape**: two or three parts are the short form; four or more are the form of the store.
 */
export async function findObject(
  archive: Pick<Archive, 'list'>,
  text: string,
): Promise<FoundObject> {
  const parts = text.split('/');
  if (parts.length > 3) return { ok: true, object: text };
  const [kind = '', namespace = '', name = ''] =
    parts.length === 2 ? [parts[0], '', parts[1]] : parts;
  if (kind === '' || name === '') return unclear(text, `expected ${OBJECT_FORM}`);
  const versions = versionsOf(kind);
  if (versions.length === 0) {
    const shown = printable(kind, 60);
    return unclear(text, `${shown} is not a built-in kind: write <apiVersion>/ before it`);
  }
  // Some reporters omit the apiVersion in their Events, and then the store has none either.
  const known = [...versions, ''].map((version) => `${version}/${kind}/${namespace}/${name}`);
  const found: string[] = [];
  for (const object of known) {
    if ((await archive.list({ object, limit: 1 })).length > 0) found.push(object);
  }
  if (found.length < 2) return { ok: true, object: found[0] ?? known[0] ?? text };
  const forms = found.map((object) => printable(object, 300)).join(' or ');
  return unclear(text, `its Events name it in several forms: write ${forms}`);
}

/** Converts a reference in the form of the store to the shortest form that `findObject` reads. */
export function shortObject(object: string): string {
  const parts = object.split('/');
  const version = parts.slice(0, -3).join('/');
  const [kind = '', namespace = '', name = ''] = parts.slice(-3);
  const isKnown =
    kind !== '' && name !== '' && (version === '' || versionsOf(kind).includes(version));
  if (parts.length < 4 || !isKnown || versionsOf(kind).length === 0) return object;
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function versionsOf(kind: string): readonly string[] {
  return Object.entries(GROUPS)
    .filter(([, kinds]) => kinds.includes(kind))
    .map(([version]) => version);
}

function unclear(text: string, why: string): FoundObject {
  return { ok: false, detail: `found "${printable(text, 200)}": ${why}` };
}
