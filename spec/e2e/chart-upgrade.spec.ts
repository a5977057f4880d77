// The life of a release, with the original's sample values: install, a configuration that is refused, an edited
// filter, roll back, uninstall, install again, while Events are written all the time. Each Event starts the
// builds that it should and no other, and at the end only the claim is left.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { chartDirectory, findHelm } from '../charts/helm.ts';
import { type HelmResult, Release, type Values } from '../charts/release.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { needContainers } from '../image/trees.ts';
import { jsonLinesOf } from '../support/json-lines.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import type { PodRun } from './kubelet/pod-run.ts';
import { brigadeEventOf } from './support/brigade-builds.ts';
import { everyObject } from './support/cluster-objects.ts';
import { twice } from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { SteadyWriter, type WrittenEvent } from './support/steady-writer.ts';

const sample = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../samples/original.json'), 'utf8'),
) as Values & { readonly filters: readonly object[] };
// The original's form reads the namespace of the release, and the sample accepts the Pods of pequod.
const OWN = 'pequod';
const original = { ...sample, logging: { format: 'json' } };
const edited = {
  ...original,
  filters: [{ kind: 'Pod', reasons: ['Scheduled'], action: 'reject' }, ...sample.filters],
};
// A schema does not see that this is no regular expression.
const refused = {
  logging: { format: 'json' },
  config: {
    version: 1,
    filters: [{ kind: 'Pod', reasons: ['/(/'], action: 'accept' }],
    triggers: { brigade: { brigade: { project: sample['project'] } } },
  },
};
const PATIENCE_MS = 60_000;
// The default limit is 600 builds an hour, which a slow run must not reach.
const PAUSE_MS = 800;

describe('a release of the chart under a stream of Events', function () {
  this.timeout(120_000);
  // Each step begins where the one before it ended.
  this.bail(true);
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let release: Release;
  let writer: SteadyWriter;
  let existing: ReadonlySet<string>;
  const opened = new AsyncDisposableStack();

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    needContainers(this);
    const helm = await findHelm(this);
    plane = await sharedControlPlane();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await plane.request('POST', '/api/v1/namespaces', { metadata: { name: OWN, labels } });
    kubelet = opened.use(await Kubelet.start(plane));
    await kubelet.take(OWN);
    release = new Release(plane, { helm, namespace: OWN });
    writer = new SteadyWriter(plane.admin, { namespace: OWN, reasons: REASONS, pauseMs: PAUSE_MS });
    opened.defer(() => writer.stop());
    await plane.waitFor(
      async () => (await plane.admin.list(`/api/v1/namespaces/${OWN}/configmaps`)).length > 0,
      PATIENCE_MS,
      'the authority of the API server',
    );
    existing = await everyObject(plane.admin);
  });

  after(async () => {
    await opened.disposeAsync();
  });

  it('is installed after its configuration was checked', async () => {
    succeed(await deploy('install', original));
    expect(checks().map(({ exits }) => exits)).to.deep.equal([[0]]);
    await ready(1);
    writer.start();
    await judgedUpToNow();
  });

  it('keeps the running gateway if an upgrade has a wrong configuration', async () => {
    const { ok, said } = await deploy('upgrade', refused);
    expect(ok, said).to.equal(false);
    const check = checks().at(-1);
    expect(check?.exits).to.deep.equal([3]);
    expect(check?.out).to.match(/^.etc.sluice.config.yaml:\d+:\d+: error bad-pattern: /);
    await judgedUpToNow();
    expect(gateways()).to.have.length(1);
  });

  it('applies an edited filter in a new pod on the same claim', async () => {
    writer.phase = 'changing';
    await judgedUpToNow();
    succeed(await deploy('upgrade', edited));
    await ready(2);
    await judgedUpToNow();
    await phase('edited');
  });

  it('applies the earlier filters after a rollback', async () => {
    writer.phase = 'changing';
    await judgedUpToNow();
    succeed(await release.run(['rollback', 'gw', '1', '--wait']));
    await ready(3);
    await judgedUpToNow();
    await phase('first');
  });

  it('leaves nothing but its claim after an uninstallation', async () => {
    succeed(await release.run(['uninstall', 'gw', '--wait']));
    const left = async (): Promise<readonly string[]> => {
      const [objects, builds] = await Promise.all([everyObject(plane.admin), buildNames()]);
      // Jobs of other specs on this control plane go on making pods in their namespaces.
      const isForeign = (one: string): boolean =>
        one.startsWith('pods ') && !one.startsWith(`pods ${OWN}/`);
      return [...objects].filter(
        (one) =>
          !existing.has(one) && !one.startsWith('events ') && !builds.has(one) && !isForeign(one),
      );
    };
    const claim = `persistentvolumeclaims ${OWN}/data-gw-sluice-0`;
    const isClean = async (): Promise<boolean> => {
      const found = (await left()).filter((one) => !/^persistentvolumes /.test(one));
      if (found.join() !== claim) throw new Error(`left: ${found.join(', ')}`);
      return true;
    };
    await plane.waitFor(isClean, PATIENCE_MS, 'only the claim to be left');
  });

  it('continues on the claim when it is installed again', async () => {
    succeed(await deploy('install', original));
    await ready(4);
    await judgedUpToNow();
  });

  it('has started a build for each accepted Event, and none twice', async () => {
    await writer.stop();
    await judgedUpToNow();
    const builds = await builtEvents();
    const isExpected = ({ reason, phase }: WrittenEvent): boolean =>
      reason === 'Created' || (reason === 'Scheduled' && phase === 'first');
    const isPossible = (event: WrittenEvent): boolean =>
      isExpected(event) || (event.reason === 'Scheduled' && event.phase === 'changing');
    const built = new Set(builds);
    expect(
      writer.written.filter((one) => isExpected(one) && !built.has(one.name)),
      'lost',
    ).to.deep.equal([]);
    expect(
      writer.written.filter((one) => !isPossible(one) && built.has(one.name)),
      'rejected',
    ).to.deep.equal([]);
    expect(twice(builds), 'twice').to.deep.equal([]);
  });

  it('has resumed from the claim each time, without a gap', () => {
    const [first, ...later] = gateways().map(({ out }) => jsonLinesOf(out));
    expect(first?.map(kindOf)).to.not.include('work-resumed');
    for (const lines of later) {
      expect(lines.map(kindOf)).to.include('work-resumed');
      expect(lines.filter((line) => kindOf(line) === 'gap' && line['loss'] !== 'none')).to.be.empty;
    }
  });

  it('has ended each gateway with 0 before the next one began', () => {
    expect(gateways().map(({ exits }) => exits)).to.deep.equal([[0], [0], [0], []]);
    const [, ...begins] = gateways().map(({ started }) => started);
    const ends = gateways().map(({ ended }) => ended);
    for (const [index, began] of begins.entries()) expect(began).to.be.above(ends[index] ?? 0);
  });

  const deploy = (command: 'install' | 'upgrade', values: Values): Promise<HelmResult> =>
    release.apply(command, { chart: chartDirectory, values }, '--wait');
  const gateways = (): readonly PodRun[] => kubelet.podsOf(OWN, 'gw-sluice-0');
  const checks = (): readonly PodRun[] => kubelet.podsOf(OWN, 'gw-sluice-check');

  /** Waits until so many gateways were started and the newest is ready. */
  async function ready(count: number): Promise<PodRun> {
    return plane.waitFor(
      async () => {
        const newest = gateways().at(-1);
        if (gateways().length < count || newest === undefined) return false;
        return (await newest.probe('/readyz')).ok && newest;
      },
      PATIENCE_MS,
      `gateway ${count} to be ready`,
    );
  }

  /** Waits until an Event that is written now has its build: then each earlier one is judged, too. */
  async function judgedUpToNow(): Promise<void> {
    const name = await writer.write('Created');
    const isBuilt = async (): Promise<boolean> => (await builtEvents()).includes(name);
    await plane.waitFor(isBuilt, PATIENCE_MS, `a build of ${name}`);
  }

  /** Waits until some Events of a phase are written and judged. */
  async function phase(name: string): Promise<void> {
    writer.phase = name;
    const inPhase = (): number => writer.written.filter((one) => one.phase === name).length;
    const before = inPhase();
    await plane.waitFor(() => inPhase() >= before + 12, PATIENCE_MS, `Events of ${name}`);
    await judgedUpToNow();
  }

  async function builds(): Promise<readonly KubeObject[]> {
    return plane.admin.list(`/api/v1/namespaces/${OWN}/secrets?labelSelector=component%3Dbuild`);
  }

  async function buildNames(): Promise<ReadonlySet<string>> {
    return new Set(
      (await builds()).map(({ metadata }) => `secrets ${OWN}/${metadata?.name ?? ''}`),
    );
  }

  /** The name of the Event of each build. */
  async function builtEvents(): Promise<readonly string[]> {
    return (await builds()).map(brigadeEventOf);
  }
});

const REASONS = ['Created', 'Killing', 'Scheduled'];

function kindOf(line: JsonObject): string {
  return stringAt(line, 'kind');
}

function succeed({ ok, said }: HelmResult): void {
  expect(ok, said).to.equal(true);
}
