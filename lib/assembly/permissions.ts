// Everything a configuration needs in the cluster, in one sorted list: what `rbac` and the chart
// render, and what `check --cluster` compares with what is really allowed.

import type { Permission } from '../core/kind.ts';

/** Joins permissions on the same objects and sorts them. */
export function mergePermissions(permissions: readonly Permission[]): readonly Permission[] {
  const groups = Map.groupBy(permissions, ({ namespace, group, resource, names }) =>
    JSON.stringify([namespace, group, resource, names ?? null]),
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, same]) => join(same));
}

/** What the gateway itself needs: its own namespace's uid, where the cluster's is not readable. */
export function ownPermissions(namespace: string): readonly Permission[] {
  if (namespace === '') return [];
  return [
    {
      namespace,
      group: '',
      resource: 'namespaces',
      verbs: ['get'],
      names: [namespace],
      why: 'the identity of the cluster',
    },
  ];
}

function join(same: readonly Permission[]): readonly Permission[] {
  const [first] = same;
  if (first === undefined) return [];
  const verbs = [...new Set(same.flatMap((one) => one.verbs))].toSorted();
  return [{ ...first, verbs, why: [...new Set(same.map(({ why }) => why))].join('; ') }];
}
