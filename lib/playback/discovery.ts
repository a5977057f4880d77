// The documents of a server that do not change: what it serves, its version, its namespaces. Every
// namespace that is asked for exists here, with a uid that is the same each time, so that a gateway
// finds the same cluster id whenever the same recording is played.

import { createHash } from 'node:crypto';

import type { JsonObject } from '../core/event.ts';

// What it behaves like; clients may look at the minor version before they ask for newer things.
const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+sluice-playback' };

/** The documents by path. */
export const DOCUMENTS: Readonly<Record<string, JsonObject>> = {
  '/version': { ...VERSION, platform: 'linux/amd64' },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'events',
        singularName: 'event',
        namespaced: true,
        kind: 'Event',
        verbs: ['get', 'list', 'watch'],
        shortNames: ['ev'],
      },
      {
        name: 'namespaces',
        singularName: 'namespace',
        namespaced: false,
        kind: 'Namespace',
        verbs: ['get', 'list'],
        shortNames: ['ns'],
      },
    ],
  },
};

/** The paths that answer `ok`. */
export const HEALTH_PATHS: readonly string[] = ['/healthz', '/livez', '/readyz'];

/** A namespace of the cluster that is played. */
export function toNamespace(name: string, cluster: string): JsonObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: uidOf(cluster, name),
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

// A UUID of version 8 (RFC 9562: custom), made from the names.
function uidOf(cluster: string, name: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([cluster, name]), 'utf8')
    .digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
