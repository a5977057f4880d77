// Every object of a cluster by its name, from the server's own discovery: to see what something left behind.

import type { AdminClient } from '../../controlplane/admin-client.ts';

/** `RESOURCE NAMESPACE/NAME` of every object that can be listed; the namespace is empty for cluster-wide ones. */
export async function everyObject(admin: AdminClient): Promise<ReadonlySet<string>> {
  const { groups } = await admin.request('GET', '/apis');
  const bases = [
    '/api/v1',
    ...(groups as readonly Group[]).map(
      ({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`,
    ),
  ];
  const found = await Promise.all(bases.map((base) => objectsOf(admin, base)));
  return new Set(found.flat());
}

async function objectsOf(admin: AdminClient, base: string): Promise<readonly string[]> {
  const { resources } = await admin.request('GET', base);
  const listed = (resources as readonly Resource[]).filter(({ verbs }) => verbs.includes('list'));
  const lists = await Promise.all(
    listed.map(async ({ name: resource }) =>
      (await admin.list(`${base}/${resource}`)).map(
        ({ metadata }) => `${resource} ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`,
      ),
    ),
  );
  return lists.flat();
}

interface Group {
  readonly preferredVersion: { readonly groupVersion: string };
}

interface Resource {
  readonly name: string;
  readonly verbs: readonly string[];
}
