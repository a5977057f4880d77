// How people write the involved object of a delivery, and how the store keeps it. The store has
// `<apiVersion>/<Kind>/<namespace>/<name>` and an index over exactly that; people leave the apiVersion
// out, which is filled in for Kubernetes' own kinds. Nothing here searches.
// Source: the kinds of https://kubernetes.io/docs/reference/kubernetes-api/ that Events are about.

import type { Archive } from '../../core/store.ts';
import { printable } from '../../kit/text/printable.ts';

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

/** What `findObject` takes, for people. */
export const OBJECT_FORM =
  '<Kind>/<namespace>/<name>, <Kind>/<name> where it has no namespace, or with its apiVersion before: apps/v1/Deployment/shop/web';

/** The object as the store has it, or why that can not be told. */
type FoundObject =
  | { readonly ok: true; readonly object: string }
  | { readonly ok: false; readonly detail: string };

/**
 * What the store calls the object that a person names.
 *
 * **Shape**: two and three parts are a person's form; four and more are taken as the store's own.
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
    return unclear(text, `${shown} is no kind of Kubernetes’ own: put its apiVersion and / before`);
  }
  // Some reporters leave the apiVersion out of their Events, and then the store has none either.
  const known = [...versions, ''].map((version) => `${version}/${kind}/${namespace}/${name}`);
  const found: string[] = [];
  for (const object of known) {
    if ((await archive.list({ object, limit: 1 })).length > 0) found.push(object);
  }
  if (found.length < 2) return { ok: true, object: found[0] ?? known[0] ?? text };
  const forms = found.map((object) => printable(object, 300)).join(' or ');
  return unclear(text, `its Events come with and without apiVersion: write ${forms}`);
}

/** The shortest form of a stored object that `findObject` understands. */
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
