// The real gateway in this process, with its configuration in a file of its own. Results are read
// from the log, as an operator does.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { type SpecMachine, specMachine } from '../cli/process-context.ts';
import { jsonLinesOf } from '../support/json-lines.ts';
import { until } from '../support/until.ts';

/** Options of a run. */
export interface GatewayRun {
  readonly configuration: string;
  /** The variables; `GATEWAY_CONFIG` is replaced. */
  readonly environment: Readonly<Record<string, string>>;
  /** The command line, without the flags of the store, the listeners and the log. */
  readonly args: readonly string[];
  /** How long it may take to write an expected line; default 9 s. */
  readonly patienceMs?: number;
}

/** A running gateway. Disposing ends it. */
export class RunningGateway implements AsyncDisposable {
  readonly #machine: SpecMachine;
  readonly #secrets: readonly string[];
  readonly #folder: string;
  readonly #running: Promise<number>;
  readonly #patienceMs: number;

  private constructor(run: GatewayRun, folder: string, file: string) {
    this.#folder = folder;
    this.#patienceMs = run.patienceMs ?? PATIENCE_MS;
    this.#secrets = Object.values(run.environment);
    this.#machine = specMachine({ environment: { ...run.environment, GATEWAY_CONFIG: file } });
    this.#running = runCommandLine([...run.args, ...FLAGS], this.#machine);
  }

  /** Starts a gateway without waiting for it. */
  static async start(run: GatewayRun): Promise<RunningGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-recipe-'));
    const file = join(folder, 'sluice.yaml');
    await writeFile(file, run.configuration);
    return new RunningGateway(run, folder, file);
  }

  /** The lines of one kind. */
  of(kind: string): readonly JsonObject[] {
    return jsonLinesOf(this.#machine.out()).filter((line) => line['kind'] === kind);
  }

  /** Waits until something is in the log. **Errors**: at the deadline, with the log so far. */
  async logged<T>(find: () => T | undefined, what: string): Promise<T> {
    const look = (): { readonly found: T } => {
      const found = find();
      if (found !== undefined) return { found };
      throw new Error(`the log so far:\n${this.#machine.out()}${this.#machine.err()}`);
    };
    return (await until(look, what, this.#patienceMs)).found;
  }

  /** Waits for the first line of that kind in the log. */
  async line(kind: string): Promise<JsonObject> {
    return this.logged(() => this.of(kind)[0], `a line of the kind ${kind}`);
  }

  /** The outcome of the first attempt, with its reason: `outcome` or `outcome reason`. */
  async outcome(): Promise<string> {
    return outcomeOf(await this.line('attempt-ended'));
  }

  /** Ends the gateway; fails if it ended badly or if its log has a secret. */
  async stop(): Promise<void> {
    this.#machine.stopping.abort(new Error('SIGTERM'));
    expect(await this.#running, this.#machine.err()).to.equal(0);
    const text = `${this.#machine.out()}${this.#machine.err()}`;
    for (const secret of this.#secrets) {
      // The host of a secret URL may be shown.
      const hidden = URL.canParse(secret) ? new URL(secret).pathname : secret;
      expect(text.includes(hidden), 'a secret in the log').to.equal(false);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#machine.stopping.abort(new Error('SIGTERM'));
    await this.#running;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

// A start on a real API server takes some seconds; mocha ends a spec after ten.
const PATIENCE_MS = 9_000;
const FLAGS = [
  ...['--store', 'memory', '--probes', 'off', '--api', 'off', '--log-format', 'json'],
  // The result of an attempt is a line at debug.
  ...['--log-level', 'debug'],
];

/** The outcome in a line of the kind `attempt-ended`, with its reason. */
export function outcomeOf(line: JsonObject): string {
  return `${stringAt(line, 'outcome')} ${stringAt(line, 'reason')}`.trim();
}
