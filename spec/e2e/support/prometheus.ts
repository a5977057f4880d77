// A real Prometheus on loopback that scrapes one gateway and has the chart's alerts loaded. It is asked
// through its HTTP API.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../controlplane/ports.ts';
import { until } from '../../support/until.ts';

/** Options of a Prometheus. */
export interface PrometheusRequest {
  /** The folder of its program. */
  readonly programs: string;
  /** `host:port` of the gateway's probes. */
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Rules as the chart renders them. */
  readonly rules: readonly object[];
}

/** A series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A target as Prometheus sees it. */
interface TargetState {
  readonly health: string;
  readonly lastError: string;
}

const READY_MS = 30_000;

/** A running Prometheus. */
export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  #errors = '';

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.#url = url;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
  }

  /** Starts one and waits until it answers. */
  static async start({ programs, target, labels, rules }: PrometheusRequest): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const [port = 0] = await freePorts(1);
    const file = join(folder, 'prometheus.json');
    const every = { scrape_interval: '500ms', scrape_timeout: '500ms' };
    const configuration = {
      global: { ...every, evaluation_interval: '1s' },
      rule_files: [join(folder, 'rules.json')],
      scrape_configs: [{ job_name: 'sluice', static_configs: [{ targets: [target], labels }] }],
    };
    await writeFile(file, JSON.stringify(configuration));
    const groups = [{ name: 'sluice', rules }];
    await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups }));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ];
    const child = spawn(join(programs, 'prometheus'), args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const prometheus = new Prometheus(child, folder, `http://127.0.0.1:${port}`);
    try {
      await until(() => prometheus.#isReady(), 'Prometheus to be ready', READY_MS);
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    }
    return prometheus;
  }

  /** Answers an instant query now. */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = await this.#ask<{
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    }>(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** Checks whether a query gives a series that is not zero. */
  async hasMore(expr: string): Promise<boolean> {
    return (await this.query(expr)).some(({ value }) => value !== 0 && !Number.isNaN(value));
  }

  /** The names of the alerts that fire. */
  async firing(): Promise<readonly string[]> {
    const { alerts } = await this.#ask<{
      readonly alerts: readonly {
        readonly state: string;
        readonly labels: { readonly alertname: string };
      }[];
    }>('alerts');
    const names = alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => labels.alertname);
    return [...new Set(names)].sort();
  }

  /** The rules that are loaded, with the error of their last evaluation. */
  async rules(): Promise<readonly { readonly name: string; readonly lastError: string }[]> {
    const { groups } = await this.#ask<{
      readonly groups: readonly {
        readonly rules: readonly { readonly name: string; readonly lastError?: string }[];
      }[];
    }>('rules');
    return groups.flatMap(({ rules }) =>
      rules.map(({ name, lastError = '' }) => ({ name, lastError })),
    );
  }

  /** Its only target. */
  async target(): Promise<TargetState | undefined> {
    const { activeTargets } = await this.#ask<{ readonly activeTargets: readonly TargetState[] }>(
      'targets',
    );
    return activeTargets[0];
  }

  /** Its warnings and errors so far. */
  get errors(): string {
    return this.#errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(this.#errors);
    return (await fetch(`${this.#url}/-/ready`)).ok;
  }

  async #ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const body = (await response.json()) as { readonly data: Data; readonly error?: string };
    if (!response.ok) throw new Error(`${path}: ${body.error ?? response.status}`);
    return body.data;
  }
}
