// A scripted run in which everything that the dashboard shows happens once: a gateway with a trigger for
// each fate of a delivery, killed while an attempt runs, and started again with one trigger less behind
// an API server that has forgotten its position.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { freePorts } from '../../controlplane/ports.ts';
import { until } from '../../support/until.ts';
import { GatewayProcess } from './gateway-process.ts';
import { failure, MeddlingProxy } from './meddling-proxy.ts';
import { HANGING, RESETTING, status } from './misbehaviour.ts';
import { anEvent } from './once.ts';
import { type Behaviour, SwitchedReceiver, WELL } from './switched-receiver.ts';

/** Behaviour of the receiver of each trigger; null: its port is closed. */
const RECEIVERS = {
  delivered: WELL,
  refused: status(400),
  unknown: RESETTING,
  dead: status(404),
  doubted: {
    answer: (response, arrived) =>
      (arrived.before === 0 ? RESETTING : WELL).answer(response, arrived),
  },
  down: null,
  unauthorized: status(401),
  orphaned: status(429, { 'retry-after': '3600' }),
  hanging: HANGING,
} as const satisfies Readonly<Record<string, Behaviour | null>>;

const ACTION_MS = 10_000;

type Fate = keyof typeof RECEIVERS;

const FATES = Object.keys(RECEIVERS).filter(isFate);

/** Keys of single triggers. */
const SPECIAL: Readonly<Partial<Record<Fate, object>>> = {
  unknown: { onLostAnswer: 'atMostOnce' },
  doubted: { onLostAnswer: 'atLeastOnce' },
  dead: { retry: { first: '50ms', max: '50ms', for: '300ms' } },
  hanging: { timeout: '1h' },
};

/** Running gateway with everything around it. */
export class MonitoredRun implements AsyncDisposable {
  /** `host:port` of the probes, the same after a restart. */
  readonly target: string;
  readonly #plane: ControlPlane;
  readonly #namespace: string;
  readonly #proxy: MeddlingProxy;
  readonly #receivers: Readonly<Record<Fate, SwitchedReceiver>>;
  readonly #folder: string;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #opened: AsyncDisposableStack;
  #gateway: GatewayProcess | null = null;
  #events = 0;

  private constructor(
    plane: ControlPlane,
    parts: {
      target: string;
      namespace: string;
      proxy: MeddlingProxy;
      receivers: Readonly<Record<Fate, SwitchedReceiver>>;
      folder: string;
      opened: AsyncDisposableStack;
    },
  ) {
    this.#plane = plane;
    this.target = parts.target;
    this.#namespace = parts.namespace;
    this.#proxy = parts.proxy;
    this.#receivers = parts.receivers;
    this.#folder = parts.folder;
    this.#opened = parts.opened;
  }

  /** Starts receivers, proxy and gateway. */
  static async start(plane: ControlPlane): Promise<MonitoredRun> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'sluice-monitored-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const proxy = opened.use(await MeddlingProxy.start(plane));
    const started = FATES.map(async (fate) => {
      const behaviour = RECEIVERS[fate];
      const receiver =
        behaviour === null
          ? await SwitchedReceiver.closed()
          : await SwitchedReceiver.start(behaviour);
      return [fate, opened.use(receiver)] as const;
    });
    const receivers = Object.fromEntries(await Promise.all(started)) as Record<
      Fate,
      SwitchedReceiver
    >;
    const [port = 0] = await freePorts(1);
    const namespace = await plane.createNamespace('monitored');
    const target = `127.0.0.1:${port}`;
    const parts = { target, namespace, proxy, receivers, folder, opened: opened.move() };
    const run = new MonitoredRun(plane, parts);
    await writeFile(run.#tokenFile, run.#token, { mode: 0o600 });
    run.#gateway = await run.#start(FATES);
    return run;
  }

  /** Writes Events until each delivery has reached the fate of its trigger. */
  async play(): Promise<void> {
    await this.#write('Nothing');
    for (const fate of FATES) await this.#write(fate);
    await this.#discardOne();
    await this.#write('unauthorized');
    // A second state of the same series, and another series about an object whose limit is used up.
    await this.#write('delivered', { name: 'limited' });
    await this.#countUp('limited');
    await this.#write('delivered', { name: 'limited-again', about: 'limited' });
    const hanging = this.#receivers.hanging;
    await until(() => hanging.arrived.length > 0, 'an attempt that hangs');
  }

  /** Kills the gateway; starts it with a trigger less, and with 410 as the answer to its first watch. */
  async restart(): Promise<void> {
    const gateway = this.#running;
    gateway.kill('SIGKILL');
    await gateway.ended();
    let isFirst = true;
    this.#proxy.meddle = ({ isWatch }) => {
      if (!isWatch || !isFirst) return undefined;
      isFirst = false;
      return { answer: { status: 410, body: failure(410, 'Expired') } };
    };
    await gateway[Symbol.asyncDispose]();
    this.#gateway = await this.#start(FATES.filter((fate) => fate !== 'orphaned'));
  }

  /** From now on the API server is away. */
  loseApiServer(): void {
    this.#proxy.meddle = () => ({ answer: { status: 503, body: failure(503, 'Unavailable') } });
    this.#proxy.endWatches();
  }

  /** Text of a scrape. */
  async metrics(): Promise<string> {
    return (await this.#running.probe('/metrics')).text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stop would wait for the attempt that hangs.
    this.#gateway?.kill('SIGKILL');
    await this.#gateway?.[Symbol.asyncDispose]();
    await this.#opened[Symbol.asyncDispose]();
  }

  get #running(): GatewayProcess {
    if (this.#gateway === null) throw new Error('the gateway does not run');
    return this.#gateway;
  }

  get #tokenFile(): string {
    return join(this.#folder, 'token');
  }

  get #eventsPath(): string {
    return `/api/v1/namespaces/${this.#namespace}/events`;
  }

  async #start(fates: readonly Fate[]): Promise<GatewayProcess> {
    const triggers = fates.map((fate) => [
      fate,
      { http: { url: this.#receivers[fate].url }, ...SPECIAL[fate] },
    ]);
    const rules = fates.map((fate) => ({
      name: fate,
      reasons: [fate],
      action: 'accept',
      triggers: [fate],
    }));
    return GatewayProcess.startReady({
      kubeconfig: await this.#proxy.kubeconfig(),
      namespace: this.#namespace,
      dataFolder: this.#folder,
      probesPort: Number(this.target.split(':')[1]),
      args: ['--api', '127.0.0.1:0', '--api-token-file', this.#tokenFile],
      configuration: {
        // A cluster that forgets Events at once: after 410 some may be lost, however short the restart was.
        sources: { shop: { events: { namespaces: [this.#namespace], eventTTL: '10ms' } } },
        filters: rules,
        triggers: Object.fromEntries(triggers),
        limits: { perObject: '1/h', total: 'off' },
        delivery: { timeout: '2s', retry: { first: '50ms', max: '100ms', for: '1h' } },
      },
    });
  }

  /** Writes an Event of a reason. */
  async #write(
    reason: string,
    more: { readonly name?: string; readonly about?: string } = {},
  ): Promise<void> {
    const { name = `event-${(this.#events += 1)}`, about = name } = more;
    const namespace = this.#namespace;
    const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: about, namespace };
    const event = anEvent({ namespace, name }, { reason, involvedObject });
    await this.#plane.request('POST', this.#eventsPath, event);
  }

  /** Writes the second state of an Event. Its first time stays: another one is another series. */
  async #countUp(name: string): Promise<void> {
    await this.#plane.request('PATCH', `${this.#eventsPath}/${name}`, { count: 2 });
  }

  /** Discards the delivery that waits for another credential. */
  async #discardOne(): Promise<void> {
    const listening = this.#running.of('listening').find(({ listener }) => listener === 'api');
    const url = `http://${String(listening?.['address'])}/api/v1/deliveries`;
    const headers = { authorization: `Bearer ${this.#token}` };
    const isDiscarded = async (): Promise<boolean> => {
      const listed = await fetch(`${url}?trigger=unauthorized`, { headers });
      const { items } = (await listed.json()) as { readonly items: readonly { id: string }[] };
      const [first] = items;
      if (first === undefined) return false;
      // It is refused while an attempt runs.
      return (await fetch(`${url}/${first.id}/discard`, { method: 'POST', headers })).ok;
    };
    await until(isDiscarded, 'a delivery to be discarded', ACTION_MS);
  }
}

function isFate(name: string): name is Fate {
  return Object.hasOwn(RECEIVERS, name);
}
