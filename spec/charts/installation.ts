// One installation of the chart for end-to-end specs: its namespaces, its values, helm's install.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { childEnvironment } from '../controlplane/environment.ts';
import { chartDirectory } from './helm.ts';

/** Values of the chart. */
export type Values = Readonly<Record<string, unknown>>;

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
 * Installs the chart as the release `gw`, with helm and nothing else. Without the check of the
 * configuration, because no kubelet runs its Job.
 */
export async function install(
  plane: ControlPlane,
  request: { readonly helm: string; readonly namespace: string; readonly values: Values },
): Promise<void> {
  const { helm, namespace, values } = request;
  const where = ['--namespace', namespace];
  const given = [
    ...['--set-json', `config=${JSON.stringify(values['config'])}`],
    ...['--set', 'configurationCheck.enabled=false'],
  ];
  const { ok, said } = await helmOn(plane, helm, [
    'install',
    'gw',
    chartDirectory,
    ...where,
    ...given,
  ]);
  if (!ok) throw new Error(said);
}

/** Runs helm on the control plane, with the rights of its administrator. */
export async function helmOn(
  plane: ControlPlane,
  helm: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly said: string }> {
  const env = childEnvironment({
    HELM_CACHE_HOME: join(plane.directory, 'helm/cache'),
    HELM_CONFIG_HOME: join(plane.directory, 'helm/config'),
    HELM_DATA_HOME: join(plane.directory, 'helm/data'),
  });
  const child = spawn(helm, [...args, '--kubeconfig', plane.adminKubeconfig], { env });
  let said = '';
  child.stdout.on('data', (part: Buffer) => void (said += part.toString()));
  child.stderr.on('data', (part: Buffer) => void (said += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { ok: code === 0, said };
}
