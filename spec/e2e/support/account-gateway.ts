// A gateway in this process, with the command line and the variables of a rendered pod, under an account.

import { type JsonObject, stringAt } from '../../../lib/core/json-object.ts';
import { type GatewayRun, outcomeOf, RunningGateway } from '../../recipes/running-gateway.ts';

/** Options of a run: arguments and variables of the container, and the mounted configuration. */
export interface AccountRun extends Omit<GatewayRun, 'patienceMs'> {
  readonly kubeconfig: string;
}

const PATIENCE_MS = 40_000;

/** A running gateway. Disposing ends it. */
export class AccountGateway implements AsyncDisposable {
  readonly #gateway: RunningGateway;

  private constructor(gateway: RunningGateway) {
    this.#gateway = gateway;
  }

  /** Starts a gateway. */
  static async start({ kubeconfig, args, ...run }: AccountRun): Promise<AccountGateway> {
    const all = [...args, '--kubeconfig', kubeconfig];
    const started = await RunningGateway.start({ ...run, args: all, patienceMs: PATIENCE_MS });
    return new AccountGateway(started);
  }

  /** Waits until it reads Events, or has ended. */
  async reads(): Promise<void> {
    const hasBegun = (): boolean => this.#isRefused() || this.of('watch-opened').length > 0;
    await this.#gateway.logged(() => hasBegun() || undefined, 'it to read Events');
  }

  /** The outcome of its first attempt with the reason, or `unreadable` if it may not read Events. */
  async outcome(): Promise<string> {
    const found = (): string | undefined =>
      this.#isRefused() ? 'unreadable' : this.of('attempt-ended').map(outcomeOf)[0];
    return this.#gateway.logged(found, 'an attempt');
  }

  /** Permissions that the log says are missing, as `VERB RESOURCE in NAMESPACE`, once there is one. */
  async missing(): Promise<readonly string[]> {
    const first = (): JsonObject | undefined => this.of('permission')[0];
    await this.#gateway.logged(first, 'a missing permission');
    const found = this.of('permission').map(
      (line) =>
        `${stringAt(line, 'verb')} ${stringAt(line, 'resource')} in ${stringAt(line, 'namespace')}`,
    );
    return [...new Set(found)];
  }

  /** The lines of one kind. */
  of(kind: string): readonly JsonObject[] {
    return this.#gateway.of(kind);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#gateway[Symbol.asyncDispose]();
  }

  #isRefused(): boolean {
    const ended = [...this.of('list-failed'), ...this.of('watch-ended')];
    const isForbidden = ended.some((line) => line['reason'] === 'forbidden');
    // An account that may read nothing ends the process.
    return isForbidden || this.of('stopping').length > 0;
  }
}
