// Everything a configuration needs in the cluster, in one sorted list: what `rbac` and the chart
// render, and what `check --cluster` compares with what is really allowed.
import type { Permission } from '../core/kind.ts';

/** Joins permissions on the same objects and sorts them. */
export function mergePermissions(permissions: readonly Permission[]): readonly Permission[] {
  const merged = new Map<string, Permission>();
  for (const permission of permissions) {
    const { namespace, group, resource, names } = permission;
    const key = JSON.stringify([namespace, group, resource, names ?? null]);
    const before = merged.get(key);
    merged.set(key, before === undefined ? normal(permission) : join(before, permission));
  }
  return [...merged.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
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

function normal(permission: Permission): Permission {
  return { ...permission, verbs: permission.verbs.toSorted() };
}

function join(before: Permission, more: Permission): Permission {
  const verbs = [...new Set([...before.verbs, ...more.verbs])].toSorted();
  const reasons = new Set([...before.why.split('; '), more.why]);
  return { ...before, verbs, why: [...reasons].join('; ') };
}
