// A watch that is quiet for longer than etcd keeps history, on a real API server that compacts every
// 30 s: the next reconnect answers 410, and what was written before, during and after it starts one
// build each. The idle relist, which is there so that this does not happen, is shown on a clock
// that hurries.

import { expect } from 'chai';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { type Connection, connect } from '../../lib/kubernetes/client/connection.ts';
import type { ReaderBatch } from '../../lib/kubernetes/watch/known-versions.ts';
import { type ReaderOptions, readChanges } from '../../lib/kubernetes/watch/reflector.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { type RecordingObserve, recordingObserve } from '../support/doubles/observe.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { hurriedClock } from './support/hurried-clock.ts';
import * as once from './support/once.ts';
import { kubeconfigThrough } from './support/reached-through.ts';
import { watchLines } from './support/watch-lines.ts';

describe('a quiet watch', function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let proxy: CuttingProxy;
  let refreshed: Refreshed;
  const opened = new AsyncDisposableStack();

  before(async () => {
    const alone = { controllers: false, kwok: false };
    plane = opened.use(await startControlPlane({ ...alone, compactionInterval: '30s' }));
    proxy = opened.use(await CuttingProxy.start(plane.url));
    refreshed = opened.use(await Refreshed.start(plane, proxy));
  });

  after(() => opened.disposeAsync());

  /** Waits until the server has compacted this version by itself. */
  async function compacted(namespace: string, resourceVersion: string): Promise<void> {
    const query = `watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
    const path = `/api/v1/namespaces/${namespace}/events?${query}`;
    const isRefused = async (): Promise<boolean> => {
      // Without writes there is nothing to compact.
      await writeNoise(plane);
      const [first] = await watchLines(plane.admin, path, 1);
      return first?.object['code'] === 410;
    };
    await plane.waitFor(isRefused, 120_000, `${resourceVersion} to be compacted`);
  }

  it('survives the 410 of its reconnect without a lost or repeated Event', async () => {
    const places = await once.createPlaces(plane, 1);
    const [shop = ''] = places.watched;
    const account = once.rulesFor(places);
    const kubeconfig = await kubeconfigThrough(plane, { account, server: proxy.url });
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      configuration: once.configMapPerSeries(places),
      namespace: places.builds,
    });
    const writer = new once.EventWriter(plane.admin);

    const early = await writer.writeMany(shop, 3);
    expect(await once.settled(plane, { places, writer })).to.deep.equal(once.none);
    const { metadata } = await plane.request('GET', `/api/v1/namespaces/${shop}/events`);
    await compacted(shop, metadata?.resourceVersion ?? '');
    const reasons = (): readonly unknown[] =>
      gateway.of('watch-ended').map((line) => line['reason']);
    // A silent stream is opened again, and meets the 410 by itself where history is this short.
    const usual: readonly unknown[] = ['idle', 'expired'];
    expect(reasons().filter((reason) => !usual.includes(reason))).to.deep.equal([]);

    proxy.refuse();
    expect(proxy.cutAll('reset')).to.be.greaterThan(0);
    await writer.writeMany(shop, 3);
    await writer.repeat(shop, early[0] ?? '', 2);
    await until(() => reasons().includes('cut'), 'the cut to be noticed', 20_000);
    proxy.accept();
    await writer.writeMany(shop, 3);

    expect(await once.settled(plane, { places, writer }, 60_000)).to.deep.equal(once.none);
    expect(reasons()).to.include('expired');
    const [first, ...lists] = gateway.of('list-ended').map((line) => line['purpose']);
    expect(first).to.equal('first');
    expect(new Set(lists)).to.deep.equal(new Set(['relist']));
    const states = once.judged(gateway);
    expect(once.twice(states), 'judged twice').to.deep.equal([]);
    expect(states).to.have.length(writer.states);
    expect(gateway.of('attempt-started')).to.have.length(writer.written.length);
    expect(once.gapsWhileRunning(gateway)).to.deep.equal([]);
  });

  it('that was refreshed in time gets no 410 when it is opened again', async () => {
    const { namespace, reading, observed } = refreshed;
    await compacted(namespace, refreshed.firstVersion);
    proxy.cutAll('reset');
    const writer = new once.EventWriter(plane.admin);
    await writer.writeMany(namespace, 1);
    await reading.have(() => refreshed.names().length > 0, 'the Event after the cut');
    expect(refreshed.names()).to.deep.equal(writer.written);
    const reasons = observed.of('watch-ended').map(({ reason }) => reason);
    expect(reasons).to.include('cut').and.not.include('expired');
    const lists = observed.of('list-ended').map(({ purpose }) => purpose);
    expect(lists).to.include('refresh').and.not.include('relist');
  });
});

/** A reader of a namespace where nothing happens. */
class Refreshed implements AsyncDisposable {
  readonly namespace: string;
  readonly observed: RecordingObserve;
  readonly reading: Reading<ReaderBatch>;
  readonly #api: Connection;

  private constructor(
    parts: Pick<Refreshed, 'namespace' | 'observed' | 'reading'>,
    api: Connection,
  ) {
    this.namespace = parts.namespace;
    this.observed = parts.observed;
    this.reading = parts.reading;
    this.#api = api;
  }

  /** Starts it and waits until it watches. */
  static async start(plane: ControlPlane, { url: server }: CuttingProxy): Promise<Refreshed> {
    const namespace = await plane.createNamespace('quiet');
    const reading = { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] };
    const account = { namespace, name: 'reader', rules: [{ namespace, rules: [reading] }] };
    const kubeconfig = await kubeconfigThrough(plane, { account, server });
    const observed = recordingObserve();
    const { observe } = observed;
    // The least of 120 s of quiet takes 4 s, the five seconds of silence a sixth of one.
    const clock = hurriedClock(systemClock, 30);
    const api = await connect({ kubeconfig }, { clock, observe, environment: {}, parseYaml });
    const options: ReaderOptions = {
      source: 'quiet',
      watched: { group: '', version: 'v1', resource: 'events', namespace },
      positions: new Map(),
      judgeFirst: () => false,
      keptForMs: null,
    };
    const parts = { api, clock, random: () => 0, observe };
    const running = new Reading((signal) => readChanges(options, parts, signal));
    const refreshed = new Refreshed({ namespace, observed, reading: running }, api);
    await until(() => observed.of('watch-opened').length > 0, 'the watch', 10_000);
    return refreshed;
  }

  /** What the first list said. */
  get firstVersion(): string {
    return this.reading.items[0]?.position?.resourceVersion ?? '';
  }

  /** The Events it read, as `namespace/name`. */
  names(): readonly string[] {
    return this.reading.items.flatMap(({ changes }) => changes.map(({ object }) => keyOf(object)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reading.stop();
    await this.#api[Symbol.asyncDispose]();
  }
}

function keyOf(object: JsonObject): string {
  return `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`;
}

async function writeNoise(plane: ControlPlane): Promise<void> {
  const metadata = { generateName: 'noise-' };
  await plane.request('POST', '/api/v1/namespaces/default/configmaps', { metadata });
}
