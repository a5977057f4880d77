// The real gateway as a process of its own, as users run it: a configuration file, a kubeconfig, its
// log on standard output, its probes on a free port.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../controlplane/environment.ts';
import { freePorts } from '../../controlplane/ports.ts';
import { until } from '../../support/until.ts';

const executable = fileURLToPath(new URL('../../../bin/sluice.js', import.meta.url));

/** What to run. */
export interface GatewayRequest {
  /** Absent: none is named, for instance because `args` name a `--master`. */
  readonly kubeconfig?: string;
  /**
   * The configuration without `http` and `logging`, which are added; one whose `logging` is not JSON
   * gives `output` only, and no `lines`.
   */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly namespace: string;
  /** More arguments of `sluice run`. */
  readonly args?: readonly string[];
  /** Where the store lies, kept when it ends, so that the next one goes on; absent: a fresh one. */
  readonly dataFolder?: string;
  /** The port of its probes, so that the next one has the same; absent: a free one. */
  readonly probesPort?: number;
  /** What Node runs instead of bin/sluice.js; it may be told things by `tell`. */
  readonly entry?: string;
  /** More variables of its environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One line of the JSON log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running gateway. Disposing stops it as Kubernetes would, then kills it. */
export class GatewayProcess implements AsyncDisposable {
  /** Every line of its log so far. */
  readonly lines: LogLine[] = [];
  /** What it wrote to standard output, as it is; the log need not be JSON for this. */
  output = '';
  /** What it wrote to standard error. */
  errors = '';
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #probes: string;
  readonly #ended: Promise<Ended>;

  private constructor(child: ChildProcess, folder: string, probes: string) {
    this.#child = child;
    this.#folder = folder;
    this.#probes = probes;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.#ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
      code: typeof code === 'number' ? code : null,
      signal: typeof signal === 'string' ? signal : null,
    }));
  }

  /** Starts one; it is not waited for. */
  static async start(request: GatewayRequest): Promise<GatewayProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-gateway-'));
    const port = request.probesPort ?? (await freePorts(1))[0] ?? 0;
    const file = join(folder, 'sluice.json');
    // Gateways run side by side: each has ports of its own, and none writes a token here.
    const http = { probes: `127.0.0.1:${port}`, api: 'off' };
    const logging = { format: 'json', decisions: 'all', level: 'debug' };
    await writeFile(file, JSON.stringify({ http, logging, ...request.configuration }));
    const { kubeconfig } = request;
    const named = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
    const { namespace } = request;
    const homes = ['--namespace', namespace, '--build-namespace', namespace];
    const args = ['run', '--config', file, ...named, ...homes, ...(request.args ?? [])];
    const { entry, dataFolder = folder, environment } = request;
    const child = spawn(process.execPath, [entry ?? executable, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', entry === undefined ? 'ignore' : 'ipc'],
      env: childEnvironment({ SLUICE_DATA: dataFolder, ...environment }),
    });
    const gateway = new GatewayProcess(child, folder, `http://127.0.0.1:${port}`);
    const own = request.configuration['logging'] as { readonly format?: string } | undefined;
    if (child.stdout !== null && (own?.format ?? logging.format) === 'json') {
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => void gateway.lines.push(parse(line)));
    }
    return gateway;
  }

  /** Starts one and waits until it is ready. */
  static async startReady(request: GatewayRequest): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.start(request);
    try {
      await gateway.ready();
      return gateway;
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until `/readyz` says so. */
  async ready(deadlineMs = 30_000): Promise<void> {
    await until(
      async () => {
        if (this.hasEnded) return true;
        return (await this.probe('/readyz')).status === 200;
      },
      'the gateway to be ready',
      deadlineMs,
    );
    if (this.hasEnded) throw new Error(`it ended: ${this.errors}`);
  }

  /** Asks one of its probes. */
  async probe(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.#probes}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** The lines of one kind of observation. */
  of(kind: string): readonly LogLine[] {
    return this.lines.filter((line) => line['kind'] === kind);
  }

  /** The id of the process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process is gone. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Tells an own entry point something. */
  tell(message: Readonly<Record<string, number>>): void {
    this.#child.send(message);
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has ended. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Asks it to stop and waits for the end. */
  async stop(): Promise<Ended> {
    this.kill('SIGTERM');
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGTERM');
    await until(() => this.hasEnded, 'the gateway to end', 10_000).catch(() =>
      this.kill('SIGKILL'),
    );
    await this.ended();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What a kill cut off in the middle is a line of the kind `cut-off`. */
function parse(line: string): LogLine {
  if (!line.endsWith('}')) return { kind: 'cut-off', line };
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error(`no log line: ${line}`);
  return { ...value };
}
