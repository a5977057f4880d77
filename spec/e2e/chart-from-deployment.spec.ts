// An upgrade from the chart before the StatefulSet, while Events are written: nothing is lost, and nothing is
// started twice at a receiver that recognizes a repetition, although the new gateway begins with an empty store.

import { join } from 'node:path';
import { expect } from 'chai';
import { chartDirectory, findHelm, renderObjects } from '../charts/helm.ts';
import { Release, type Values } from '../charts/release.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { needContainers } from '../image/trees.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { CountingReceiver } from './once/harness/counting-receiver.ts';
import { brigadeEventOf } from './support/brigade-builds.ts';
import {
  buildsIn,
  compare,
  configMapTrigger,
  createPlaces,
  none,
  type Places,
} from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { SteadyWriter } from './support/steady-writer.ts';

const earlierChart = join(import.meta.dirname, '../data/charts/deployment');
const PATIENCE_MS = 60_000;

describe('an upgrade from the Deployment under load', function () {
  this.timeout(120_000);
  this.bail(true);
  const opened = new AsyncDisposableStack();
  let plane: ControlPlane;
  let own = '';
  let places: Places;
  let shop = '';
  let kubelet: Kubelet;
  let receiver: CountingReceiver;
  let release: Release;
  let writer: SteadyWriter;
  let values: Values;
  let granted: readonly object[];
  let notes = '';

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    needContainers(this);
    const helm = await findHelm(this);
    plane = await sharedControlPlane();
    own = await plane.createNamespace('gateway');
    places = await createPlaces(plane, 1);
    [shop = ''] = places.watched;
    receiver = opened.use(await CountingReceiver.start());
    kubelet = opened.use(await Kubelet.start(plane));
    await kubelet.take(own);
    release = new Release(plane, { helm, namespace: own });
    writer = new SteadyWriter(plane.admin, { namespace: shop, reasons: ['Spec'], pauseMs: 200 });
    opened.defer(() => writer.stop());
    values = { config: configurationFor(places, receiver) };
    // Both charts grant the same.
    granted = renderObjects(helm, { namespace: own, values }).filter(({ kind }) =>
      ['Role', 'RoleBinding'].includes(kind ?? ''),
    );
  });

  after(() => opened.disposeAsync());

  it('begins with a release of the earlier chart that starts builds', async () => {
    const { ok, said } = await release.apply(
      'install',
      { chart: earlierChart, values: { ...values, granted } },
      '--wait',
    );
    expect(ok, said).to.equal(true);
    writer.start();
    await judgedUpToNow();
  });

  it('replaces the Deployment, and says what that means', async () => {
    const upgrade = { chart: chartDirectory, values };
    const { ok, said } = await release.apply('upgrade', upgrade, '--wait');
    expect(ok, said).to.equal(true);
    notes = said;
    expect(notes).to.match(/This upgrade replaced the Deployment gw-sluice by a StatefulSet/);
    expect(notes).to.match(/Any other receiver may have started a build twice/);
    const path = `/apis/apps/v1/namespaces/${own}/deployments/gw-sluice`;
    expect(await plane.admin.send({ method: 'GET', path })).to.include({ status: 404 });
    await judgedUpToNow();
    await writer.stop();
    await judgedUpToNow();
    const [first, second] = kubelet
      .podsOf(own, 'gw-sluice-')
      .filter(({ pod }) => !/check/.test(pod.metadata.name));
    expect(first?.exits).to.deep.equal([0]);
    expect(second?.isRunning).to.equal(true);
  });

  it('loses nothing, and creates each object once', async () => {
    expect(compare(written(), await buildsIn(plane.admin, places.builds))).to.deep.equal(none);
    expect(compare(written(), await brigadeBuilds())).to.deep.equal(none);
  });

  it('starts each build once at a receiver that recognizes an Idempotency-Key', () => {
    const builds = receiver.builds('keyed', 'what it has seen');
    expect(
      compare(
        written(),
        builds.map(({ event }) => event),
      ),
    ).to.deep.equal(none);
  });

  it('loses nothing at another receiver, where what both gateways read starts twice', () => {
    const builds = receiver.builds('plain', 'nothing').map(({ event }) => event);
    const { lost, foreign, repeated } = compare(written(), builds);
    expect({ lost, foreign }).to.deep.equal({ lost: [], foreign: [] });
    // The Events of ten minutes, which is every one that the old gateway had read.
    expect(repeated).to.not.be.empty;
  });

  const written = (): readonly string[] => writer.written.map(({ name }) => `${shop}/${name}`);

  async function brigadeBuilds(): Promise<readonly string[]> {
    const query = 'labelSelector=component%3Dbuild';
    const found = await plane.admin.list(`/api/v1/namespaces/${places.builds}/secrets?${query}`);
    return found.map((one) => `${shop}/${brigadeEventOf(one)}`);
  }

  /** Waits until an Event that is written now is delivered to all: then each earlier one is, too. */
  async function judgedUpToNow(): Promise<void> {
    await writer.write('Spec');
    const isWhole = async (): Promise<boolean> => {
      const all = [
        await buildsIn(plane.admin, places.builds),
        await brigadeBuilds(),
        ...['keyed', 'plain'].map((name) => receiver.of(name).map(({ event }) => event)),
      ];
      const wanted = written();
      return all.every((built) => compare(wanted, built).lost.length === 0);
    };
    await plane.waitFor(isWhole, PATIENCE_MS, 'every build');
  }
});

/** A trigger of each kind that recognizes a repetition, and one that does not. */
function configurationFor(places: Places, receiver: CountingReceiver): Values {
  const names = ['build', 'brigade', 'keyed', 'plain'];
  return {
    sources: { shop: { events: { namespaces: places.watched, firstStart: '10m' } } },
    filters: [{ name: 'spec', reasons: ['Spec'], action: 'accept', triggers: names }],
    triggers: {
      ...configMapTrigger(places),
      brigade: { brigade: { project: 'org/repo', namespace: places.builds } },
      keyed: { http: { url: receiver.urlOf('keyed'), receiver: 'deduplicates' } },
      plain: { http: { url: receiver.urlOf('plain') } },
    },
    limits: { perObject: 'off', total: 'off' },
  };
}
