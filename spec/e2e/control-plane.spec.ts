// The control plane of the specs is a real one: everything that other end-to-end specs rely on,
// stated once. Sluice itself is not tested here.

import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { AdminClient, type KubeEvent } from '../controlplane/admin-client.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { watchLines } from './support/watch-lines.ts';

const pod = (behaviour?: string) => ({
  metadata: {
    labels: {
      app: 'spec',
      ...(behaviour === undefined ? {} : { 'spec.sluice.dev/behaviour': behaviour }),
    },
  },
  spec: { containers: [{ name: 'main', image: 'example/spec' }] },
});

describe('the control plane of the specs', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let namespace: string;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });

  beforeEach(async () => {
    namespace = await plane.createNamespace('plane');
  });

  const eventually = async (wanted: (event: KubeEvent) => boolean, what: string) =>
    plane.waitFor(async () => (await plane.events(namespace)).find(wanted), 30_000, what);

  it('writes FailedScheduling for a Deployment that fits no node', async () => {
    const template = pod();
    await plane.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'homeless', namespace },
        spec: {
          selector: { matchLabels: { app: 'spec' } },
          template: {
            ...template,
            spec: { ...template.spec, nodeSelector: { 'spec.sluice.dev/nowhere': 'yes' } },
          },
        },
      },
    ]);
    const scaled = await eventually((one) => one.reason === 'ScalingReplicaSet', 'the scaling');
    const failed = await eventually((one) => one.reason === 'FailedScheduling', 'the refusal');
    expect(scaled.involvedObject).to.include({ kind: 'Deployment', name: 'homeless' });
    expect(failed.involvedObject.kind).to.equal('Pod');
  });

  it('completes a Job on a fake node', async () => {
    await plane.addNode('node-a');
    const template = pod();
    const [job] = await plane.apply([
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'build', namespace },
        spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
      },
    ]);
    expect(job?.metadata?.uid).to.be.a('string');
    await eventually((one) => one.reason === 'Completed', 'the Job to complete');
    const started = await eventually((one) => one.reason === 'Started', 'the container to start');
    expect(started.involvedObject.fieldPath).to.equal('spec.containers{main}');
    expect(started.source).to.deep.equal({ component: 'kubelet', host: 'node-a' });
  });

  it('fails a Job whose pod is labelled fail', async () => {
    await plane.addNode('node-a');
    const { metadata, spec } = pod('fail');
    const template = { metadata, spec: { ...spec, restartPolicy: 'Never' } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'build', namespace } };
    await plane.apply([{ ...job, spec: { backoffLimit: 0, template } }]);
    const event = await eventually((one) => one.reason === 'BackoffLimitExceeded', 'the failure');
    expect(event.involvedObject).to.include({ kind: 'Job', name: 'build' });
  });

  for (const [behaviour, reason] of [
    ['crash', 'BackOff'],
    ['image', 'BackOff'],
    ['mount', 'FailedMount'],
    ['unhealthy', 'Unhealthy'],
  ] as const) {
    it(`writes ${reason} repeatedly for a pod labelled ${behaviour}`, async () => {
      await plane.addNode('node-a');
      const { metadata, spec } = pod(behaviour);
      const annotations = { 'spec.sluice.dev/period': '200ms', 'spec.sluice.dev/times': '3' };
      await plane.apply([
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...metadata, annotations, name: 'troubled', namespace },
          spec,
        },
      ]);
      const event = await eventually(
        (one) => one.reason === reason && (one.count ?? 0) > 1,
        `${reason} with a count above 1`,
      );
      expect(event.involvedObject).to.include({ kind: 'Pod', name: 'troubled' });
    });
  }

  it('lets a service account read what its Role says and nothing else', async () => {
    const other = await plane.createNamespace('plane-other');
    const rules = [{ apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] }];
    const account = { namespace, name: 'reader', rules: [{ namespace, rules }] };
    const kubeconfig = await plane.kubeconfigFor(account);
    const { users } = JSON.parse(await readFile(kubeconfig, 'utf8')) as {
      users: readonly [{ user: { token: string } }];
    };
    using reader = new AdminClient(plane.url, users[0].user.token, plane.ca);
    const statusOf = async (where: string): Promise<number> => {
      const path = `/api/v1/namespaces/${where}/events`;
      return (await reader.send({ method: 'GET', path })).status;
    };
    await plane.waitFor(
      async () => (await statusOf(namespace)) === 200,
      10_000,
      'the Role to hold',
    );
    expect(await statusOf(other)).to.equal(403);
  });

  it('accepts a client certificate', async () => {
    const pair = await plane.clientCertificate('ann', ['auditors']);
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    using ann = new AdminClient(plane.url, pair, plane.ca);
    const { status } = await ann.request('POST', path, {});
    expect(status).to.have.nested.property('userInfo.username', 'ann');
    expect(status).to.have.nested.property('userInfo.groups').that.includes('auditors');
  });

  it('ends a watch from before a compaction with an in-stream 410', async () => {
    const path = `/api/v1/namespaces/${namespace}/events`;
    const { metadata } = await plane.request('GET', path);
    await plane.compact();
    const query = `watch=true&resourceVersion=${metadata?.resourceVersion ?? ''}`;
    const [line] = await watchLines(plane.admin, `${path}?${query}`, 1);
    expect(line?.type).to.equal('ERROR');
    expect(line?.object).to.include({ kind: 'Status', code: 410 });
  });
});

describe('a control plane of its own', function () {
  this.timeout(sharedStartMs);

  it('keeps its data when the API server is restarted, and when it is killed', async () => {
    await using plane = await startControlPlane({ controllers: false, kwok: false });
    const namespace = await plane.createNamespace('kept');
    await plane.request('POST', `/api/v1/namespaces/${namespace}/events`, toEvent(namespace, 'a'));
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await plane.restartApiServer(signal);
      const events = await plane.events(namespace);
      expect(events.map((event) => event.metadata?.name)).to.deep.equal(['a']);
    }
  });

  it('shows the end of a component’s output if it does not start', async () => {
    const options = { controllers: false, kwok: false, extraApiServerFlags: ['--no-such-flag'] };
    const error: unknown = await startControlPlane(options).then(
      async (plane) => plane[Symbol.asyncDispose](),
      (reason: unknown) => reason,
    );
    expect(error).to.be.an('error').with.property('message').that.includes('--no-such-flag');
  });
});

function toEvent(namespace: string, name: string) {
  return {
    metadata: { namespace, name },
    involvedObject: { kind: 'Pod', namespace, name: 'any' },
    reason: 'Spec',
    message: 'written by a spec',
    type: 'Normal',
    count: 1,
  };
}
