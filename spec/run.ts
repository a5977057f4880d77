// `make test`: makes sure there is a control plane, runs the specs, and ends with one line of counts.
// Without a control plane the end-to-end specs are left out, loudly; with CI=true that is a failure.
// Arguments go to mocha; spec files among them replace the usual ones.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentNames, ensureControlPlane } from './controlplane/build.ts';
import { readSpecEnvironment } from './controlplane/environment.ts';
import type { RunCounts } from './support/reporter.ts';

const root = join(import.meta.dirname, '..');
const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const reporter = join(root, 'spec', 'support', 'reporter.ts');

const everySpec = 'spec/**/*.spec.ts';
// Said here and not left to .mocharc.json, whose list of files mocha adds to the ones it is given.
const mochaSettings = ['--no-config', '--forbid-only', '--extension', 'ts', '--timeout', '10000'];

async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => arg.endsWith('.ts'));
  const needsPlane = wanted.length === 0 || wanted.some((file) => file.includes('e2e'));
  const reason = needsPlane ? await whyNoControlPlane() : undefined;
  if (reason !== undefined) banner(reason);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-specs-'));
  const countsFile = join(directory, 'counts.json');
  try {
    const settings = [
      ...mochaSettings,
      ...(reason === undefined ? [] : ['--ignore', 'spec/e2e/**']),
      ...['--reporter', reporter, '--reporter-option', `counts=${countsFile}`],
    ];
    const files = wanted.length === 0 ? [everySpec] : [];
    const code = await runMocha([...settings, ...args, ...files]);
    const fails = reason !== undefined && readSpecEnvironment().ci;
    if (reason !== undefined) {
      const verdict = fails ? 'CI is set, so this run fails' : 'see the top of this output';
      process.stderr.write(`end-to-end specs were left out (${reason}): ${verdict}\n`);
    }
    process.stdout.write(`${render(await readCounts(countsFile, code))}\n`);
    return code === 0 && fails ? 1 : code;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function whyNoControlPlane(): Promise<string | undefined> {
  const build = await ensureControlPlane();
  if (build.kind === 'unavailable') return build.reason;
  const missing = componentNames.filter((name) => !build.programs.has(name));
  return missing.length === 0 ? undefined : `no ${missing.join(', ')}`;
}

function banner(reason: string): void {
  const lines = [
    'END-TO-END SPECS ARE LEFT OUT: there is no Kubernetes control plane',
    `  why: ${reason}`,
    '  to have one: install Go 1.26 or later and run this again; the first build takes some minutes,',
    '  or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager,',
    '  kube-scheduler and kwok of Kubernetes 1.36.',
  ];
  const rule = '!'.repeat(100);
  process.stderr.write(`\n${[rule, ...lines.map((line) => `!! ${line}`), rule].join('\n')}\n\n`);
}

async function runMocha(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [mocha, ...args], { cwd: root, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('close', (code) => resolve(code ?? 1));
  return promise;
}

async function readCounts(file: string, code: number): Promise<RunCounts> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunCounts;
  } catch {
    // Mocha ended before its reporter did: a spec file that does not load is one failure.
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  }
}

function render({ passed, failed, skipped }: RunCounts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

process.exitCode = await main(process.argv.slice(2));
