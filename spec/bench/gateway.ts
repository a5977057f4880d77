// The gateway as a process that is measured: bin/sluice.js run, with a kubeconfig, a configuration
// and a log file of its own. The log goes to a file, so that nobody's reading of it is measured.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { YOUNG_GENERATION } from '../../tools/image/application.ts';
import { childEnvironment } from '../controlplane/environment.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../support/until.ts';
import type { Program } from './program.ts';
import { sharedNow } from './rpc.ts';

const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 15_000;

/** Options of Node.js in the image. */
const AS_SHIPPED = [YOUNG_GENERATION];

/** The gateway to run. */
export interface GatewayRequest {
  /** The compiled bin/sluice.js. */
  readonly executable: string;
  /** Where its files go; must be its own. */
  readonly folder: string;
  /** Where its store lies, if that is one of files. */
  readonly data: string;
  /** Whether the API listens, for anybody on this machine who reads. */
  readonly api: 'on' | 'off';
  readonly kubeconfig: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** More arguments of Node.js itself, such as --cpu-prof. */
  readonly nodeArgs: readonly string[];
  /** Ends it, should the harness be killed. */
  readonly guard: Program;
}

/** A running gateway. Disposing stops it as Kubernetes would, then kills it. */
export class GatewayChild implements AsyncDisposable {
  /** Its log. */
  readonly log: string;
  /** From its start until it was ready, in ms. */
  readyAfterMs = 0;
  readonly #child: ChildProcess;
  /** Address of the API; '' if it does not listen. */
  readonly api: string;
  /** When its process was started, in ms of the shared clock. */
  readonly startedAt = sharedNow();
  readonly #probes: string;
  readonly #guard: Program;

  private constructor(
    child: ChildProcess,
    { log, probes, api, guard }: { log: string; probes: string; api: string; guard: Program },
  ) {
    this.#child = child;
    this.#probes = probes;
    this.api = api;
    this.log = log;
    this.#guard = guard;
  }

  /** Starts one and waits until it says that it is ready. */
  static async start(request: GatewayRequest): Promise<GatewayChild> {
    const { executable, folder, data, kubeconfig, configuration, nodeArgs } = request;
    const [port = 0, apiPort = 0] = await freePorts(2);
    const probes = `127.0.0.1:${port}`;
    const api = request.api === 'on' ? `127.0.0.1:${apiPort}` : 'off';
    const file = join(folder, 'sluice.json');
    writeFileSync(file, JSON.stringify(configuration));
    const args = [
      'run',
      '--config',
      file,
      '--kubeconfig',
      kubeconfig,
      '--probes',
      probes,
      '--api',
      api,
    ];
    const log = join(folder, 'gateway.log');
    const output = openSync(log, 'w');
    const node = [...AS_SHIPPED, ...nodeArgs];
    const child = spawn(process.execPath, [...node, executable, ...args, '--drain', '1s'], {
      stdio: ['ignore', output, output],
      env: childEnvironment({ SLUICE_DATA: data }),
    });
    closeSync(output);
    const gateway = new GatewayChild(child, {
      log,
      probes: `http://${probes}`,
      api: api === 'off' ? '' : `http://${api}`,
      guard: request.guard,
    });
    try {
      await request.guard.ask('guard', gateway.pid);
      await gateway.#ready();
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
    return gateway;
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How many bytes it has logged. */
  logBytes(): number {
    return statSync(this.log).size;
  }

  /** The value of a metric, summed over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#probes}/metrics`)).text();
    const values = text.matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)$`, 'gm'));
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await until(() => this.#isOver(), 'the gateway to end', END_LIMIT_MS).catch(() =>
      this.#child.kill('SIGKILL'),
    );
    await ended;
    // The number may be another process's soon. Where the guard has ended already, nothing is left
    // to tell.
    await this.#guard.ask('unguard', this.pid).catch(() => undefined);
  }

  async #ready(): Promise<void> {
    await until(
      async () => {
        if (this.#isOver()) return true;
        return (await fetch(`${this.#probes}/readyz`)).status === 200;
      },
      'the gateway to be ready',
      START_LIMIT_MS,
    );
    if (this.#isOver()) throw new Error(`the gateway ended: ${readFileSync(this.log, 'utf8')}`);
    this.readyAfterMs = sharedNow() - this.startedAt;
  }

  #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
