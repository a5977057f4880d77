// A release of the chart in a real cluster, with helm and nothing else.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { childEnvironment } from '../controlplane/environment.ts';

/** Values of a chart. */
export type Values = Readonly<Record<string, unknown>>;

/** Result of a command of helm. */
export interface HelmResult {
  readonly ok: boolean;
  /** Standard output and standard error. */
  readonly said: string;
}

/** The release `gw` in a namespace. */
export class Release {
  readonly #plane: ControlPlane;
  readonly #helm: string;
  readonly #namespace: string;

  constructor(plane: ControlPlane, parts: { readonly helm: string; readonly namespace: string }) {
    this.#plane = plane;
    this.#helm = parts.helm;
    this.#namespace = parts.namespace;
  }

  /** `helm install` or `helm upgrade` of a chart with these values and no others. */
  async apply(
    command: 'install' | 'upgrade',
    { chart, values }: { readonly chart: string; readonly values: Values },
    ...flags: readonly string[]
  ): Promise<HelmResult> {
    return this.run([command, 'gw', chart, '--values', '-', ...flags], JSON.stringify(values));
  }

  /** Runs any command of helm in the namespace. */
  async run(args: readonly string[], input = ''): Promise<HelmResult> {
    const given = [...args, '--namespace', this.#namespace];
    return runHelmOn(this.#plane, { helm: this.#helm, args: given, input });
  }
}

/** Runs helm on the control plane, with the rights of its administrator. */
export async function helmOn(
  plane: ControlPlane,
  helm: string,
  args: readonly string[],
): Promise<HelmResult> {
  return runHelmOn(plane, { helm, args, input: '' });
}

async function runHelmOn(
  plane: ControlPlane,
  { helm, args, input }: { helm: string; args: readonly string[]; input: string },
): Promise<HelmResult> {
  const env = childEnvironment({
    HELM_CACHE_HOME: join(plane.directory, 'helm/cache'),
    HELM_CONFIG_HOME: join(plane.directory, 'helm/config'),
    HELM_DATA_HOME: join(plane.directory, 'helm/data'),
  });
  const child = spawn(helm, [...args, '--kubeconfig', plane.adminKubeconfig], { env });
  let said = '';
  child.stdout.on('data', (part: Buffer) => void (said += part.toString()));
  child.stderr.on('data', (part: Buffer) => void (said += part.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { ok: code === 0, said };
}
