// The one place of the control plane and the spec runner that reads the environment, so that what
// they listen to can be seen at a glance.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the surroundings say about building and running a control plane. */
export interface SpecEnvironment {
  /** Where built binaries are kept, outside the work tree. */
  readonly cacheDirectory: string;
  /** A folder with etcd, kube-apiserver and perhaps more, as envtest lays it out. */
  readonly kubebuilderAssets: string | undefined;
  /** Whether a machine watches: then specs left out are a failure. */
  readonly ci: boolean;
}

/** Reads the environment of this process. */
export function readSpecEnvironment(): SpecEnvironment {
  const { XDG_CACHE_HOME: cacheHome, KUBEBUILDER_ASSETS: assets, CI: ci } = process.env;
  return {
    cacheDirectory: join(cacheHome || join(homedir(), '.cache'), 'sluice', 'controlplane'),
    kubebuilderAssets: assets || undefined,
    ci: ci !== undefined && ci !== '' && ci !== 'false' && ci !== '0',
  };
}

/** The environment for a child process: this one's, with some more. */
export function childEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}
