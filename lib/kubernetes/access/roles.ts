// Roles and bindings that grant permissions to a service account, as objects for `kubectl apply`. One
// Role for each namespace, and a ClusterRole for the whole cluster. They have the names that the chart
// gives its own.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/

import type { JsonObject } from '../../core/json-object.ts';
import type { Permission } from '../../core/ports/kind.ts';

/** The account that gets the permissions, and the name of its roles. */
export interface Grantee {
  readonly account: string;
  /** The namespace of the account. */
  readonly namespace: string;
  /** Name of roles and bindings in that namespace; elsewhere it follows the namespace and `-`. */
  readonly name: string;
}

/** The permissions of one namespace with the objects that grant them. */
export interface GrantedRole {
  /** Null: the whole cluster. */
  readonly namespace: string | null;
  /** In the order of the rules. */
  readonly permissions: readonly Permission[];
  readonly role: JsonObject;
  readonly binding: JsonObject;
}

const API_GROUP = 'rbac.authorization.k8s.io';
const API_VERSION = `${API_GROUP}/v1`;

/** Makes a role and its binding for each namespace, in the order of the permissions. */
export function toRoles(
  permissions: readonly Permission[],
  grantee: Grantee,
): readonly GrantedRole[] {
  const byNamespace = Map.groupBy(permissions, ({ namespace }) => namespace);
  return [...byNamespace].map(([namespace, asked]) => {
    const kind = namespace === null ? 'ClusterRole' : 'Role';
    const name =
      namespace === grantee.namespace ? grantee.name : `${grantee.namespace}-${grantee.name}`;
    const metadata = namespace === null ? { name } : { name, namespace };
    const subject = {
      kind: 'ServiceAccount',
      name: grantee.account,
      namespace: grantee.namespace,
    };
    return {
      namespace,
      permissions: asked,
      role: { apiVersion: API_VERSION, kind, metadata, rules: asked.map(toRule) },
      binding: {
        apiVersion: API_VERSION,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: API_GROUP, kind, name },
        subjects: [subject],
      },
    };
  });
}

/** Makes the rule of a role. */
export function toRule({ group, resource, verbs, names }: Permission): JsonObject {
  return {
    apiGroups: [group],
    resources: [resource],
    ...(names !== undefined && { resourceNames: names }),
    verbs,
  };
}
