// `make unit` and `make test`: runs the specs in several mocha processes and ends with one line of
// counts. `make test` first makes sure that there is a control plane; without one the end-to-end specs
// are left out, loudly, and with CI=true that is a failure. Which specs run together is
// runner/batches.ts's.

import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { componentNames, ensureControlPlane } from './controlplane/build.ts';
import { readRunEnvironment, readSpecEnvironment } from './controlplane/environment.ts';
import { type Batch, batchesOf, isEndToEnd, unitFiles } from './runner/batches.ts';
import { type BatchResult, MochaProcesses, type RunSettings, sum } from './runner/processes.ts';
import type { RunCounts, RunMessage } from './support/reporter.ts';

const USAGE = `node spec/run.ts [unit] [--jobs N] [FILE.spec.ts …] [argument of mocha …]
  unit    only what needs no control plane and few processes
  --jobs  processes at once (one more than cores; for unit two more)
  FILE    these instead, in one process that prints each spec
`;

// The fault specs beside all others: each of the two has one control plane for the most part.
const END_TO_END_JOBS = 2;

interface Wanted {
  readonly batches: readonly Batch[];
  readonly args: readonly string[];
  readonly jobs: number;
  readonly print: RunSettings['print'];
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const wanted = await toWanted(args);
  const reason = wanted.batches.some(needsPlane) ? await whyNoControlPlane() : undefined;
  if (reason !== undefined) banner(reason);
  const batches = wanted.batches.filter((batch) => reason === undefined || !needsPlane(batch));
  const { results, interrupted } = await runAll({ ...wanted, batches });
  if (wanted.print === 'nothing') listFailures(results);
  const isComplete = reason === undefined || !readSpecEnvironment().ci;
  if (reason !== undefined) {
    const verdict = isComplete ? 'see the top of this output' : 'CI is set, so this run fails';
    process.stderr.write(`end-to-end specs were left out (${reason}): ${verdict}\n`);
  }
  const counts = sum(results.map((result) => result.counts));
  process.stdout.write(`${render(counts)}\n`);
  const failed = counts.failed > 0 || results.some(({ code }) => code !== 0);
  return failed || interrupted || !isComplete ? 1 : 0;
}

async function toWanted(given: readonly string[]): Promise<Wanted> {
  const args = [...given];
  const isUnit = args[0] === 'unit';
  if (isUnit) args.shift();
  // More than cores, because specs wait for sockets and processes; those of `make unit` the most.
  const jobs = Number(takeOption(args, '--jobs') ?? availableParallelism() + (isUnit ? 2 : 1));
  const named = args.filter((arg) => arg.endsWith('.ts'));
  const rest = args.filter((arg) => !arg.endsWith('.ts'));
  if (named.length > 0) {
    const batches = [{ name: 'the given files', files: named }];
    return { batches, args: rest, jobs: 1, print: 'specs' };
  }
  const every = await everySpec();
  const batches = batchesOf(isUnit ? unitFiles(every) : every);
  return { batches, args: rest, jobs, print: 'nothing' };
}

/** The value after an option, which is taken out. */
function takeOption(args: string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

async function everySpec(): Promise<readonly string[]> {
  const cwd = join(import.meta.dirname, '..');
  const files = await Array.fromAsync(glob('spec/**/*.spec.ts', { cwd }));
  return files.sort();
}

function needsPlane({ files }: Batch): boolean {
  return files.some((file) => isEndToEnd(file));
}

interface Results {
  readonly results: readonly BatchResult[];
  readonly interrupted: boolean;
}

/** Runs what needs no control plane first: that is where a mistake shows soonest. */
async function runAll({ batches, args, jobs, print }: Wanted): Promise<Results> {
  const { isCovered, compileCache } = readRunEnvironment();
  const settings = {
    args,
    print,
    // V8 counts less precisely in functions that it read from a cache.
    variables: isCovered ? {} : { NODE_COMPILE_CACHE: compileCache },
    onMessage: print === 'specs' ? () => undefined : show,
    onEnd: print === 'specs' ? () => undefined : showEnd,
    onError: (text: string) => void process.stderr.write(text),
  };
  const results: BatchResult[] = [];
  const groups = [
    { jobs, batches: batches.filter((batch) => !needsPlane(batch)) },
    { jobs: END_TO_END_JOBS, batches: batches.filter(needsPlane) },
  ];
  for (const group of groups) {
    const processes = new MochaProcesses({ ...settings, jobs: group.jobs });
    const pass = (signal: NodeJS.Signals): void => processes.interrupt(signal);
    for (const signal of SIGNALS) process.on(signal, pass);
    results.push(...(await processes.run(group.batches)));
    for (const signal of SIGNALS) process.off(signal, pass);
    if (processes.interrupted) return { results, interrupted: true };
  }
  return { results, interrupted: false };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Failures at once, and each part of the end-to-end specs, which take minutes. */
function show(batch: Batch, message: RunMessage): void {
  if (message.kind === 'failure') process.stdout.write(`  FAILED ${message.title}\n`);
  if (message.kind !== 'suite' || !needsPlane(batch)) return;
  const { title, counts, ms } = message;
  process.stdout.write(`  ${title}: ${render(counts)} (${seconds(ms)})\n`);
}

function showEnd({ name, files }: Batch, { counts, ms }: BatchResult): void {
  const what = files.length === 1 ? '1 file' : `${files.length} files`;
  process.stdout.write(`${name} (${what}): ${render(counts)} (${seconds(ms)})\n`);
}

/** Every failure whole, below everything else, with numbers from 1. */
function listFailures(results: readonly BatchResult[]): void {
  for (const [index, text] of results.flatMap(({ failures }) => failures).entries()) {
    process.stdout.write(`\n  ${text.replace('1)', `${index + 1})`)}\n`);
  }
  process.stdout.write('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
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

function render({ passed, failed, skipped }: RunCounts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

process.exitCode = await main(process.argv.slice(2));
