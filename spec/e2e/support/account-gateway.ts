// A gateway in this process, with the command line and the variables of a rendered pod, under an account.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../../../lib/cli/main.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../../lib/core/event.ts';
import { type SpecMachine, specMachine } from '../../cli/process-context.ts';
import { until } from '../../support/until.ts';

/** Options of a run. */
export interface AccountRun {
  readonly kubeconfig: string;
  /** Arguments of the container. */
  readonly args: readonly string[];
  /** Its variables; `GATEWAY_CONFIG` is replaced. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text of the mounted configuration. */
  readonly configuration: string;
}

const PATIENCE_MS = 40_000;

/** A running gateway. Disposing ends it. */
export class AccountGateway implements AsyncDisposable {
  readonly #machine: SpecMachine;
  readonly #folder: string;
  readonly #running: Promise<number>;

  private constructor({ args, kubeconfig }: AccountRun, folder: string, machine: SpecMachine) {
    this.#machine = machine;
    this.#folder = folder;
    const local = ['--kubeconfig', kubeconfig, '--store', 'memory', '--probes', 'off'];
    const log = ['--log-format', 'json', '--log-level', 'debug', '--api', 'off'];
    this.#running = runCommandLine([...args, ...local, ...log], machine);
  }

  /** Starts a gateway. */
  static async start(run: AccountRun): Promise<AccountGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-account-'));
    const file = join(folder, 'config.yaml');
    await writeFile(file, run.configuration);
    const environment = { ...run.environment, GATEWAY_CONFIG: file };
    return new AccountGateway(run, folder, specMachine({ environment }));
  }

  /** Waits until it reads Events, or has ended. */
  async reads(): Promise<void> {
    const hasBegun = (): boolean => this.#isRefused() || this.of('watch-opened').length > 0;
    await until(() => hasBegun() || this.#trouble(), 'it to read Events', PATIENCE_MS);
  }

  /** The outcome of its first attempt with the reason, or `unreadable` if it may not read Events. */
  async outcome(): Promise<string> {
    return until(
      () => {
        if (this.#isRefused()) return 'unreadable';
        const [ended] = this.of('attempt-ended');
        if (ended !== undefined) {
          return `${stringAt(ended, 'outcome')} ${stringAt(ended, 'reason')}`.trim();
        }
        return this.#trouble();
      },
      'an attempt',
      PATIENCE_MS,
    );
  }

  /** Permissions that the log says are missing, as `VERB RESOURCE in NAMESPACE`, once there is one. */
  async missing(): Promise<readonly string[]> {
    const found = (): readonly string[] =>
      this.of('permission').map(
        (line) =>
          `${stringAt(line, 'verb')} ${stringAt(line, 'resource')} in ${stringAt(line, 'namespace')}`,
      );
    await until(() => found().length > 0 || this.#trouble(), 'a missing permission', PATIENCE_MS);
    return [...new Set(found())];
  }

  /** The lines of one kind. */
  of(kind: string): readonly JsonObject[] {
    const lines = this.#machine.out().split('\n').slice(0, -1);
    const parsed = lines.map((line): unknown => JSON.parse(line)).filter(isJsonObject);
    return parsed.filter((line) => line['kind'] === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#machine.stopping.abort(new Error('SIGTERM'));
    await this.#running;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #isRefused(): boolean {
    const ended = [...this.of('list-failed'), ...this.of('watch-ended')];
    const isForbidden = ended.some((line) => line['reason'] === 'forbidden');
    // An account that may read nothing ends the process.
    return isForbidden || this.of('stopping').length > 0;
  }

  /** **Errors**: always, with the log so far, which the deadline then reports. */
  #trouble(): false {
    throw new Error(`the log so far:\n${this.#machine.out()}${this.#machine.err()}`);
  }
}
