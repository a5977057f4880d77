// Asks a real API server whether it would accept an object, and changes nothing.

import { isJsonObject, type JsonObject, stringAt } from '../../../lib/core/json-object.ts';
import type { KubeObject } from '../../controlplane/admin-client.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

/**
 * Server-side apply as a dry run, in which a field that the server does not know is an error; the
 * answer is `accepted` or what the server says.
 */
export async function dryRun({ admin }: ControlPlane, object: KubeObject): Promise<string> {
  const answer = await admin.send({
    method: 'PATCH',
    path: `${await admin.pathOf(object)}?fieldManager=spec&dryRun=All&fieldValidation=Strict`,
    body: object,
    contentType: 'application/apply-patch+yaml',
  });
  return answer.status < 300 ? 'accepted' : `${object.kind ?? ''}: ${JSON.stringify(answer.body)}`;
}

/** The Pod that a controller makes from a template. */
export function podFrom(template: KubeObject, namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'probe', namespace } };
}

/**
 * The Pods that an object is or makes, with the volumes of a StatefulSet's claims. Their service
 * account need not exist.
 */
export function podsOf(object: KubeObject, namespace: string): readonly KubeObject[] {
  const spec = object['spec'];
  if (!isJsonObject(spec)) return [];
  const template = object.kind === 'Pod' ? { spec } : spec['template'];
  if (!isJsonObject(template) || !isJsonObject(template['spec'])) return [];
  const { serviceAccountName, volumes, ...rest } = template['spec'];
  const all = [...listOf(volumes), ...listOf(spec['volumeClaimTemplates']).map(volumeOf)];
  const where = object.metadata?.namespace ?? namespace;
  return [podFrom({ spec: { ...rest, volumes: all } }, where)];
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function volumeOf(claim: JsonObject): JsonObject {
  const name = stringAt(claim, 'metadata', 'name');
  return { name, persistentVolumeClaim: { claimName: `${name}-probe-0` } };
}

/** Holds the Pods of a namespace to the restricted Pod Security Standard. */
export async function restrict(plane: ControlPlane, namespace: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await plane.request('PATCH', `/api/v1/namespaces/${namespace}`, { metadata: { labels } });
}
