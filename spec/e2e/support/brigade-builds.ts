// Builds of Brigade as objects of the cluster.

import type { KubeObject } from '../../controlplane/admin-client.ts';

/** The name of the Event in the payload of a build's Secret. */
export function brigadeEventOf({ data }: KubeObject): string {
  const { payload = '' } = data as Readonly<Record<string, string>>;
  const event = JSON.parse(Buffer.from(payload, 'base64').toString()) as KubeObject;
  return event.metadata?.name ?? '';
}
