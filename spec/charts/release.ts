// A release of the chart in a real cluster, with helm and nothing else.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { childEnvironment } from '../controlplane/environment.ts';

/** Values of a chart. */
export type Values = Readonly<Record<string, unknown>>;

/** Result of a command of helm. */
export interface HelmResult {
  readonly ok: boolean;
  /** Standard output; with an error also standard error. */
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
    const where = ['--namespace', this.#namespace, '--kubeconfig', this.#plane.adminKubeconfig];
    const home = (name: string): string => join(this.#plane.directory, 'helm', name);
    const env = childEnvironment({
      HELM_CACHE_HOME: home('cache'),
      HELM_CONFIG_HOME: home('config'),
      HELM_DATA_HOME: home('data'),
    });
    const running = promisify(execFile)(this.#helm, [...args, ...where], { env });
    running.child.stdin?.end(input);
    try {
      return { ok: true, said: (await running).stdout };
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      return { ok: false, said: `${stderr}${stdout}` };
    }
  }
}
