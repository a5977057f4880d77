// One installation of the chart for end-to-end specs: its namespaces, its values, helm's install.

import type { ControlPlane } from '../controlplane/control-plane.ts';
import { chartDirectory } from './helm.ts';
import { Release, type Values } from './release.ts';

/** Namespaces of the gateway, of read Events, and of builds. */
export interface Namespaces {
  readonly own: string;
  readonly shop: string;
  readonly pay: string;
  readonly ci: string;
  readonly brigade: string;
}

/** Makes a set of namespaces that no other spec has. */
export async function createNamespaces(plane: ControlPlane): Promise<Namespaces> {
  return {
    own: await plane.createNamespace('gateway'),
    shop: await plane.createNamespace('shop'),
    pay: await plane.createNamespace('pay'),
    ci: await plane.createNamespace('ci'),
    brigade: await plane.createNamespace('brigade'),
  };
}

/** The values: two namespaces read, and two triggers that each accepted Event of a Pod starts. */
export function valuesFor(at: Namespaces, probes = '0.0.0.0:8080'): Values {
  const manifest = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: at.ci } };
  return {
    config: {
      http: { probes },
      sources: { shop: { events: { namespaces: [at.shop, at.pay] } } },
      filters: [{ kind: 'Pod', action: 'accept', triggers: ['build', 'diagnose'] }],
      triggers: {
        build: { brigade: { project: 'org/repo', namespace: at.brigade } },
        diagnose: { kubernetes: { manifest: { ...manifest, spec: jobSpec } } },
      },
    },
  };
}

/** A minimal Job. */
export const jobSpec = {
  template: {
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }] },
  },
};

/**
 * Installs the chart as the release `gw`. Without the check of the configuration, because no kubelet
 * runs its Job.
 */
export async function install(
  plane: ControlPlane,
  request: { readonly helm: string; readonly namespace: string; readonly values: Values },
): Promise<void> {
  const values = { configurationCheck: { enabled: false }, ...request.values };
  const installed = new Release(plane, request).apply('install', { chart: chartDirectory, values });
  const { ok, said } = await installed;
  if (!ok) throw new Error(said);
}
