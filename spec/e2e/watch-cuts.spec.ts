// Watches that end, on a real API server: 100 clean closes by the server, 50 streams cut at any
// byte, and an API server that is restarted or crashes. Events are written all the while; each must
// be judged once and start one build.

import { expect } from 'chai';
import { PROOF_MS } from '../../lib/kubernetes/watch/watch-stream.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ImpatientProxy } from './support/impatient-proxy.ts';
import * as once from './support/once.ts';
import { kubeconfigThrough } from './support/reached-through.ts';

const CLOSES = 100;
const CUTS = 50;
/**
 * No shorter than a stream that has brought all there was: a clean end before that is another row.
 */
const WATCH_SECONDS = 1 + PROOF_MS / 1000;

describe('a watch that ends', function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  const opened = new AsyncDisposableStack();

  before(async () => {
    plane = opened.use(
      await startControlPlane({
        controllers: false,
        kwok: false,
        // It then ends its watches by itself instead of waiting for whoever reads them.
        extraApiServerFlags: ['--shutdown-watch-termination-grace-period=2s'],
      }),
    );
  });

  after(() => opened.disposeAsync());

  /** A gateway that watches so many namespaces through a URL. */
  async function watchThrough(server: string, namespaces: number): Promise<Watching> {
    const places = await once.createPlaces(plane, namespaces);
    const account = once.rulesFor(places);
    const gateway = await GatewayProcess.startReady({
      kubeconfig: await kubeconfigThrough(plane, { account, server }),
      configuration: once.configMapPerSeries(places),
      namespace: places.builds,
    });
    return { places, gateway, writer: new once.EventWriter(plane.admin) };
  }

  /** One Event in each namespace, and a repetition of one in each third. */
  async function writeRound({ places, writer }: Watching): Promise<void> {
    for (const [index, namespace] of places.watched.entries()) {
      const name = await writer.write(namespace);
      if (index % 3 === 0) await writer.repeat(namespace, name, 2);
    }
  }

  /** Exactly one build a series, and no state judged twice. */
  async function expectOnceEach({ places, gateway, writer }: Watching): Promise<void> {
    const difference = await once.settled(plane, { places, writer });
    const fine: readonly unknown[] = ['delivered', 'waiting'];
    const failed = gateway.of('delivery-moved').filter((line) => !fine.includes(line['to']));
    expect(failed, 'deliveries that ended otherwise').to.deep.equal([]);
    expect(difference).to.deep.equal(once.none);
    const states = once.judged(gateway);
    expect(once.twice(states), 'states judged twice').to.deep.equal([]);
    const series = new Set(gateway.of('decision').map((line) => line['event']));
    expect(series.size).to.equal(writer.written.length);
    expect(once.gapsWhileRunning(gateway)).to.deep.equal([]);
    expect(gateway.of('bug')).to.deep.equal([]);
  }

  it(`loses and repeats nothing over ${CLOSES} clean closes`, async () => {
    await using proxy = await ImpatientProxy.start(plane, WATCH_SECONDS);
    const watching = await watchThrough(proxy.url, 25);
    await using gateway = watching.gateway;
    while (proxy.closes < CLOSES) await writeRound(watching);
    await writeRound(watching);
    await expectOnceEach(watching);
    const restarts = await once.restarts(gateway);
    expect([...restarts.keys()]).to.deep.equal(['closed']);
    expect(restarts.get('closed')).to.be.at.least(CLOSES);
    await tell({ closedByTheServer: proxy.closes }, watching);
  });

  it(`loses and repeats nothing over ${CUTS} cut streams`, async () => {
    await using proxy = await CuttingProxy.start(plane.url);
    const watching = await watchThrough(proxy.url, 10);
    await using gateway = watching.gateway;
    // Behind the handshake's 3 kB or so, anywhere: mostly within a frame of some 900 bytes. Every
    // second stream brings one before; many in a row that bring nothing lead to a LIST.
    const [anywhere, later] = [dice(3_000, 9_000), dice(6_000, 9_000)];
    proxy.cutAfter(() => (proxy.connections % 2 === 0 ? anywhere() : later()));
    proxy.cutAll();
    while (((await once.restarts(gateway)).get('cut') ?? 0) < CUTS) await writeRound(watching);
    proxy.cutNoMore();
    await writeRound(watching);
    await expectOnceEach(watching);
    expect(proxy.cuts).to.be.at.least(CUTS);
    await tell({ connectionsCut: proxy.cuts }, watching);
  });

  it('reads within a minute the Events that dead connections did not deliver', async () => {
    await using proxy = await CuttingProxy.start(plane.url);
    const watching = await watchThrough(proxy.url, 3);
    await using gateway = watching.gateway;
    await writeRound(watching);
    await until(() => gateway.of('decision').length >= 3, 'the first Events');
    expect(proxy.stallAll()).to.be.at.least(3);
    await writeRound(watching);
    const written = performance.now();
    const series = (): number => new Set(gateway.of('decision').map((one) => one['event'])).size;
    await until(() => series() === watching.writer.written.length, 'the others', 60_000);
    await expectOnceEach(watching);
    await tell({ secondsUntilRead: Math.round((performance.now() - written) / 1000) }, watching);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`loses and repeats nothing when the API server is ended by ${signal} and comes back`, async () => {
      const watching = await watchThrough(plane.url, 3);
      await using gateway = watching.gateway;
      await writeRound(watching);
      const restarted = plane.restartApiServer(signal);
      const writing = (async () => {
        for (let round = 0; round < 10; round += 1) await writeRound(watching);
      })();
      await Promise.all([restarted, writing]);
      await until(() => gateway.of('watch-ended').length >= 3, 'the watches to end');
      await gateway.ready();
      await writeRound(watching);
      await expectOnceEach(watching);
      await tell({}, watching);
    });
  }
});

interface Watching {
  readonly places: once.Places;
  readonly gateway: GatewayProcess;
  readonly writer: once.EventWriter;
}

/** Numbers between two bounds, the same ones in every run. */
function dice(least: number, most: number): () => number {
  let state = 20_260_131;
  return () => {
    // Numerical Recipes' generator; its high bits are the good ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return least + Math.floor((state / 2 ** 32) * (most - least));
  };
}

/** What the run was worth, for whoever reads its output. */
async function tell(
  more: Readonly<Record<string, number>>,
  { gateway, writer }: Watching,
): Promise<void> {
  const counts = {
    ...more,
    ended: Object.fromEntries(await once.restarts(gateway)),
    events: writer.written.length,
    states: writer.states,
    judged: once.judged(gateway).length,
    attempts: gateway.of('attempt-started').length,
  };
  process.stdout.write(`        ${JSON.stringify(counts)}\n`);
}
