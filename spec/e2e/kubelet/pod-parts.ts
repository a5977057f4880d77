// Parts of a pod that come from other objects: the values of its variables and the files of its volumes, as a
// kubelet resolves them. An object that is missing is an error, after which the kubelet tries again.

import { chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import {
  fieldOf,
  type KeyReference,
  type Named,
  type Pod,
  type Projection,
  type Volume,
} from './pod.ts';

/** User and group of the process in the pod, as in the image. */
export const USER = 1000;

/** The variables of the pod's container. */
export async function variablesOf(
  plane: ControlPlane,
  pod: Pod,
): Promise<Readonly<Record<string, string>>> {
  const { namespace } = pod.metadata;
  const found: Record<string, string> = {};
  for (const { name, value = '', valueFrom } of pod.spec.containers[0].env ?? []) {
    const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    const from = async (kind: Kind, reference: KeyReference): Promise<string | undefined> =>
      (await filesOf(plane, { kind, namespace, named: keyOf(reference) }))
        .get(reference.key)
        ?.toString();
    if (fieldRef !== undefined) found[name] = fieldOf(pod, fieldRef.fieldPath);
    else if (secretKeyRef !== undefined) put(found, name, await from('secrets', secretKeyRef));
    else if (configMapKeyRef !== undefined)
      put(found, name, await from('configmaps', configMapKeyRef));
    else found[name] = value;
  }
  return found;
}

/** Writes the files of a volume into a folder. A claim and an empty folder have none. */
export async function writeVolume(
  plane: ControlPlane,
  pod: Pod,
  { volume, folder }: { readonly volume: Volume; readonly folder: string },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { configMap, secret, projected } = volume;
  const sources: readonly Projection[] = [
    ...(configMap === undefined ? [] : [{ configMap }]),
    ...(secret === undefined ? [] : [{ secret: { ...secret, name: secret.secretName } }]),
    ...(projected?.sources ?? []),
  ];
  // As with fsGroup.
  if (sources.length === 0) await own(folder);
  for (const source of sources) {
    for (const [path, content] of await projectedFiles(plane, pod, source)) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode: 0o644 });
    }
  }
}

type Kind = 'configmaps' | 'secrets';
type Files = ReadonlyMap<string, Buffer>;

async function projectedFiles(plane: ControlPlane, pod: Pod, source: Projection): Promise<Files> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  const { namespace } = pod.metadata;
  const files = new Map<string, Buffer>();
  const add = (more: Files): void => {
    for (const [path, content] of more) files.set(path, content);
  };
  if (configMap !== undefined) {
    add(await filesOf(plane, { kind: 'configmaps', namespace, named: configMap }));
  }
  if (secret !== undefined)
    add(await filesOf(plane, { kind: 'secrets', namespace, named: secret }));
  for (const { path, fieldRef } of downwardAPI?.items ?? []) {
    files.set(path, Buffer.from(fieldOf(pod, fieldRef.fieldPath)));
  }
  if (serviceAccountToken !== undefined) {
    files.set(serviceAccountToken.path, Buffer.from(await tokenOf(plane, pod)));
  }
  return files;
}

/** A token that holds as long as the pod is there. */
async function tokenOf(plane: ControlPlane, { metadata, spec }: Pod): Promise<string> {
  const { namespace, name, uid } = metadata;
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}`;
  const { status } = await plane.request('POST', `${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3607, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
  });
  return (status as { readonly token: string }).token;
}

/** The files that the keys of a ConfigMap or Secret become. **Errors**: it or a key is missing. */
async function filesOf(
  plane: ControlPlane,
  { kind, namespace, named }: { kind: Kind; namespace: string; named: Named },
): Promise<Files> {
  const isOptional = named.optional ?? false;
  const path = `/api/v1/namespaces/${namespace}/${kind}/${named.name}`;
  const { status, body } = await plane.admin.send({ method: 'GET', path });
  if (status === 404 && isOptional) return new Map();
  if (status !== 200) throw new Error(`${path}: ${status}`);
  const { data = {} } = body as { readonly data?: Readonly<Record<string, string>> };
  const items = named.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  const encoding = kind === 'secrets' ? 'base64' : 'utf8';
  return new Map(
    items.flatMap((item): readonly [string, Buffer][] => {
      const text = data[item.key];
      if (text !== undefined) return [[item.path, Buffer.from(text, encoding)]];
      if (isOptional) return [];
      throw new Error(`${path} has no ${item.key}`);
    }),
  );
}

function keyOf({ name, key, optional = false }: KeyReference): Named {
  return { name, optional, items: [{ key, path: key }] };
}

function put(found: Record<string, string>, name: string, value: string | undefined): void {
  if (value !== undefined) found[name] = value;
}

async function own(folder: string): Promise<void> {
  await chown(folder, USER, USER);
}
