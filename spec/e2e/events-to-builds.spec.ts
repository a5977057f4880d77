// The main task on a real API server, under a service account with only the Role it needs: Events
// in, builds out, exactly one each, and no Event of a build starts another.

import { expect } from 'chai';
import type { PolicyRule } from '../controlplane/accounts.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { anEvent, twice } from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const EVENTS: PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] };
const JOBS: PolicyRule = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get'] };
const SECRETS: PolicyRule = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };

interface Places {
  readonly own: string;
  readonly shop: string;
  readonly pay: string;
  readonly other: string;
  readonly ci: string;
}

describe('Events to builds', function () {
  this.timeout(90_000);
  let plane: ControlPlane;
  let at: Places;
  let kubeconfig: string;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
    await plane.addNode('node-a');
    const make = (prefix: string): Promise<string> => plane.createNamespace(prefix);
    const [own = '', shop = '', pay = '', other = '', ci = ''] = await Promise.all(
      ['gateway', 'shop', 'pay', 'other', 'ci'].map(make),
    );
    at = { own, shop, pay, other, ci };
    kubeconfig = await plane.kubeconfigFor({
      namespace: own,
      name: 'sluice',
      rules: [
        { namespace: own, rules: [ownNamespace(own)] },
        { namespace: shop, rules: [EVENTS] },
        { namespace: pay, rules: [EVENTS] },
        { namespace: ci, rules: [EVENTS, JOBS, SECRETS] },
      ],
    });
  });

  it('starts exactly one Job for each matching series of unschedulable pods, and they complete', async () => {
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      namespace: at.own,
      configuration: {
        sources: { shop: { events: { namespaces: [at.shop, at.pay] } } },
        filters: [
          { name: 'no-room', kind: 'Pod', reasons: ['FailedScheduling'], action: 'accept' },
        ],
        triggers: { diagnose: { kubernetes: { manifest: jobManifest(at.ci) } } },
      },
    });
    await plane.apply([tooLarge(at.shop, 'a'), tooLarge(at.shop, 'b'), tooLarge(at.pay, 'c')]);
    // The scheduler tries again when something changes, and each try may be a series of its own.
    await until(
      async () => {
        const [events, jobs] = await Promise.all([seriesIn([at.shop, at.pay]), seriesOfJobs()]);
        return events.length >= 6 && events.every((event) => jobs.includes(event));
      },
      'a Job for each of six pods or more',
      30_000,
    );
    expect(twice(await seriesOfJobs())).to.deep.equal([]);
    await until(
      async () => {
        const found = await plane.admin.list(`/apis/batch/v1/namespaces/${at.ci}/jobs`);
        return found.every((job) => JSON.stringify(job['status']).includes('"type":"Complete"'));
      },
      'every Job to complete',
      60_000,
    );
    // Every Event that started a Job stands in the log as accepted by the rule.
    const accepted = gateway.of('decision').filter(({ rule }) => rule === 'no-room');
    const named = accepted.map(({ event }) => String(event));
    expect(named).to.include.members([...(await seriesOfJobs())]);
    expect((await gateway.stop()).code).to.equal(0);
  });

  it('watches two configured namespaces with one watch each and reads no Event of a third', async () => {
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      namespace: at.own,
      configuration: {
        sources: { shop: { events: { namespaces: [at.shop, at.pay] } } },
        filters: [{ action: 'reject' }],
        triggers: { build: { brigade: { project: 'org/repo', namespace: at.ci } } },
      },
    });
    const names = ['one', 'two', 'three'];
    for (const namespace of [at.other, at.shop, at.pay]) await writeEvents(namespace, names);
    await until(() => gateway.of('decision').length >= 6, 'the Events of both', 15_000);
    const paths = gateway.of('watch-opened').map(({ path }) => path);
    const expected = [at.shop, at.pay].map((name) => `/api/v1/namespaces/${name}/events`);
    expect(paths).to.have.members(expected);
    const written = names.flatMap((name) => [`${at.shop}/${name}`, `${at.pay}/${name}`]);
    const judged = gateway.of('decision').map(({ event }) => String(event));
    expect(
      judged.filter((event) => names.some((name) => event.endsWith(`/${name}`))),
    ).to.have.members(written);
    expect(JSON.stringify(gateway.lines)).not.to.include(at.other);
  });

  it('writes a Brigade Secret that decodes to what the original would have written', async () => {
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      namespace: at.own,
      configuration: {
        sources: { shop: { events: { namespaces: [at.shop] } } },
        filters: [{ reasons: ['ForBrigade'], action: 'accept' }],
        triggers: { build: { brigade: { project: 'org/repo', namespace: at.ci } } },
      },
    });
    const event = anEvent({ namespace: at.shop, name: 'brigade.1' }, { reason: 'ForBrigade' });
    await plane.request('POST', `/api/v1/namespaces/${at.shop}/events`, event);
    const query = 'fieldSelector=type%3Dbrigade.sh%2Fbuild';
    const [secret] = await until(
      async () => {
        const found = await plane.admin.list(`/api/v1/namespaces/${at.ci}/secrets?${query}`);
        return found.length > 0 && found;
      },
      'the build Secret',
      15_000,
    );
    const name = secret?.metadata?.name ?? '';
    const id = name.replace('brigade-worker-', '');
    expect(id).to.match(/^[0-9a-z]{26}$/);
    const project = 'brigade-57b681c5cf8efdc2c5db1795f7dcb43709dbf3466236d449a20875';
    expect(secret?.metadata?.labels).to.deep.equal({
      heritage: 'brigade',
      component: 'build',
      project,
      build: id,
    });
    const { payload = '', ...data } = decoded(secret);
    expect(data).to.deep.equal({
      script: '',
      config: '',
      build_id: name,
      build_name: name,
      commit_id: '',
      commit_ref: 'refs/heads/master',
      event_provider: 'k8s-gateway',
      event_type: 'Pod:ForBrigade',
      project_id: project,
      log_level: '',
      clone_url: '',
      short_title: '',
      long_title: '',
    });
    const sent: unknown = JSON.parse(payload);
    expect(sent).to.include({ reason: 'ForBrigade', type: 'Warning', count: 1 });
    expect(sent).not.to.have.any.keys('kind', 'apiVersion');
    expect(gateway.of('bug')).to.deep.equal([]);
  });

  it('starts no second generation if a rule accepts the pods of the build namespace', async () => {
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      namespace: at.own,
      configuration: {
        sources: { shop: { events: { namespaces: [at.shop, at.ci] } } },
        filters: [
          { name: 'seed', reasons: ['Seed'], action: 'accept' },
          { name: 'pods-of-builds', namespace: at.ci, action: 'accept' },
        ],
        triggers: { loop: { kubernetes: { manifest: jobManifest(at.ci) } } },
      },
    });
    const event = anEvent({ namespace: at.shop, name: 'seed.1' }, { reason: 'Seed' });
    await plane.request('POST', `/api/v1/namespaces/${at.shop}/events`, event);
    await until(
      () => gateway.of('decision').some((line) => line['reason'] === 'Completed'),
      'the Event of the completed Job',
      30_000,
    );
    const lines = gateway.of('decision').map((line) => JSON.stringify(line['dispositions']));
    expect(lines.filter((one) => one.includes('"queued"'))).to.have.length(1);
    expect(lines.filter((one) => one.includes('"loop"')).length).to.be.greaterThan(3);
    const jobs = await plane.admin.list(`/apis/batch/v1/namespaces/${at.ci}/jobs`);
    const made = jobs.filter(({ metadata }) => metadata?.name?.startsWith('loop-'));
    expect(made).to.have.length(1);
  });

  it('reports its state on /readyz and /metrics', async () => {
    await using gateway = await GatewayProcess.startReady({
      kubeconfig,
      namespace: at.own,
      configuration: {
        sources: { shop: { events: { namespaces: [at.shop], firstStart: 'all' } } },
        filters: [{ name: 'none', action: 'reject' }],
        triggers: { build: { brigade: { project: 'org/repo', namespace: at.ci } } },
      },
    });
    expect(JSON.parse((await gateway.probe('/readyz')).text)).to.deep.equal({
      ready: true,
      why: [],
      notes: [],
    });
    expect((await gateway.probe('/healthz')).status).to.equal(200);
    const { text } = await gateway.probe('/metrics');
    expect(text).to.match(/^sluice_events_read_total\{.*from="list".*\} [1-9]/m);
    expect(text).to.match(
      /^sluice_decisions_made_total\{.*action="reject".*rule="none".*\} [1-9]/m,
    );
  });

  /** The Event of every Job, one entry a Job. */
  async function seriesOfJobs(): Promise<readonly string[]> {
    const jobs = await plane.admin.list(`/apis/batch/v1/namespaces/${at.ci}/jobs`);
    return jobs.map(({ metadata }) => metadata?.annotations?.['example.com/event'] ?? '');
  }

  /** `namespace/name` of every Event of the namespaces that the rule matches. */
  async function seriesIn(namespaces: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(namespaces.map((name) => plane.events(name)));
    return found
      .flat()
      .filter((event) => event['reason'] === 'FailedScheduling')
      .map(({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`);
  }

  async function writeEvents(namespace: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = `/api/v1/namespaces/${namespace}/events`;
      await plane.request('POST', path, anEvent({ namespace, name }));
    }
  }
});

function ownNamespace(name: string): PolicyRule {
  return { apiGroups: [''], resources: ['namespaces'], verbs: ['get'], resourceNames: [name] };
}

/** A Deployment of two pods that no node has room for. */
function tooLarge(namespace: string, name: string): KubeObject {
  const labels = { app: name };
  const resources = { requests: { cpu: '1000' } };
  const containers = [{ name: 'app', image: 'example.com/app:1', resources }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}

function jobManifest(namespace: string): object {
  const containers = [
    {
      name: 'diagnose',
      image: 'example.com/diagnose:1',
      env: [{ name: 'MESSAGE', value: '${event.message}' }],
    },
  ];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace,
      annotations: { 'example.com/event': '${event.metadata.namespace}/${event.metadata.name}' },
    },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers } } },
  };
}

function decoded(secret: KubeObject | undefined): Record<string, string> {
  const data = secret?.['data'] as Readonly<Record<string, string>> | undefined;
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
}
