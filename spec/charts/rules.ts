// Rules of rendered roles, and those that the gateway itself asks for, in one form.

import type { Permission } from '../../lib/core/ports/kind.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';

/** One rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The rules of rendered roles by namespace; `*` is the ClusterRole. */
export function rulesOf(objects: readonly KubeObject[]): Readonly<Record<string, readonly Rule[]>> {
  const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  return Object.fromEntries(
    roles.map((role) => [role.metadata?.namespace ?? '*', role['rules'] as Rule[]] as const),
  );
}

/** The gateway's own list in the form of rules. */
export function askedFor(
  permissions: readonly Permission[],
): Readonly<Record<string, readonly Rule[]>> {
  const byNamespace = Object.groupBy(permissions, ({ namespace }) => namespace ?? '*');
  return Object.fromEntries(
    Object.entries(byNamespace).map(([namespace, asked = []]) => [
      namespace,
      asked.map(({ group, resource, verbs, names }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs,
        ...(names === undefined ? {} : { resourceNames: names }),
      })),
    ]),
  );
}

/** The same rules in an order that does not depend on the author of the list. */
export function inOrder(rules: Readonly<Record<string, readonly Rule[]>>): object {
  const entries = Object.entries(rules).map(([namespace, list]) => {
    const sorted = list.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
    return [namespace, sorted] as const;
  });
  return Object.fromEntries(entries);
}

function keyOf({ apiGroups, resources }: Rule): string {
  return [...apiGroups, ...resources].join('/');
}
