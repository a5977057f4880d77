// The chart against a real API server: every object is accepted whole, helm installs it, and then
// its service account may do exactly what the configuration needs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { findHelm, render, renderHook, renderObjects, theOnly } from '../charts/helm.ts';
import {
  createNamespaces,
  install,
  jobSpec,
  type Namespaces,
  valuesFor,
} from '../charts/installation.ts';
import type { Values } from '../charts/release.ts';
import { AdminClient, type AdminRequest, type KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { dryRun, podFrom, podsOf, restrict } from './support/dry-run.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const sampleJob = join(import.meta.dirname, '../../samples/kubernetes-job.yaml');

describe('the chart on a real API server', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let helm = '';
  let at: Namespaces;

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    helm = await findHelm(this);
    plane = await sharedControlPlane();
    at = await createNamespaces(plane);
  });

  describe('rendered', () => {
    const renderings: readonly { what: string; values: (at: Namespaces) => Values }[] = [
      { what: 'without a configuration', values: () => ({}) },
      { what: "with the original's values", values: () => original },
      { what: 'with our own', values: valuesFor },
      { what: 'for the whole cluster', values: () => ({ config: wholeCluster }) },
      {
        what: 'with everything set',
        values: (here) => ({ ...valuesFor(here), ...everything }),
      },
    ];
    for (const { what, values } of renderings) {
      it(`is accepted by a strict dry run ${what}, with its hooks`, async () => {
        const request = { namespace: at.own, values: values(at) };
        const rendered = render(helm, request);
        if (!rendered.ok) throw new Error(rendered.said);
        const objects = rendered.objects.map((one) =>
          one.kind === 'Pod' ? (podsOf(one, at.own)[0] ?? one) : one,
        );
        const statuses = await Promise.all(objects.map((one) => dryRun(plane, one)));
        expect(statuses).to.deep.equal(rendered.objects.map(() => 'accepted'));
      });
    }
  });

  describe('installed', () => {
    let account: AdminClient;

    before(async () => {
      await restrict(plane, at.own);
      await install(plane, { helm, namespace: at.own, values: valuesFor(at) });
      const token = await plane.tokenFor({ namespace: at.own, name: 'gw-sluice' });
      account = new AdminClient(plane.url, token, plane.ca);
    });

    after(() => account[Symbol.dispose]());

    it('gets a pod that the restricted Pod Security Standard admits, and its claim', async () => {
      const namespace = `/api/v1/namespaces/${at.own}`;
      const exists = async (path: string): Promise<boolean> =>
        (await plane.admin.send(get(`${namespace}/${path}`))).status === 200;
      await plane.waitFor(() => exists('pods/gw-sluice-0'), 20_000, 'the pod');
      expect(await exists('persistentvolumeclaims/data-gw-sluice-0')).to.equal(true);
    });

    it('has other pods that this standard admits, too', async () => {
      const request = { namespace: at.own, values: { ...valuesFor(at), ...everything } };
      const [job, test, echo] = [
        theOnly(renderHook(helm, 'pre-upgrade', request), 'Job'),
        theOnly(renderHook(helm, 'test', request), 'Pod'),
        theOnly(renderObjects(helm, request), 'Deployment'),
      ];
      const pods = [job, echo, test].flatMap((one) => podsOf(one, at.own));
      const statuses = pods.map((pod) => dryRun(plane, pod));
      expect(await Promise.all(statuses)).to.deep.equal(pods.map(() => 'accepted'));
    });

    it('has a sample Job that this standard admits, too', async () => {
      const { triggers } = load(readFileSync(sampleJob, 'utf8')) as SampleJob;
      const { manifest } = triggers.diagnose.kubernetes;
      const job = { ...manifest, metadata: { name: 'probe', namespace: at.own } };
      const { template } = manifest.spec;
      expect(await dryRun(plane, job)).to.equal('accepted');
      expect(await dryRun(plane, podFrom(template, at.own))).to.equal('accepted');
    });

    const granted: readonly Row[] = [
      { what: 'list the Events of one namespace', ask: (n) => get(eventsOf(n.shop)) },
      { what: 'list the Events of the other', ask: (n) => get(eventsOf(n.pay)) },
      { what: 'watch them', ask: (n) => get(`${eventsOf(n.shop)}?watch=1&timeoutSeconds=1`) },
      { what: 'read its own namespace', ask: (n) => get(`/api/v1/namespaces/${n.own}`) },
      {
        what: 'create a build Secret',
        ask: (n) => create(n.brigade, 'v1', 'secrets'),
        status: 201,
      },
      { what: 'create a Job', ask: (n) => createJob(n.ci), status: 201 },
      { what: 'look for a Job', ask: (n) => get(`${jobsOf(n.ci)}/none`), status: 404 },
    ];
    for (const { what, ask, status = 200 } of granted) {
      it(`may ${what}`, async () => {
        // Permissions reach the authorizer a moment after they are written.
        const answered = async (): Promise<boolean> =>
          (await account.send(ask(at))).status === status;
        await plane.waitFor(answered, 10_000, `${status} as the answer`);
      });
    }

    const denied: readonly Row[] = [
      { what: 'list Secrets where it creates them', ask: (n) => get(secretsOf(n.brigade)) },
      { what: 'read a Secret there', ask: (n) => get(`${secretsOf(n.brigade)}/none`) },
      { what: 'create a Secret elsewhere', ask: (n) => create(n.shop, 'v1', 'secrets') },
      { what: 'list the Secrets of its own namespace', ask: (n) => get(secretsOf(n.own)) },
      { what: 'list Jobs', ask: (n) => get(jobsOf(n.ci)) },
      { what: 'delete a Job', ask: (n) => ({ method: 'DELETE', path: `${jobsOf(n.ci)}/none` }) },
      { what: 'create a Job where Events are read', ask: (n) => createJob(n.shop) },
      { what: 'read one Event by its name', ask: (n) => get(`${eventsOf(n.shop)}/none`) },
      { what: 'write Events', ask: (n) => create(n.shop, 'v1', 'events') },
      { what: 'list the Events of a third namespace', ask: (n) => get(eventsOf(n.ci)) },
      { what: 'list the Events of the cluster', ask: () => get('/api/v1/events') },
      { what: 'read another namespace', ask: (n) => get(`/api/v1/namespaces/${n.shop}`) },
      { what: 'read kube-system', ask: () => get('/api/v1/namespaces/kube-system') },
      { what: 'list namespaces', ask: () => get('/api/v1/namespaces') },
      { what: 'read pods', ask: (n) => get(`/api/v1/namespaces/${n.shop}/pods`) },
    ];
    for (const { what, ask } of denied) {
      it(`may not ${what}`, async () => {
        expect((await account.send(ask(at))).status).to.equal(403);
      });
    }
  });
});

interface Row {
  readonly what: string;
  readonly ask: (at: Namespaces) => AdminRequest;
  readonly status?: number;
}

const original = { project: 'org/repo', filters: [{ kind: 'Pod', action: 'accept' }] };

const wholeCluster = {
  sources: { all: { events: { namespaces: ['*'] } } },
  filters: [{ kind: 'Pod', action: 'reject' }],
};

const everything = {
  image: { registry: 'example.com/ci', name: 'sluice', tag: 'v1', pullPolicy: 'Always' },
  podAnnotations: { 'example.com/a': 'b' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'ci', operator: 'Exists', effect: 'NoSchedule' }],
  serviceAccount: { create: true, name: 'gate', annotations: { 'example.com/a': 'b' } },
  rbac: {
    enabled: true,
    extraRules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  },
  api: { expose: true, existingSecret: 'sluice-api', hosts: ['ci.example.test'] },
  commonLabels: { team: 'ci' },
  podLabels: { 'example.com/cost': 'ci' },
  imagePullSecrets: [{ name: 'login' }],
  persistence: { storageClass: 'fast', retain: false, annotations: { 'example.com/a': 'b' } },
  secrets: { 'ca.pem': { existingSecret: 'company', key: 'ca.pem' } },
  env: [{ name: 'HTTPS_PROXY', value: 'http://10.0.0.1:3128' }],
  envFrom: [{ secretRef: { name: 'tokens' } }],
  extraVolumes: [{ name: 'tmp', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  extraArgs: ['--drain', '40s'],
  logging: { format: 'json', level: 'debug', decisions: 'all', event: 'full' },
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  priorityClassName: 'system-cluster-critical',
  podDisruptionBudget: { enabled: true, minAvailable: 1 },
  networkPolicy: {
    enabled: true,
    apiServer: { cidrs: ['10.0.0.1/32'] },
    from: [{ namespaceSelector: { matchLabels: { team: 'ops' } } }],
  },
  echo: { enabled: true },
};

interface SampleJob {
  readonly triggers: {
    readonly diagnose: {
      readonly kubernetes: {
        readonly manifest: KubeObject & { readonly spec: { readonly template: KubeObject } };
      };
    };
  };
}

function get(path: string): AdminRequest {
  return { method: 'GET', path };
}

function eventsOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/events`;
}

function secretsOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`;
}

function jobsOf(namespace: string): string {
  return `/apis/batch/v1/namespaces/${namespace}/jobs`;
}

function create(namespace: string, version: string, resource: string): AdminRequest {
  const path = `/api/${version}/namespaces/${namespace}/${resource}?dryRun=All`;
  return { method: 'POST', path, body: { metadata: { name: 'probe' } } };
}

function createJob(namespace: string): AdminRequest {
  const body = { metadata: { name: 'probe' }, spec: jobSpec };
  return { method: 'POST', path: `${jobsOf(namespace)}?dryRun=All`, body };
}
