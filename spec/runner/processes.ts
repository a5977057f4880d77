// Mocha processes: each runs one batch of spec files and reports over its channel (spec/support/
// reporter.ts). Mocha's own --parallel is not used: it makes a run of each file, so hooks that end a
// shared control plane would run after the first file, and it shows nothing of a file before its end.
// https://mochajs.org/features/parallel-mode

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { childEnvironment } from '../controlplane/environment.ts';
import type { RunCounts, RunMessage } from '../support/reporter.ts';
import type { Batch } from './batches.ts';

/** How batches are run. */
export interface RunSettings {
  /** How many processes at once. */
  readonly jobs: number;
  /** Further arguments of mocha. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** `specs`: each process prints each of its specs and its failures. */
  readonly print: 'specs' | 'nothing';
  /** A process that sends no message for so long is killed. Default: 30 minutes. */
  readonly silenceMs?: number;
  readonly onMessage: (batch: Batch, message: RunMessage) => void;
  readonly onEnd: (batch: Batch, result: BatchResult) => void;
  /** Takes what a process writes to standard error, as it comes. */
  readonly onError: (text: string) => void;
}

/** Results of one process. */
export interface BatchResult {
  readonly counts: RunCounts;
  /** Failures in mocha's rendering, each with the number 1. */
  readonly failures: readonly string[];
  /** The exit code; 1 for a process that a signal ended. */
  readonly code: number;
  readonly ms: number;
}

const root = join(import.meta.dirname, '..', '..');
const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const reporter = join(root, 'spec', 'support', 'reporter.ts');
// Stated here and not left to .mocharc.json, whose list of files mocha adds to the ones it is given.
const mochaSettings = ['--no-config', '--forbid-only', '--extension', 'ts', '--timeout', '10000'];

// The longest part of `make faults` takes about ten.
const SILENCE_MS = 30 * 60_000;
// After its specs a process ends itself within 10 s (spec/support/reporter.ts).
const END_MS = 30_000;

// Characters of standard error with a failure: an error with its stack has fewer.
const SHOWN_ERRORS = 4_000;

/** Runs batches in processes, some at once, until all ended or a signal was passed on. */
export class MochaProcesses {
  readonly #settings: RunSettings;
  readonly #running = new Set<ChildProcess>();
  #interrupted = false;

  constructor(settings: RunSettings) {
    this.#settings = settings;
  }

  /** Whether a signal was passed on; then batches may be missing in the results. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Runs every batch and gives the results in the order in which the processes ended. */
  async run(batches: readonly Batch[]): Promise<readonly BatchResult[]> {
    const waiting = [...batches];
    const results: BatchResult[] = [];
    const work = async (): Promise<void> => {
      for (let batch = waiting.shift(); batch && !this.#interrupted; batch = waiting.shift()) {
        const result = await this.#runBatch(batch);
        results.push(result);
        this.#settings.onEnd(batch, result);
      }
    };
    await Promise.all(Array.from({ length: this.#settings.jobs }, work));
    return results;
  }

  /** Passes a signal on to every process and to what it started; no further batch is begun. */
  interrupt(signal: NodeJS.Signals): void {
    this.#interrupted = true;
    for (const child of this.#running) signalGroup(child, signal);
  }

  async #runBatch(batch: Batch): Promise<BatchResult> {
    const started = performance.now();
    const child = this.#start(batch);
    const told = new Told();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told.takeError(text);
      this.#settings.onError(text);
    });
    const kill = (): void => {
      told.takeSilence();
      signalGroup(child, 'SIGKILL');
    };
    const silenceMs = this.#settings.silenceMs ?? SILENCE_MS;
    let silence = setTimeout(kill, silenceMs);
    child.on('message', (message) => {
      const known = message as RunMessage;
      clearTimeout(silence);
      silence = setTimeout(kill, known.kind === 'end' ? Math.min(END_MS, silenceMs) : silenceMs);
      told.take(known);
      this.#settings.onMessage(batch, known);
    });
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    child.once('error', reject);
    child.once('exit', () => signalGroup(child, 'SIGKILL'));
    child.once('close', (code) => resolve(code ?? 1));
    this.#running.add(child);
    const code = await promise.finally(() => this.#running.delete(child));
    clearTimeout(silence);
    const outcome = child.signalCode ?? `code ${code}`;
    return { ...told.result(batch, { code, outcome }), code, ms: performance.now() - started };
  }

  #start({ files }: Batch): ChildProcess {
    const { args, print, variables } = this.#settings;
    const reporting = ['--reporter', reporter, '--reporter-option', `print=${print}`];
    const settings = [...mochaSettings, ...reporting];
    return spawn(process.execPath, [mocha, ...settings, ...args, ...files], {
      cwd: root,
      // A group of its own, so that a signal reaches it once, and through `interrupt`.
      detached: true,
      stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
      env: childEnvironment(variables),
    });
  }
}

/** To a process and all that it started, as a terminal does it: gateways that specs started end too. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Messages of one process, added up. */
class Told {
  readonly #failures: string[] = [];
  #counts: RunCounts = { passed: 0, failed: 0, skipped: 0 };
  #hasEnded = false;
  /** Why the process did not end by itself, or `before its specs did`. */
  #problem = 'before its specs did';
  #errors = '';

  takeError(text: string): void {
    this.#errors = (this.#errors + text).slice(-SHOWN_ERRORS);
  }

  takeSilence(): void {
    const place = this.#hasEnded ? 'after its specs' : 'before its specs did';
    this.#problem = `${place}, because it was silent for too long`;
    this.#hasEnded = false;
  }

  take(message: RunMessage): void {
    if (message.kind === 'failure') this.#failures.push(message.text);
    if (message.kind === 'suite') this.#counts = sum([this.#counts, message.counts]);
    if (message.kind === 'end') {
      this.#counts = message.counts;
      this.#hasEnded = true;
    }
    if (message.kind === 'stuck') {
      this.#hasEnded = false;
      this.#problem = `after its specs, which left open: ${message.open.join(', ')}`;
    }
  }

  result(
    { name, files }: Batch,
    { code, outcome }: { readonly code: number; readonly outcome: string },
  ): Pick<BatchResult, 'counts' | 'failures'> {
    const failed = Math.max(this.#counts.failed, this.#failures.length);
    const counts = { ...this.#counts, failed };
    if (this.#hasEnded && (code === 0 || failed > 0)) return { counts, failures: this.#failures };
    // A spec file that does not load ends mocha before its first spec; standard error says which.
    const first = `1) ${name}: mocha ended with ${outcome} ${this.#problem}`;
    const text = [first, ...files.map((file) => `     ${file}`), this.#errors.trimEnd()].join('\n');
    return { counts: { ...counts, failed: failed + 1 }, failures: [...this.#failures, text] };
  }
}

/** The sum of counts. */
export function sum(counts: readonly RunCounts[]): RunCounts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}
