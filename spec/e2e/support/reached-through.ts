// A kubeconfig of a fresh service account whose server is a proxy in front of the control plane.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../controlplane/accounts.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { renderKubeconfig } from '../../controlplane/kubeconfig.ts';

/** Makes the account and a kubeconfig that goes through this URL; answers its path. */
export async function kubeconfigThrough(
  plane: ControlPlane,
  { account, server }: { readonly account: Account; readonly server: string },
): Promise<string> {
  await plane.kubeconfigFor(account);
  const token = await plane.tokenFor(account);
  const { namespace } = account;
  const file = join(plane.directory, `${namespace}.${account.name}.through.kubeconfig`);
  const text = renderKubeconfig({ server, ca: plane.ca, namespace, user: { token } });
  await writeFile(file, text, { mode: 0o600 });
  return file;
}
