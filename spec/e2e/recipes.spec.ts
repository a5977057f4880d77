// The recipes that create objects, on a real API server: the configuration stands in
// docs/recipes.md, the account has exactly the rights that the configuration asks for, and the
// Event is one of the demo's recording. Tekton and Argo are there as far as their kinds are: the
// fields that the recipes use, in schemas that refuse any other.

import { expect } from 'chai';
import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';
import type { Permission } from '../../lib/core/ports/kind.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import type { NamespacedRules } from '../controlplane/accounts.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { type RecipeName, recipeOf } from '../recipes/page.ts';
import { statesOfSeries } from '../recipes/recorded-series.ts';
import { RunningGateway } from '../recipes/running-gateway.ts';
import { until } from '../support/until.ts';
import { VALIDATORS } from '../support/validators.ts';
import { customKind } from './support/custom-kind.ts';
import { sharedStartMs } from './support/shared-control-plane.ts';

const OWN = 'gateway';
const POD = 'shop/checkout-674555b6f9-fggwc';
const MESSAGE =
  'Back-off restarting failed container app in pod ' +
  'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)';

const TEXT: JsonObject = { type: 'string' };

interface Cluster {
  readonly name: RecipeName;
  /** Where its objects are. */
  readonly path: string;
  readonly namespace: string;
  /** Absent: the kind is Kubernetes' own. */
  readonly definition?: KubeObject;
  /** What the object must have, besides what Sluice adds. */
  readonly object: JsonObject;
}

const CLUSTERS: readonly Cluster[] = [
  {
    name: 'Tekton: PipelineRun',
    path: '/apis/tekton.dev/v1/namespaces/ci/pipelineruns',
    namespace: 'ci',
    definition: definitionOf('tekton.dev/v1', 'PipelineRun', {
      pipelineRef: objectOf({ name: TEXT }),
      taskRunTemplate: objectOf({ serviceAccountName: TEXT }),
      timeouts: objectOf({ pipeline: TEXT }),
      params: listOf({ name: TEXT, value: { 'x-kubernetes-preserve-unknown-fields': true } }),
    }),
    object: {
      pipelineRef: { name: 'diagnose' },
      taskRunTemplate: { serviceAccountName: 'diagnose' },
      timeouts: { pipeline: '1h0m0s' },
      params: [
        { name: 'pod', value: POD },
        { name: 'message', value: MESSAGE },
      ],
    },
  },
  {
    name: 'Argo Workflows',
    path: '/apis/argoproj.io/v1alpha1/namespaces/ci/workflows',
    namespace: 'ci',
    definition: definitionOf('argoproj.io/v1alpha1', 'Workflow', {
      workflowTemplateRef: objectOf({ name: TEXT }),
      serviceAccountName: TEXT,
      ttlStrategy: objectOf({ secondsAfterCompletion: { type: 'integer' } }),
      arguments: objectOf({ parameters: listOf({ name: TEXT, value: TEXT }) }),
      podMetadata: objectOf({
        labels: { type: 'object', additionalProperties: TEXT },
      }),
    }),
    object: {
      workflowTemplateRef: { name: 'diagnose' },
      serviceAccountName: 'diagnose',
      ttlStrategy: { secondsAfterCompletion: 86_400 },
      arguments: {
        parameters: [
          { name: 'pod', value: POD },
          { name: 'message', value: MESSAGE },
        ],
      },
    },
  },
  {
    name: 'Brigade v1',
    path: '/api/v1/namespaces/brigade/secrets',
    namespace: 'brigade',
    object: { event_type: 'Pod:BackOff', event_provider: 'k8s-gateway', payload: MESSAGE },
  },
];

describe('the recipes on a real API server', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let accounts: ReadonlyMap<string, string>;
  let events = 0;

  before(async function () {
    this.timeout(sharedStartMs);
    // One of its own: what it defines must not be there for other specs.
    plane = await startControlPlane({ controllers: false, kwok: false });
    // All of them now: rights take a moment to hold.
    accounts = await accountsOn(plane);
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
  });

  for (const cluster of CLUSTERS) {
    const { name, definition, path, object } = cluster;

    if (definition !== undefined) {
      it(`${name}: has the outcome that the page says for 404`, async () => {
        await using gateway = await started(name, 'whole');
        expect(await gateway.outcome()).to.equal(recipeOf(name).outcomes.get('404'));
      });
    }

    it(`${name}: creates one object, with the permissions that it names`, async () => {
      if (definition !== undefined) await plane.apply([definition]);
      await until(
        async () => (await plane.admin.send({ method: 'GET', path })).status === 200,
        path,
      );
      await using gateway = await started(name, 'whole');
      expect(await gateway.outcome()).to.equal(recipeOf(name).outcomes.get('201'));
      const made = await plane.admin.list(path);
      expect(made).to.have.length(1);
      const [created] = made;
      const id = created?.metadata?.annotations?.['sluice.dev/delivery'];
      expect(id).to.match(/^[0-9a-z]{26}$/);
      expect(created?.metadata?.name?.endsWith(`-${String(id)}`)).to.equal(true);
      expectContent(created, object);
      await gateway.stop();
    });

    it(`${name}: has the outcome that the page says for 403`, async () => {
      await using gateway = await started(name, 'reading');
      expect(await gateway.outcome()).to.equal(recipeOf(name).outcomes.get('403'));
    });

    it(`${name}: has a row on the page for each answer, and no other`, () => {
      const rows = ['201', '403', ...(definition === undefined ? [] : ['404'])];
      expect([...recipeOf(name).outcomes.keys()]).to.deep.equal(rows);
    });
  }

  /** Runs a recipe under an account with these rights, and writes the Event once it watches. */
  async function started(name: RecipeName, rights: Rights): Promise<RunningGateway> {
    const { configuration } = recipeOf(name);
    const kubeconfig = accounts.get(`${name} ${rights}`) ?? '';
    const args = ['run', '--namespace', 'gateway', '--kubeconfig', kubeconfig];
    const run = { configuration, environment: {}, args };
    await using opened = new AsyncDisposableStack();
    const gateway = opened.use(await RunningGateway.start(run));
    await gateway.line('watch-opened');
    events += 1;
    await plane.request('POST', '/api/v1/namespaces/shop/events', await anEvent(events));
    opened.move();
    return gateway;
  }
});

/** Those that a recipe asks for, or these without the ones where its objects are. */
type Rights = 'whole' | 'reading';

/** A kubeconfig for each recipe and each of these rights. */
async function accountsOn(plane: ControlPlane): Promise<ReadonlyMap<string, string>> {
  const accounts = new Map<string, string>();
  for (const { name, namespace } of CLUSTERS) {
    const whole = rightsOf(name);
    const reading = whole.filter((one) => one.namespace !== namespace);
    for (const [rights, rules] of Object.entries({ whole, reading })) {
      const account = { namespace: OWN, name: `recipe-${accounts.size}`, rules };
      accounts.set(`${name} ${rights}`, await plane.kubeconfigFor(account));
    }
  }
  return accounts;
}

/** The Event of the recording as it was reported for the third time, under a name of its own. */
async function anEvent(number: number): Promise<KubeObject> {
  const third = (await statesOfSeries()).find(({ object }) => object['count'] === 3);
  return { ...third?.object, metadata: { name: `checkout.${number}`, namespace: 'shop' } };
}

/** The rights that the gateway derives from a recipe. */
function rightsOf(name: RecipeName): readonly NamespacedRules[] {
  const text = recipeOf(name).configuration;
  const context = { namespace: OWN, buildNamespace: OWN, exec: 'refused' } as const;
  const { plan } = loadPlan({ text, ...context, validators: VALIDATORS });
  return (plan?.permissions ?? []).map(toRules);
}

function toRules({ namespace, group, resource, verbs, names }: Permission): NamespacedRules {
  const rule = { apiGroups: [group], resources: [resource], verbs };
  const rules = [names === undefined ? rule : { ...rule, resourceNames: names }];
  if (namespace === null) throw new Error(`${resource}: a recipe asks for the whole cluster`);
  return { namespace, rules };
}

/** A spec of its own, or the decoded data of a Secret whose payload is the Event. */
function expectContent(created: KubeObject | undefined, wanted: JsonObject): void {
  const spec = created?.['spec'];
  if (isJsonObject(spec)) {
    // The labels of its own that Sluice adds to a Workflow.
    const { podMetadata, ...written } = spec;
    expect(written).to.deep.equal(wanted);
    return;
  }
  const data = created?.['data'] as Readonly<Record<string, string>>;
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  const { payload, ...plain } = wanted;
  for (const [key, value] of Object.entries(plain)) expect(text(key), key).to.equal(value);
  expect(JSON.parse(text('payload'))).to.include({ message: payload, reason: 'BackOff' });
}

function objectOf(properties: JsonObject): JsonObject {
  return { type: 'object', properties };
}

function listOf(properties: JsonObject): JsonObject {
  return { type: 'array', items: objectOf(properties) };
}

/** A namespaced kind with exactly these fields in its spec. */
function definitionOf(apiVersion: string, kind: string, spec: JsonObject): KubeObject {
  return customKind(apiVersion, kind, objectOf({ spec: objectOf(spec) }));
}
