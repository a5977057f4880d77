// `make fuzz`: runs the targets side by side, each in a thread, and says what they found. A finding
// names the seed and the case that make it again: `--target NAME --seed S --case K`.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../lib/kit/system.ts';
import { type Finding, makeCase, type Range, runSession, type Tally } from './session.ts';
import { shown } from './target.ts';
import { TARGETS, targetOf } from './targets.ts';
import type { WorkerTask } from './worker.ts';

const USAGE = `node spec/fuzz/run.ts [--target NAME]… [--cases N] [--seed S] [--minutes M]
       node spec/fuzz/run.ts --target NAME --seed S --case K [--keep FILE]
  --target   one of ${Object.keys(TARGETS).join(', ')}; every one where absent
  --cases    of each target (1000000)
  --minutes  at the most, for each target (60)
  --case     runs that one and prints its input; --keep writes it to spec/fuzz/cases/FILE.json
`;
const MILLION = 1_000_000;
/** A case that has not ended by then never will; the machine may be busy with other things. */
const HANGS_AFTER_MS = 120_000;
const LOOK_EVERY_MS = 1_000;
const TELL_EVERY_LOOKS = 60;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: 'string', multiple: true },
      cases: { type: 'string', default: String(MILLION) },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '60' },
      case: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    write(USAGE);
    return 0;
  }
  const names = values.target ?? Object.keys(TARGETS);
  const stray = names.find((name) => !Object.hasOwn(TARGETS, name));
  const numbers = [values.cases, values.seed, values.minutes, values.case ?? '0'];
  if (stray !== undefined || numbers.some((text) => !/^\d+$/.test(text))) {
    process.stderr.write(USAGE);
    return 2;
  }
  const seed = Number(values.seed);
  if (values.case !== undefined) {
    const [name = ''] = names;
    return runOne(name, { seed, number: Number(values.case) }, values.keep);
  }
  const limitMs = Number(values.minutes) * 60_000;
  return runAll(names, { seed, from: 0, cases: Number(values.cases), limitMs });
}

/** Runs one case in this thread and shows what it was made of. */
async function runOne(
  name: string,
  which: { readonly seed: number; readonly number: number },
  keep: string | undefined,
): Promise<number> {
  const target = targetOf(name);
  const input = makeCase(target, which.seed, which.number);
  write(`${JSON.stringify(input, null, 1)}\n`);
  const range = { seed: which.seed, from: which.number, cases: 1, limitMs: HANGS_AFTER_MS };
  const tally = await runSession(target, range);
  report(tally);
  if (keep !== undefined) {
    const file = join(import.meta.dirname, 'cases', `${keep}.json`);
    const why = tally.findings[0]?.what.split('\n')[0] ?? 'nothing was found';
    writeFileSync(file, `${JSON.stringify({ target: name, why, input }, null, 2)}\n`);
  }
  return tally.failed === 0 ? 0 : 1;
}

async function runAll(names: readonly string[], range: Range): Promise<number> {
  const waiting = [...names];
  let failed = 0;
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const tally = await runInThread(name, range);
      report(tally);
      failed += tally.failed;
    }
  };
  const lanes = Math.min(names.length, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, lane));
  write(failed === 0 ? 'nothing found\n' : `${failed} cases broke a promise\n`);
  return failed === 0 ? 0 : 1;
}

async function runInThread(target: string, range: Range): Promise<Tally> {
  const progress = new SharedArrayBuffer(8);
  const task: WorkerTask = { target, range, progress };
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: task });
  const watching = new AbortController();
  const begin = performance.now();
  const { promise, resolve } = Promise.withResolvers<Tally>();
  const lost = (what: string): void => {
    const cells = new Int32Array(progress);
    const finding: Finding = { target, seed: range.seed, case: Atomics.load(cells, 0), what };
    const seconds = (performance.now() - begin) / 1000;
    const slowest = { slowestMs: 0, slowestCase: finding.case };
    const cases = Atomics.load(cells, 1);
    resolve({ target, cases, seconds, ...slowest, failed: 1, findings: [finding] });
  };
  worker.once('message', resolve);
  worker.once('error', (error) => lost(`the thread died: ${String(error)}`));
  worker.once('exit', () => lost('the thread ended before its time'));
  const watch = watchOver(target, { progress, hangs: lost }, watching.signal);
  const tally = await promise;
  watching.abort();
  await watch;
  await worker.terminate();
  return tally;
}

interface Watched {
  readonly progress: SharedArrayBuffer;
  readonly hangs: (what: string) => void;
}

/** Reports the progress of a target and notices if it hangs. */
async function watchOver(name: string, watched: Watched, signal: AbortSignal): Promise<void> {
  const cells = new Int32Array(watched.progress);
  const begin = performance.now();
  let last = { began: -1, since: begin };
  for (let look = 1; !signal.aborted; look += 1) {
    await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    const began = Atomics.load(cells, 1);
    const now = performance.now();
    if (began !== last.began) last = { began, since: now };
    else if (now - last.since > HANGS_AFTER_MS) watched.hangs('the case does not end');
    if (look % TELL_EVERY_LOOKS === 0) {
      write(`${name}: ${began} cases in ${Math.round((now - begin) / 1000)} s\n`);
    }
  }
}

function report(tally: Tally): void {
  const { target, cases, seconds, slowestMs, slowestCase, failed, findings } = tally;
  const rate = Math.round(cases / Math.max(seconds, 0.001));
  write(
    `${target}: ${cases} cases, ${seconds.toFixed(1)} s, ${rate} cases/s, slowest ${slowestMs.toFixed(1)} ms (case ${slowestCase}), ${failed} failed\n`,
  );
  for (const finding of findings) {
    write(
      `  ${target} --seed ${finding.seed} --case ${finding.case}\n    ${shownLines(finding.what)}\n`,
    );
  }
}

function shownLines(text: string): string {
  return text
    .split('\n')
    .map((line) => shown(line).slice(1, -1))
    .join('\n    ');
}

function write(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main(process.argv.slice(2));
