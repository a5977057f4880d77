// Service accounts for specs: an account with exactly the rights that were asked for, and a token
// for it. The kubeconfig around the token is kubeconfig.ts's.

import type { AdminClient, KubeObject } from './admin-client.ts';

/** One rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Rules that hold in one namespace. */
export interface NamespacedRules {
  readonly namespace: string;
  readonly rules: readonly PolicyRule[];
}

/** A service account and what it may do. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly rules?: readonly NamespacedRules[];
  readonly clusterRules?: readonly PolicyRule[];
}

/** Creates or changes the account, the namespaces it touches, its roles and their bindings. */
export async function applyAccount(admin: AdminClient, account: Account): Promise<void> {
  const { namespace, rules = [], clusterRules = [] } = account;
  const namespaces = new Set([namespace, ...rules.map((one) => one.namespace)]);
  await admin.apply([...namespaces].map(toNamespace));
  await admin.apply([
    toObject('v1/ServiceAccount', { namespace, name: account.name }),
    ...rules.flatMap((one) => toRole(account, one)),
    ...(clusterRules.length === 0 ? [] : toClusterRole(account, clusterRules)),
  ]);
}

/** A fresh token for an account. **Units**: the server refuses less than 600 seconds. */
export async function requestToken(
  admin: AdminClient,
  account: Pick<Account, 'namespace' | 'name'>,
  expirationSeconds = 86_400,
): Promise<string> {
  const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
  const { status } = await admin.request('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds },
  });
  return (status as { readonly token: string }).token;
}

const rbac = 'rbac.authorization.k8s.io';

function toNamespace(name: string): KubeObject {
  return toObject('v1/Namespace', { name });
}

function toRole(account: Account, { namespace, rules }: NamespacedRules): KubeObject[] {
  const name = `${account.namespace}.${account.name}`;
  return [
    { ...toObject(`${rbac}/v1/Role`, { namespace, name }), rules },
    {
      ...toObject(`${rbac}/v1/RoleBinding`, { namespace, name }),
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [toSubject(account)],
    },
  ];
}

function toClusterRole(account: Account, rules: readonly PolicyRule[]): KubeObject[] {
  const name = `spec.${account.namespace}.${account.name}`;
  return [
    { ...toObject(`${rbac}/v1/ClusterRole`, { name }), rules },
    {
      ...toObject(`${rbac}/v1/ClusterRoleBinding`, { name }),
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [toSubject(account)],
    },
  ];
}

function toSubject({ namespace, name }: Account): KubeObject {
  return { kind: 'ServiceAccount', namespace, name };
}

function toObject(type: string, metadata: { namespace?: string; name: string }): KubeObject {
  const end = type.lastIndexOf('/');
  return { apiVersion: type.slice(0, end), kind: type.slice(end + 1), metadata };
}
