// What a real API server answers to the creations of triggers: the rows of the table of answers
// that a fake can only claim, above all the ways in which a 403 differs from a 403, and the sizes
// that it takes.

import { expect } from 'chai';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import type { Outcome } from '../../lib/core/delivery.ts';
import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { type Connection, connect } from '../../lib/kubernetes/client/connection.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { type KubernetesSection, kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import type { PolicyRule } from '../controlplane/accounts.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { JOB, someParts } from '../triggers/support/parts.ts';
import { DenyingWebhook, denyJobs } from './support/denials.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const JOBS: PolicyRule = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get'] };
const SECRETS: PolicyRule = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };
const PIPES: PolicyRule = { apiGroups: ['tekton.dev'], resources: ['*'], verbs: ['*'] };

/** `outcome`, and its reason or note. */
function shown(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'none';
  if ('reason' in outcome) return `${outcome.outcome} ${outcome.reason}`;
  return `${outcome.outcome} ${outcome.note ?? ''}`.trim();
}

describe('triggers on a real API server', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let api: Connection;
  let ci: string;
  let elsewhere: string;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
    ci = await plane.createNamespace('ci');
    elsewhere = await plane.createNamespace('elsewhere');
    const kubeconfig = await plane.kubeconfigFor({
      namespace: ci,
      name: 'triggers',
      rules: [{ namespace: ci, rules: [JOBS, SECRETS, PIPES] }],
    });
    const { observe } = recordingObserve();
    api = await connect(
      { kubeconfig },
      { clock: systemClock, observe, environment: {}, parseYaml },
    );
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
  });

  async function fire(
    section: KubernetesSection,
    id = aDelivery().id,
  ): Promise<Outcome | undefined> {
    const trigger = kubernetesKind.create(section, someParts({ api, buildNamespace: ci }));
    const [outcome] = await trigger.fire([aDelivery({ id })], NEVER);
    return outcome;
  }

  function aJob(spec: JsonObject, namespace = ci): KubernetesSection {
    const { manifest } = JOB;
    const own = manifest['spec'];
    return {
      manifest: {
        ...manifest,
        metadata: { namespace },
        spec: { ...(isJsonObject(own) ? own : {}), ...spec },
      },
    };
  }

  it('creates a Job once and recognizes it', async () => {
    expect(shown(await fire(JOB))).to.equal('delivered');
    expect(shown(await fire(JOB))).to.equal('delivered existed');
  });

  it('creates a Brigade Secret once, and says that it may not read it', async () => {
    const parts = someParts({ api, buildNamespace: ci, prefix: 'brigade-worker' });
    const trigger = brigadeKind.create({ project: 'org/repo' }, parts);
    expect(shown((await trigger.fire([aDelivery()], NEVER))[0])).to.equal('delivered');
    expect(shown((await trigger.fire([aDelivery()], NEVER))[0])).to.equal(
      'delivered existed, not verified',
    );
  });

  it('refuses the name of another owner’s object', async () => {
    const id = '01kg9ynja00000000000000001';
    await plane.admin.request('POST', `/apis/batch/v1/namespaces/${ci}/jobs`, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `diagnose-${id}` },
      spec: {
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } },
      },
    });
    expect(shown(await fire(JOB, id))).to.equal('refused name-taken');
  });

  const refusals = [
    { what: 'a field that it does not know', spec: { backofLimit: 1 }, wanted: 'refused invalid' },
    { what: 'a value out of range', spec: { backoffLimit: -1 }, wanted: 'refused invalid' },
    { what: 'a value of another type', spec: { backoffLimit: 'x' }, wanted: 'refused invalid' },
  ];
  for (const [place, { what, spec, wanted }] of refusals.entries()) {
    it(`refuses ${what}, naming the object`, async () => {
      const id = `01kg9ynja0000000000000001${place}`;
      const outcome = await fire(aJob(spec), id);
      expect(shown(outcome)).to.equal(wanted);
      expect(outcome).to.have.property('detail').that.includes(`create Job ${ci}/diagnose-${id}`);
    });
  }

  const missing = [
    { what: 'a CRD', manifest: { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun' } },
    { what: 'a kind of a group that is served', manifest: { apiVersion: 'batch/v1', kind: 'No' } },
  ];
  for (const { what, manifest } of missing) {
    it(`refuses ${what} that is not installed, and says how to retry`, async () => {
      const outcome = await fireAsAdmin({ manifest: { ...manifest, metadata: { namespace: ci } } });
      expect(shown(outcome)).to.equal('refused not-found');
      expect(outcome)
        .to.have.property('detail')
        .that.includes('no such kind (once it is installed: sluice deliveries retry --all');
    });
  }

  it('refuses a namespace that is not there', async () => {
    const outcome = await fireAsAdmin(aJob({}, 'absent'));
    expect(shown(outcome)).to.equal('refused not-found');
    expect(outcome).to.have.property('detail').that.includes('no such namespace (once it exists');
  });

  it('asks for a retry if a permission is missing, and names it', async () => {
    const outcome = await fire(aJob({}, elsewhere));
    expect(shown(outcome)).to.equal('retry forbidden');
    expect(outcome)
      .to.have.property('detail')
      .that.includes(`needs create on jobs in ${elsewhere}`);
  });

  it('waits for room under a quota', async () => {
    const full = await plane.createNamespace('full');
    await plane.admin.request('POST', `/api/v1/namespaces/${full}/resourcequotas`, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { 'count/jobs.batch': '0' } },
    });
    const outcome = await until(async () => {
      const found = await fireAsAdmin(aJob({}, full));
      return found?.outcome === 'delivered' ? false : found;
    }, 'the quota');
    expect(shown(outcome)).to.equal('retry quota');
    expect(outcome).to.have.property('detail').that.does.not.include('needs create');
  });

  it('cannot distinguish a quota from PodSecurity for Pods, and says so', async () => {
    const { name } = await restricted();
    const spec = { containers: [{ name: 'a', image: 'a' }] };
    const manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: name }, spec };
    const outcome = await fireAsAdmin({ manifest });
    expect(shown(outcome)).to.equal('retry admission');
    expect(outcome)
      .to.have.property('detail')
      .that.includes('quota, PodSecurity or another admission plugin denied it')
      .and.includes('violates PodSecurity')
      .and.does.not.include('needs create');
  });

  async function restricted(): Promise<{ readonly name: string }> {
    const name = await plane.createNamespace('restricted');
    const path = `/api/v1/namespaces/${name}`;
    const namespace = await plane.admin.request('GET', path);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const metadata = { ...namespace.metadata, labels };
    await plane.admin.request('PUT', path, { ...namespace, metadata });
    return { name };
  }

  for (const reason of ['', 'Forbidden', 'RequestEntityTooLarge', 'Invalid']) {
    it(`is refused by a ValidatingAdmissionPolicy with the reason ${reason || 'absent'}`, async () => {
      const namespace = await plane.createNamespace('policed');
      await using policy = await denyJobs(plane, namespace, reason);
      const outcome = await until(async () => {
        const found = await fireAsAdmin(aJob({}, namespace));
        return found?.outcome === 'delivered' ? false : found;
      }, 'the policy');
      expect(shown(outcome)).to.equal('refused admission');
      expect(outcome)
        .to.have.property('detail')
        .that.includes('an admission policy denied it')
        .and.includes('sluice deliveries retry --all --state refused')
        .and.includes(`ValidatingAdmissionPolicy '${policy.name}'`)
        .and.includes('no Jobs here');
    });
  }

  describe('and a webhook that denies', () => {
    let webhook: DenyingWebhook;
    let namespace: string;
    before(async () => {
      namespace = await plane.createNamespace('hooked');
      webhook = await DenyingWebhook.start(plane, namespace);
    });
    after(async () => {
      await webhook[Symbol.asyncDispose]();
    });

    const denials = [
      { status: {}, wanted: 'refused admission' },
      { status: { code: 400, reason: 'BadRequest' }, wanted: 'refused invalid' },
      { status: { code: 401 }, wanted: 'refused admission' },
      { status: { code: 403, reason: 'Forbidden' }, wanted: 'refused admission' },
      { status: { code: 404 }, wanted: 'refused admission' },
      { status: { code: 409 }, wanted: 'refused admission' },
      { status: { code: 409, reason: 'Conflict' }, wanted: 'refused admission' },
      { status: { code: 422, reason: 'Invalid' }, wanted: 'refused invalid' },
      { status: { code: 429 }, wanted: 'refused admission' },
      // An error of etcd looks the same.
      { status: { code: 500 }, wanted: 'unknown server-error' },
    ];
    for (const { status, wanted } of denials) {
      it(`is ${wanted} for ${JSON.stringify(status)}`, async () => {
        webhook.status = status;
        const outcome = await until(async () => {
          const found = await fireAsAdmin(aJob({}, namespace));
          return found?.outcome === 'delivered' ? false : found;
        }, 'the webhook');
        expect(shown(outcome)).to.equal(wanted);
        expect(outcome)
          .to.have.property('detail')
          .that.includes('admission webhook "deny.sluice.dev" denied the request')
          .and.does.not.include('needs create');
      });
    }

    it('is unknown if it cannot be called', async () => {
      webhook.stop();
      expect(shown(await fireAsAdmin(aJob({}, namespace)))).to.equal('unknown server-error');
    });
  });

  describe('and values that are too large', () => {
    const event = anEvent({ message: 'm'.repeat(1_900_000) });
    const [occurrence] = aDelivery().occurrences;
    const delivery = aDelivery({
      id: '01kg9ynja00000000000000099',
      occurrences: [{ ...occurrence, event }],
    });

    it('creates a Job with the part that fits', async () => {
      const annotations = { a: '${event.message}', b: '${event}' };
      const { manifest } = JOB;
      const section = { manifest: { ...manifest, metadata: { namespace: ci, annotations } } };
      const trigger = kubernetesKind.create(section, someParts({ api, buildNamespace: ci }));
      expect(shown((await trigger.fire([delivery], NEVER))[0])).to.equal('delivered');
    });

    it('creates a Brigade Secret with the part that fits', async () => {
      const parts = someParts({ api, buildNamespace: ci, prefix: 'brigade-worker' });
      const trigger = brigadeKind.create({ project: 'org/repo' }, parts);
      expect(shown((await trigger.fire([delivery], NEVER))[0])).to.equal('delivered');
    });
  });

  it('waits until a terminating namespace exists again', async () => {
    const going = await plane.createNamespace('going');
    await plane.admin.request('POST', `/api/v1/namespaces/${going}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'stays', finalizers: ['sluice.dev/spec'] },
    });
    await plane.admin.request('DELETE', `/api/v1/namespaces/${going}`);
    expect(shown(await fireAsAdmin(aJob({}, going)))).to.equal('retry namespace-terminating');
  });

  async function fireAsAdmin(section: KubernetesSection): Promise<Outcome | undefined> {
    const { observe } = recordingObserve();
    const kubeconfig = plane.adminKubeconfig;
    const parts = { clock: systemClock, observe, environment: {}, parseYaml };
    await using admin = await connect({ kubeconfig }, parts);
    const trigger = kubernetesKind.create(section, someParts({ api: admin }));
    attempts += 1;
    const id = `01kg9ynja000000000000001${String(attempts).padStart(2, '0')}`;
    const [outcome] = await trigger.fire([aDelivery({ id })], NEVER);
    return outcome;
  }
  let attempts = 0;
});
