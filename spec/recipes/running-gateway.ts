// The real gateway with the configuration of a recipe in a file of its own. What came of it is read
// where an operator reads it, in the log.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../lib/core/event.ts';
import { type SpecMachine, specMachine } from '../cli/process-context.ts';
import { until } from '../support/until.ts';

/** What is run. */
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

  /** Starts one; it is not waited for. */
  static async start(run: GatewayRun): Promise<RunningGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-recipe-'));
    const file = join(folder, 'sluice.yaml');
    // What an attempt came to is a line at debug.
    await writeFile(file, `${run.configuration}logging: { level: debug }\n`);
    return new RunningGateway(run, folder, file);
  }

  /** The first line of the log of that kind, once it is there. */
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
      // Of a URL that is a secret the host may be shown.
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
  // The last line may not be whole yet.
  const whole = text.split('\n').slice(0, -1);
  return whole.map((line): unknown => JSON.parse(line)).filter(isJsonObject);
}
