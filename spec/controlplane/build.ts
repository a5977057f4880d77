// What a control plane is made of: the binaries of KUBEBUILDER_ASSETS where that is set, our own Go
// program for the rest. Run directly, it builds and says where (`build.ts helm` builds helm too).
// It starts nothing; control-plane.ts does.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readSpecEnvironment } from './environment.ts';
import { buildGoProgram, type GoBuild } from './go-build.ts';

/** The components, in the order in which they start. */
export const componentNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;

/** One component of a control plane. */
export type ComponentName = (typeof componentNames)[number];

/** How to start a component: a file and the arguments that come before its own flags. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The programs that were found, or why specs that need a control plane cannot run. */
export type ControlPlaneBuild =
  | { readonly kind: 'built'; readonly programs: ReadonlyMap<ComponentName, Program> }
  | { readonly kind: 'unavailable'; readonly reason: string };

const kubernetes = { version: 'v1.36.3', major: '1', minor: '36' } as const;

/**
 * Finds or builds every component.
 *
 * With KUBEBUILDER_ASSETS the components it lacks come from our own program if Go is there, and are
 * absent from the map if not.
 */
export async function ensureControlPlane(): Promise<ControlPlaneBuild> {
  const programs = await programsOf(readSpecEnvironment().kubebuilderAssets);
  const missing = componentNames.filter((name) => !programs.has(name));
  if (missing.length === 0) return { kind: 'built', programs };
  const build = await buildOwn();
  if (build.kind === 'built') {
    for (const name of missing) programs.set(name, { file: build.file, args: [name] });
  }
  if (programs.has('etcd') && programs.has('kube-apiserver')) return { kind: 'built', programs };
  const reason = build.kind === 'built' ? 'no etcd or kube-apiserver' : build.reason;
  return { kind: 'unavailable', reason };
}

/** Builds helm, apart from the control plane since most specs do without and it takes its time. */
export async function ensureHelm(): Promise<GoBuild> {
  return buildGoProgram({
    name: 'helm',
    directory: join(import.meta.dirname, 'helm'),
    pkg: 'helm.sh/helm/v4/cmd/helm',
    ldflags: '-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.1',
    takes: 'about two minutes',
  });
}

/** Builds kustomize, which few specs need. */
export async function ensureKustomize(): Promise<GoBuild> {
  return buildGoProgram({
    name: 'kustomize',
    directory: join(import.meta.dirname, 'kustomize'),
    pkg: '.',
    ldflags: '-s -w',
    takes: 'one to two minutes',
  });
}

async function buildOwn(): Promise<GoBuild> {
  // Without these, clients see version v0.0.0.
  const version = 'k8s.io/component-base/version';
  const ldflags = [
    '-s -w',
    `-X ${version}.gitVersion=${kubernetes.version}`,
    `-X ${version}.gitMajor=${kubernetes.major}`,
    `-X ${version}.gitMinor=${kubernetes.minor}`,
  ];
  return buildGoProgram({
    name: 'controlplane',
    directory: join(import.meta.dirname, 'go'),
    pkg: '.',
    ldflags: ldflags.join(' '),
    takes: 'four to six minutes with cold caches',
  });
}

async function programsOf(directory: string | undefined): Promise<Map<ComponentName, Program>> {
  const programs = new Map<ComponentName, Program>();
  if (directory === undefined) return programs;
  for (const name of componentNames) {
    const file = join(directory, name);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) programs.set(name, { file, args: [] });
  }
  return programs;
}

async function main(wanted: readonly string[]): Promise<void> {
  const build = await ensureControlPlane();
  if (build.kind === 'unavailable') {
    process.stderr.write(`controlplane: ${build.reason}\n`);
    process.exitCode = 1;
    return;
  }
  for (const [name, { file, args }] of build.programs) {
    process.stdout.write(`${name}: ${[file, ...args].join(' ')}\n`);
  }
  if (!wanted.includes('helm')) return;
  const helm = await ensureHelm();
  if (helm.kind === 'built') process.stdout.write(`helm: ${helm.file}\n`);
  else process.exitCode = 1;
}

if (import.meta.main) await main(process.argv.slice(2));
