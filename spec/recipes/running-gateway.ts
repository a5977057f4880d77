// The real gateway with the configuration of a recipe in a file of its own. Results are read from
// the log, as an operator does.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../lib/core/event.ts';
import { type SpecMachine, specMachine } from '../cli/process-context.ts';
import { until } from '../support/until.ts';

/** Options of a run. */
export interface GatewayRun {
  readonly configuration: string;
  /** The variables, which are all secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** The flags that name a cluster. */
  readonly cluster: readonly string[];
}

/** A running gateway in the namespace `gateway`. Disposing ends it. */
export class RunningGateway implements AsyncDisposable {
  readonly #machine: SpecMachine;
  readonly #secrets: readonly string[];
  readonly #folder: string;
  readonly #running: Promise<number>;

  private constructor(run: GatewayRun, folder: string, file: string) {
    this.#folder = folder;
    this.#secrets = Object.values(run.environment);
    this.#machine = specMachine({ environment: run.environment });
    const args = [...ARGUMENTS, ...run.cluster, '--config', file];
    this.#running = runCommandLine(args, this.#machine);
  }

  /** Starts a gateway without waiting for it. */
  static async start(run: GatewayRun): Promise<RunningGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-recipe-'));
    const file = join(folder, 'sluice.yaml');
    // The result of an attempt is a line at debug.
    await writeFile(file, `${run.configuration}logging: { level: debug }\n`);
    return new RunningGateway(run, folder, file);
  }

  /** Waits for the first line of that kind in the log. */
  async line(kind: string): Promise<JsonObject> {
    return until(
      () => {
        const text = `${this.#machine.out()}${this.#machine.err()}`;
        const found = linesOf(this.#machine.out()).find((line) => line['kind'] === kind);
        if (found === undefined) throw new Error(`the log so far:\n${text}`);
        return found;
      },
      `a line of the kind ${kind}`,
      PATIENCE_MS,
    );
  }

  /** The outcome of the first attempt, with its reason: `outcome` or `outcome reason`. */
  async outcome(): Promise<string> {
    const line = await this.line('attempt-ended');
    return `${stringAt(line, 'outcome')} ${stringAt(line, 'reason')}`.trim();
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
const ARGUMENTS = [
  ...['run', '--namespace', 'gateway', '--store', 'memory', '--log-format', 'json'],
  ...['--probes', 'off', '--api', 'off'],
];

function linesOf(text: string): readonly JsonObject[] {
  // The last line may be incomplete.
  const whole = text.split('\n').slice(0, -1);
  return whole.map((line): unknown => JSON.parse(line)).filter(isJsonObject);
}
