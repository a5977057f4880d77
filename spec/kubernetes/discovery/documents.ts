// Builders of discovery documents: one model of a cluster's types, in the aggregated form and in the
// older one, and a server that answers with either.

import type { Json, JsonObject } from '../../../lib/core/json-object.ts';
import type { ApiAnswer, ApiCall } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import type { ServedGroup } from '../../../lib/kubernetes/discovery/discovery.ts';
import type { ServedType } from '../../../lib/kubernetes/discovery/discovery-documents.ts';
import { anAnswer, aStatus } from '../../triggers/support/fake-api.ts';

/** The verbs of most types. */
export const VERBS = ['create', 'delete', 'get', 'list', 'watch'];

/** A type for a place of the model; all but its plural and kind has defaults. */
export type ModelType = Pick<ServedType, 'resource' | 'kind'> &
  Partial<Pick<ServedType, 'singular' | 'shortNames' | 'isNamespaced' | 'verbs'>>;

/** A version of the model; without types its server is away. */
export interface ModelVersion {
  readonly version: string;
  readonly types: readonly ModelType[] | null;
}

/** A group of the model, its preferred version first. */
export interface ModelGroup {
  readonly group: string;
  readonly versions: readonly ModelVersion[];
}

/** A small cluster, as most specs need it. */
export const CLUSTER: readonly ModelGroup[] = [
  group('', {
    v1: [
      type('pods', 'Pod', { shortNames: ['po'] }),
      type('events', 'Event', { shortNames: ['ev'] }),
      type('secrets', 'Secret'),
      type('namespaces', 'Namespace', { shortNames: ['ns'], isNamespaced: false }),
      type('bindings', 'Binding', { verbs: ['create'] }),
    ],
  }),
  group('apps', {
    v1: [type('deployments', 'Deployment', { shortNames: ['deploy'] })],
    v1beta1: [
      type('deployments', 'Deployment', { shortNames: ['deploy'] }),
      type('rollbacks', 'Rollback'),
    ],
  }),
  group('batch', {
    v1: [type('jobs', 'Job'), type('cronjobs', 'CronJob', { shortNames: ['cj'] })],
  }),
  group('events.k8s.io', { v1: [type('events', 'Event', { shortNames: ['ev'] })] }),
  group('networking.k8s.io', { v1: [type('networkpolicies', 'NetworkPolicy')] }),
  group('coordination.k8s.io', { v1: [type('leases', 'Lease')] }),
  group('example.com', {
    v2: [type('proxies', 'Gateway', { singular: 'proxy' })],
    v1: [type('proxies', 'Gateway', { singular: 'proxy' }), type('pods', 'Pod')],
  }),
  { group: 'metrics.example', versions: [{ version: 'v1', types: null }] },
];

/** A type with defaults. */
export function type(resource: string, kind: string, more: Partial<ModelType> = {}): ModelType {
  return { resource, kind, ...more };
}

/** A group; its versions in order of preference. */
export function group(
  name: string,
  versions: Readonly<Record<string, readonly ModelType[]>>,
): ModelGroup {
  return {
    group: name,
    versions: Object.entries(versions).map(([version, types]) => ({ version, types })),
  };
}

/** The groups that discovery should find in a model. */
export function servedIn(model: readonly ModelGroup[]): readonly ServedGroup[] {
  return model.flatMap(({ group: name, versions }) => {
    const found = versions.flatMap(({ version, types }) =>
      types === null ? [] : [{ version, types: types.map((one) => served(name, version, one)) }],
    );
    return found.length === 0 ? [] : [{ group: name, versions: found }];
  });
}

function served(name: string, version: string, one: ModelType): ServedType {
  const singular = one.kind.toLowerCase();
  const defaults = { singular, shortNames: [], isNamespaced: true, verbs: VERBS };
  return { group: name, version, ...defaults, ...one };
}

/** The answer to `/api` or `/apis` in the aggregated form. */
export function aggregatedDocument(groups: readonly ModelGroup[], version = 'v2'): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group: name, versions }) => ({
      metadata: { ...(name !== '' && { name }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one.version,
        freshness: one.types === null ? 'Stale' : 'Current',
        ...(one.types !== null && {
          resources: one.types.map((item) => aggregatedType(served(name, one.version, item))),
        }),
      })),
    })),
  };
}

function aggregatedType(item: ServedType): JsonObject {
  const { group: at, version, resource, kind, singular, shortNames, verbs } = item;
  return {
    resource,
    responseKind: { group: at, version, kind },
    scope: item.isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    ...{ verbs, shortNames, categories: ['all'] },
    subresources: [
      { subresource: 'status', responseKind: { group: at, version, kind }, verbs: ['get'] },
    ],
  };
}

/** The answer to `/apis` in the older form, with the versions in the wrong order. */
export function groupsDocument(groups: readonly ModelGroup[]): JsonObject {
  const at = (name: string, version: string): JsonObject => {
    return { groupVersion: `${name}/${version}`, version };
  };
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(({ group: name, versions: [first, ...others] }) => ({
      name,
      versions: [...others, ...(first === undefined ? [] : [first])].map(({ version }) =>
        at(name, version),
      ),
      ...(first !== undefined && { preferredVersion: at(name, first.version) }),
    })),
  };
}

/** The answer to `/apis/GROUP/VERSION` in the older form. */
export function typesDocument(name: string, { version, types }: ModelVersion): JsonObject {
  return {
    kind: 'APIResourceList',
    groupVersion: name === '' ? version : `${name}/${version}`,
    resources: (types ?? []).flatMap((one): readonly Json[] => {
      const { resource, kind, singular, shortNames, verbs, isNamespaced } = served(
        name,
        version,
        one,
      );
      const common = { kind, namespaced: isNamespaced };
      return [
        { ...common, name: resource, singularName: singular, shortNames, verbs },
        { ...common, name: `${resource}/status`, singularName: '', verbs: ['get'] },
      ];
    }),
  };
}

/** Answers discovery as a server of one form does; undefined to other requests. */
export function discoveryServer(
  model: readonly ModelGroup[],
  form: 'v2' | 'v2beta1' | 'older',
): (call: Pick<ApiCall, 'path'> & { readonly accept?: string }) => ApiAnswer | undefined {
  const core = model.filter(({ group: name }) => name === '');
  const others = model.filter(({ group: name }) => name !== '');
  return ({ path, accept = '' }) => {
    const isAsked = accept.includes(`v=${form};as=APIGroupDiscoveryList`);
    if (path === '/api') {
      const versions = core.flatMap((one) => one.versions.map(({ version }) => version));
      const older = { kind: 'APIVersions', versions };
      return anAnswer(isAsked ? aggregatedDocument(core, form) : older);
    }
    if (path === '/apis') {
      return anAnswer(isAsked ? aggregatedDocument(others, form) : groupsDocument(others));
    }
    const [, name = '', version] = /^\/api(?:s\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
    const found = model
      .find(({ group: one }) => one === name)
      ?.versions.find((one) => one.version === version);
    if (found === undefined) return undefined;
    if (found.types !== null) return anAnswer(typesDocument(name, found));
    return aStatus(503, 'ServiceUnavailable', { message: 'service unavailable' });
  };
}
