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

/** What the surroundings say about a run of the specs. */
export interface RunEnvironment {
  /** Whether coverage is collected. */
  readonly isCovered: boolean;
  /** Where Node.js keeps compiled modules between processes and runs. */
  readonly compileCache: string;
}

/** Reads what c8 and the shell say to spec/run.ts. */
export function readRunEnvironment(): RunEnvironment {
  const { NODE_V8_COVERAGE: coverage, XDG_CACHE_HOME: cacheHome } = process.env;
  return {
    isCovered: coverage !== undefined && coverage !== '',
    compileCache: join(cacheHome || join(homedir(), '.cache'), 'sluice', 'compiled'),
  };
}

/** How the specs of spec/e2e/once are run. */
export interface FaultsEnvironment {
  /** `long`: every row at its full length, and as many kills as `make faults` asks for. */
  readonly form: 'short' | 'long';
  readonly seed: number;
  /** Of the main run; absent: what the form has. */
  readonly kills: number | undefined;
  /** Where what was injected and counted is written, a JSON object a line; absent: nowhere. */
  readonly reportFile: string | undefined;
}

/** Reads what `make faults` says to its specs. */
export function readFaultsEnvironment(): FaultsEnvironment {
  const { env } = process;
  const number = (text: string | undefined): number | undefined =>
    text === undefined || text === '' ? undefined : Number(text);
  return {
    form: env['SLUICE_FAULTS'] === 'long' ? 'long' : 'short',
    seed: number(env['SLUICE_FAULTS_SEED']) ?? 1,
    kills: number(env['SLUICE_FAULTS_KILLS']),
    reportFile: env['SLUICE_FAULTS_REPORT'] || undefined,
  };
}

/** The environment for a child process: this one's, with some more. */
export function childEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}
