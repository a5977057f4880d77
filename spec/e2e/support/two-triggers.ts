// One gateway whose one rule starts two HTTP triggers for every Event of a namespace: `good`, whose
// receiver always does well, and `bad`, whose receiver is the matter of a spec. What the gateway
// did is asked where users ask: its log, its metrics, its probes, its API.

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { until } from '../../support/until.ts';
import { type Ended, GatewayProcess, type LogLine } from './gateway-process.ts';
import * as once from './once.ts';
import { type Behaviour, SwitchedReceiver, toldIn } from './switched-receiver.ts';

/** The trigger `bad`, beyond the address of its receiver. */
export interface BadTrigger {
  readonly http?: Readonly<Record<string, unknown>>;
  /** What all kinds share: `timeout`, `retry`, `concurrency`. */
  readonly shared?: Readonly<Record<string, unknown>>;
  /** Instead of the receiver's own. */
  readonly url?: string;
  /** A file with the URL, instead of one in the configuration. */
  readonly urlFile?: string;
  /** More arguments of `sluice run`. */
  readonly args?: readonly string[];
}

/** A trigger as the status shows it. */
export interface TriggerStatus {
  readonly breaker: string;
  readonly deliveries: Readonly<Record<string, number>>;
}

interface Decided {
  readonly event: { readonly namespace: string; readonly name: string };
  readonly action: string;
  readonly dispositions: readonly {
    readonly trigger: string;
    readonly disposition: string;
    readonly id: string;
  }[];
}

/** How things stood when a case began. */
interface Before {
  readonly rssMib: number;
  readonly hits: number;
  readonly deliveries: Readonly<Record<string, number>>;
  readonly doubted: number;
  readonly settled: number;
}

type TriggerName = 'good' | 'bad';

// How much memory a process may gain in a case, whatever a receiver sends: a young heap that fills
// for the first time is about half of it, and 200 MiB of answers would be far above it.
const GAIN_MIB = 60;
const PATIENCE_MS = 30_000;
// What is left of the 30 s that Kubernetes gives after the usual drain of 25 s.
const ENDING_MS = 5_000;
const DELIVERED = 'trigger="bad",state="delivered",reason=""';

/** The gateway and its two receivers; one case after the other may be played with them. */
export class TwoTriggers implements AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly good: SwitchedReceiver;
  readonly bad: SwitchedReceiver;
  /** `namespace/name` of every Event of this case. */
  readonly written: string[] = [];
  readonly #plane: ControlPlane;
  readonly #namespace: string;
  readonly #token: string;
  readonly #opened: AsyncDisposableStack;
  readonly #api: string;
  #events = 0;
  #before: Before = { rssMib: 0, hits: 0, deliveries: {}, doubted: 0, settled: 0 };

  private constructor(
    parts: Pick<TwoTriggers, 'gateway' | 'good' | 'bad'>,
    inner: {
      plane: ControlPlane;
      namespace: string;
      token: string;
      opened: AsyncDisposableStack;
    },
  ) {
    this.gateway = parts.gateway;
    this.good = parts.good;
    this.bad = parts.bad;
    this.#plane = inner.plane;
    this.#namespace = inner.namespace;
    this.#token = inner.token;
    this.#opened = inner.opened;
    const listening = this.gateway.of('listening').find(({ listener }) => listener === 'api');
    this.#api = `http://${String(listening?.['address'])}`;
  }

  /** Starts all of it in a namespace of its own; the bad receiver is taken over. */
  static async start(
    plane: ControlPlane,
    bad: SwitchedReceiver,
    trigger: BadTrigger = {},
  ): Promise<TwoTriggers> {
    await using opened = new AsyncDisposableStack();
    opened.use(bad);
    const good = opened.use(await SwitchedReceiver.start());
    const namespace = await plane.createNamespace('shop');
    const folder = await mkdtemp(join(tmpdir(), 'sluice-receivers-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const token = randomBytes(32).toString('base64url');
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, token, { mode: 0o600 });
    const api = ['--api', '127.0.0.1:0', '--api-token-file', tokenFile];
    const gateway = opened.use(
      await GatewayProcess.startReady({
        kubeconfig: await plane.kubeconfigFor(rightsIn(namespace)),
        configuration: configuration(namespace, { good, bad, trigger }),
        namespace,
        args: [...api, ...(trigger.args ?? [])],
      }),
    );
    const inner = { plane, namespace, token, opened: opened.move() };
    return new TwoTriggers({ gateway, good, bad }, inner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  /** Begins a case: what came before is forgotten, the receiver behaves so, Events are written. */
  async play(behaviour: Behaviour, events: number): Promise<void> {
    this.bad.behaviour = behaviour;
    for (const list of [this.gateway.lines, this.good.arrived, this.bad.arrived, this.written]) {
      list.length = 0;
    }
    this.#before = {
      rssMib: await this.rssMib(),
      hits: await this.#hits(),
      deliveries: (await this.status('bad')).deliveries,
      doubted: await this.metric('sluice_deliveries_doubted_total', 'trigger="bad"'),
      settled: await this.metric('sluice_deliveries_settled_total', DELIVERED),
    };
    const path = `/api/v1/namespaces/${this.#namespace}/events`;
    while (this.written.length < events) {
      const at = { namespace: this.#namespace, name: `event-${(this.#events += 1)}` };
      await this.#plane.request('POST', path, once.anEvent(at));
      this.written.push(`${at.namespace}/${at.name}`);
    }
  }

  /** Waits until `good` has a request for every Event written. */
  async goodIsDone(): Promise<void> {
    const isDone = (): boolean => this.good.arrived.length >= this.written.length;
    await until(isDone, 'every Event at the good receiver', PATIENCE_MS);
  }

  /** How many deliveries of `bad` came to a state in this case, by the API. */
  async countOf(state: string): Promise<number> {
    const { deliveries } = await this.status('bad');
    return (deliveries[state] ?? 0) - (this.#before.deliveries[state] ?? 0);
  }

  /** Waits until so many deliveries of `bad` are in a state; all that were written by default. */
  async badAre(state: string, count = this.written.length): Promise<void> {
    const isSo = async (): Promise<boolean> => (await this.countOf(state)) === count;
    await until(isSo, `${count} deliveries of bad to be ${state}`, PATIENCE_MS);
  }

  /** How a trigger stands, by the API. */
  async status(trigger: TriggerName): Promise<TriggerStatus> {
    const { triggers } = await this.#ask<{ triggers: (TriggerStatus & { name: string })[] }>(
      '/api/v1/status',
    );
    const found = triggers.find(({ name }) => name === trigger);
    if (found === undefined) throw new Error(`no trigger ${trigger} in the status`);
    return found;
  }

  /** The delivery ids of a trigger by Event, as the API tells the decisions. */
  async idsOf(trigger: TriggerName): Promise<ReadonlyMap<string, string>> {
    const { items } = await this.#ask<{ items: readonly Decided[] }>(
      '/api/v1/decisions?action=accept&limit=500',
    );
    const pairs = items.flatMap(({ event, dispositions }) =>
      dispositions
        .filter((one) => one.trigger === trigger && one.disposition === 'queued')
        .map(({ id }) => [`${event.namespace}/${event.name}`, id] as const),
    );
    return new Map(pairs.filter(([event]) => this.written.includes(event)));
  }

  /** What the attempts of `bad` came to, in the order of the log. */
  get attempts(): readonly LogLine[] {
    return this.gateway
      .of('attempt-ended')
      .filter((line) => line['trigger'] === 'bad' && line['over'] === undefined);
  }

  /** `outcome reason` of every attempt of `bad`, each once. */
  get outcomes(): readonly string[] {
    return [...new Set(this.attempts.map(outcomeOf))].sort();
  }

  /** The lines about deliveries of `bad` that came to a state. */
  moved(state: string): readonly LogLine[] {
    return this.gateway
      .of('delivery-moved')
      .filter((line) => line['trigger'] === 'bad' && line['to'] === state);
  }

  /** The ids of those that were reported as possibly started twice. */
  get doubted(): readonly string[] {
    return this.moved('delivered')
      .filter((line) => line['possiblyTwice'] === true)
      .map(idOf);
  }

  /** The ids of which an answer was lost. */
  get lost(): readonly string[] {
    const lost = this.attempts.filter((line) => line['outcome'] === 'unknown');
    return [...new Set(lost.map(idOf))];
  }

  /** The lines about the breaker of `bad` that a person is meant to see. */
  get breakerLines(): readonly LogLine[] {
    return this.gateway.of('breaker').filter(({ level }) => level !== 'debug');
  }

  /** The value of a metric with these labels, in the order of the table; 0 where it is not there. */
  async metric(name: string, labels: string): Promise<number> {
    const { text } = await this.gateway.probe('/metrics');
    const line = text.split('\n').find((one) => one.startsWith(`${name}{${labels}} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  /** The notes of `/readyz`, which must say ready. */
  async notes(): Promise<readonly string[]> {
    const { status, text } = await this.gateway.probe('/readyz');
    expect(status, text).to.equal(200);
    return (JSON.parse(text) as { notes: readonly string[] }).notes;
  }

  /** The memory of the process that is in RAM. */
  async rssMib(): Promise<number> {
    const text = await readFile(`/proc/${this.gateway.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
  }

  /** What holds at any time: alive and ready, `good` has every Event once, memory is flat. */
  async expectUnhurt(): Promise<void> {
    expect((await this.gateway.probe('/healthz')).status).to.equal(200);
    await this.notes();
    const told = this.good.arrived.flatMap(({ body }) => toldIn(body));
    expect(
      once.compare(
        this.written,
        told.map(({ event }) => event),
      ),
    ).to.deep.equal(once.none);
    const ids = new Map(told.map(({ event, id }) => [event, id]));
    expect(ids).to.deep.equal(await this.idsOf('good'));
    expect([...ids.values()]).to.have.members([...this.good.ids]);
    expect((await this.#hits()) - this.#before.hits).to.equal(this.written.length);
    expect(await this.rssMib(), 'MiB of memory').to.be.below(this.#before.rssMib + GAIN_MIB);
  }

  /** What holds once everything arrived at `bad`: every delivery, and as often as the log says. */
  async expectArrived(): Promise<void> {
    await this.badAre('delivered');
    const ids = [...(await this.idsOf('bad')).values()];
    expect(new Set(this.bad.ids)).to.deep.equal(new Set(ids));
    expect(this.moved('delivered').map(idOf)).to.have.members(ids);
    expect(this.doubted).to.have.members([...this.lost]);
    const doubted = await this.metric('sluice_deliveries_doubted_total', 'trigger="bad"');
    expect(doubted - this.#before.doubted).to.equal(this.lost.length);
    const settled = await this.metric('sluice_deliveries_settled_total', DELIVERED);
    expect(settled - this.#before.settled).to.equal(ids.length);
  }

  /** Ends it, which must be in order and within the time that it says it takes at most. */
  async stop(): Promise<Ended> {
    const began = performance.now();
    const ended = await this.gateway.stop();
    const [stopping] = this.gateway.of('stopping');
    expect(ended).to.deep.equal({ code: 0, signal: null });
    expect(performance.now() - began).to.be.below(Number(stopping?.['limitMs']) + ENDING_MS);
    expect(this.gateway.of('bug')).to.deep.equal([]);
    expect(this.gateway.errors).to.equal('');
    return ended;
  }

  async #hits(): Promise<number> {
    const { items } = await this.#ask<{ items: readonly { hits: number }[] }>('/api/v1/rules');
    return items[0]?.hits ?? 0;
  }

  async #ask<Answer>(path: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const response = await fetch(new URL(path, this.#api), { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

/** `outcome reason` of an attempt's line. */
export function outcomeOf(line: LogLine): string {
  const { outcome, reason } = line;
  return typeof reason === 'string' ? `${String(outcome)} ${reason}` : String(outcome);
}

/** The delivery that a line is about. */
export function idOf(line: LogLine): string {
  return String(line['id']);
}

function configuration(
  namespace: string,
  { good, bad, trigger }: { good: SwitchedReceiver; bad: SwitchedReceiver; trigger: BadTrigger },
): Record<string, unknown> {
  const { url = bad.url, urlFile, http, shared } = trigger;
  const to = urlFile === undefined ? { url } : { urlFile };
  return {
    sources: { spec: { events: { namespaces: [namespace] } } },
    filters: [{ name: 'all', namespace, action: 'accept', triggers: ['good', 'bad'] }],
    triggers: {
      // So patient that a busy machine can not make it repeat anything.
      good: { http: { url: good.url }, timeout: '20s' },
      bad: { http: { ...to, ...http }, ...shared },
    },
    limits: { perObject: 'off', total: 'off' },
    delivery: { timeout: '2s', retry: { first: '100ms', max: '300ms', for: '1h' } },
  };
}

function rightsIn(namespace: string): Parameters<ControlPlane['kubeconfigFor']>[0] {
  const reading = { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] };
  const knowing = { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] };
  return { namespace, name: 'gateway', rules: [{ namespace, rules: [reading, knowing] }] };
}
