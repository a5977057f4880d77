// Each sample and recipe, rendered by the chart: it gets its secrets and delivers under exactly the rendered
// Roles. Without any one verb of them it says at its start which permission is missing, and a table says what else
// happens.

import { expect } from 'chai';
import { isJsonObject } from '../../lib/core/json-object.ts';
import { findHelm, render, renderObjects, theOnly } from '../charts/helm.ts';
import type { NamespacedRules, PolicyRule } from '../controlplane/accounts.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { statesOfSeries } from '../recipes/recorded-series.ts';
import { listen } from '../triggers/http/support/real-receiver.ts';
import type { Pod } from './kubelet/pod.ts';
import { variablesOf } from './kubelet/pod-parts.ts';
import { AccountGateway } from './support/account-gateway.ts';
import { customKind } from './support/custom-kind.ts';
import { type SampleCase, sample, sampleCases } from './support/sample-cases.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

/** Cases that run side by side: each waits for most of its time. */
const AT_ONCE = 4;

/** The outcome of the first delivery without a verb, or `unreadable` if the process ends. */
const WITHOUT: Readonly<Record<string, RegExp>> = {
  'list events': /^unreadable$/,
  'watch events': /^unreadable$/,
  // The cluster gets a random id, which the store keeps.
  'get namespaces': /^delivered$/,
  // Only Events about the pod itself.
  'create events': /^delivered$/,
  'create secrets': /^retry forbidden$/,
  'create jobs': /^retry forbidden$/,
  'create pipelineruns': /^retry forbidden$/,
  'create workflows': /^retry forbidden$/,
  // An object that is there already is recognized by a `get`.
  'get jobs': /^(delivered|retry forbidden)$/,
  'get pipelineruns': /^(delivered|retry forbidden)$/,
  'get workflows': /^(delivered|retry forbidden)$/,
};

describe('the samples and recipes under the Roles of the chart', function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let helm = '';
  const results = new Map<string, Result>();
  const shapes = new Set<string>();

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    helm = await findHelm(this);
    plane = await sharedControlPlane();
    await plane.apply(CUSTOM_KINDS);
    const left = sampleCases().values();
    const runAll = async (): Promise<void> => {
      for (const one of left) results.set(one.name, await tried(one));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runAll));
  });

  after(async () => {
    for (const { metadata } of CUSTOM_KINDS) {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata?.name ?? ''}`;
      await plane.admin.send({ method: 'DELETE', path });
    }
  });

  for (const { name } of sampleCases()) {
    it(`${name}: delivers, and reports no missing permission`, () => {
      expect(results.get(name)).to.include({ outcome: 'delivered', trouble: '' });
    });
  }

  it('are refused by the chart if they run a local command', () => {
    const rendered = render(helm, { values: { config: sample('config.yaml') } });
    expect(rendered.ok || rendered.said).to.match(/trigger pipeline runs a local command/);
  });

  it('need each verb of their Roles', () => {
    const losses = [...results.values()].flatMap(({ without }) => without);
    for (const { verb, what, missing, outcome } of losses) {
      expect(missing, verb).to.deep.equal([verb]);
      expect(outcome, verb).to.match(WITHOUT[what] ?? /no such row/);
    }
    expect(new Set(losses.map(({ what }) => what))).to.have.all.keys(Object.keys(WITHOUT));
  });

  /** Runs a case under its Roles, and without each verb if no case had such Roles before. */
  async function tried(one: SampleCase): Promise<Result> {
    await using receiver = await listen((request, response) => {
      const { status, headers = {}, body } = one.standIn(request);
      response.writeHead(status, headers).end(body);
    });
    const at = await namespacesFor(one);
    const moved = (text: string): string =>
      one.origin === undefined ? text : text.replaceAll(one.origin, receiver.origin);
    const values = JSON.parse(moved(JSON.stringify(inNamespaces(one.values, at)))) as object;
    const names = Object.keys(one.secrets);
    const secrets = Object.fromEntries(
      names.map((name) => [name, { existingSecret: 'receiver', key: name }]),
    );
    const objects = renderObjects(helm, { namespace: at.own, values: { ...values, secrets } });
    const stringData = Object.fromEntries(
      names.map((name) => [name, moved(one.secrets[name] ?? '')]),
    );
    const metadata = { name: 'receiver', namespace: at.own };
    await plane.apply([
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData },
      ...objects.filter(({ kind }) => GRANTING.includes(kind ?? '')),
    ]);
    // Before the receiver ends.
    return await compared(one, at, objects);
  }

  async function compared(
    one: SampleCase,
    at: Places,
    objects: readonly KubeObject[],
  ): Promise<Result> {
    const metadata = { name: 'gw-sluice-0', namespace: at.own, uid: 'a-uid' };
    const { template } = theOnly(objects, 'StatefulSet')['spec'] as PodTemplate;
    const [{ args = [] }] = template.spec.containers;
    const { hostname, port } = new URL(plane.url);
    const run = {
      args,
      environment: {
        ...(await variablesOf(plane, { metadata, spec: template.spec })),
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
      },
      configuration: Object.values(theOnly(objects, 'ConfigMap')['data'] as object)[0] as string,
    };
    const token = await plane.tokenFor({ namespace: at.own, name: 'gw-sluice' });
    const whole = await plane.writeKubeconfig({ user: { token }, namespace: at.own });
    await using opened = new AsyncDisposableStack();
    const start = async (kubeconfig: string): Promise<AccountGateway> => {
      const gateway = opened.use(await AccountGateway.start({ ...run, kubeconfig }));
      await gateway.reads();
      return gateway;
    };
    const roles = rolesOf(objects);
    const losses = isNew(roles) ? lossesOf(roles) : [];
    const lacking = losses.map(async (loss, number) => {
      const account = { namespace: at.own, name: `without-${number}`, ...accountOf(loss.left) };
      return { loss, gateway: await start(await plane.kubeconfigFor(account)) };
    });
    const [gateway, ...others] = await Promise.all([start(whole), ...lacking]);
    await plane.request('POST', `/api/v1/namespaces/${at.events}/events`, await eventFor(one, at));
    const outcome = await gateway.outcome();
    const without = others.map(async ({ loss, gateway: other }) => ({
      ...loss,
      missing: await other.missing(),
      outcome: await other.outcome(),
    }));
    const trouble = gateway
      .of('permission')
      .map((line) => JSON.stringify(line))
      .join('\n');
    return { outcome, trouble, without: await Promise.all(without) };
  }

  function isNew(roles: readonly NamespacedRules[]): boolean {
    const shape = JSON.stringify(
      roles.map(({ namespace, rules }) => ({
        isEverywhere: namespace === EVERYWHERE,
        rules: rules.map(({ resources, verbs }) => ({ resources, verbs })),
      })),
    );
    return shapes.size < shapes.add(shape).size;
  }

  async function namespacesFor({ name }: SampleCase): Promise<Places> {
    const own = await plane.createNamespace('gateway');
    const shop = await plane.createNamespace('shop');
    const builds = await plane.createNamespace('builds');
    const events = name === 'original.json' ? own : shop;
    return { own, events, by: { shop, pay: builds, ci: builds, brigade: builds, pequod: own } };
  }
});

/** The namespaces of a case. */
interface Places {
  readonly own: string;
  /** Where its Event is. */
  readonly events: string;
  /** By the name in the configuration. */
  readonly by: Readonly<Record<string, string>>;
}

/** Roles without one verb. */
interface Loss {
  /** As the log writes it. */
  readonly verb: string;
  /** Without the namespace. */
  readonly what: string;
  readonly left: readonly NamespacedRules[];
}

interface PodTemplate {
  readonly template: Pick<Pod, 'spec'>;
}

interface Result {
  readonly outcome: string;
  /** Missing permissions that it reported. */
  readonly trouble: string;
  readonly without: readonly (Loss & {
    readonly missing: readonly string[];
    readonly outcome: string;
  })[];
}

const GRANTING: readonly string[] = [
  ...['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
];
/** The namespace of rules of the whole cluster. */
const EVERYWHERE = '*';

function rolesOf(objects: readonly KubeObject[]): readonly NamespacedRules[] {
  return objects
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .map(({ metadata, rules }) => ({
      namespace: metadata?.namespace ?? EVERYWHERE,
      rules: rules as readonly PolicyRule[],
    }));
}

/** One entry for each verb on each resource. */
function lossesOf(roles: readonly NamespacedRules[]): readonly Loss[] {
  return roles.flatMap(({ namespace, rules }) =>
    rules.flatMap((rule) =>
      rule.verbs.map((verb) => ({
        verb: `${verb} ${rule.resources.join()} in ${namespace === EVERYWHERE ? '' : namespace}`,
        what: `${verb} ${rule.resources.join()}`,
        left: roles.map((role) => ({
          ...role,
          rules: role.rules.map((one) =>
            one === rule ? { ...one, verbs: one.verbs.filter((other) => other !== verb) } : one,
          ),
        })),
      })),
    ),
  );
}

function accountOf(roles: readonly NamespacedRules[]): {
  readonly rules: readonly NamespacedRules[];
  readonly clusterRules: readonly PolicyRule[];
} {
  // A rule needs a verb.
  const whole = roles.map((role) => ({
    ...role,
    rules: role.rules.filter(({ verbs }) => verbs.length > 0),
  }));
  return {
    rules: whole.filter(({ namespace }) => namespace !== EVERYWHERE),
    clusterRules: whole
      .filter(({ namespace }) => namespace === EVERYWHERE)
      .flatMap(({ rules }) => rules),
  };
}

/** Values in which the namespaces are those of the case. */
function inNamespaces(value: unknown, at: Places, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => inNamespaces(one, at, key));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, inNamespaces(one, at, name)]),
    );
  }
  const isName = key === 'namespace' || key === 'namespaces';
  return isName && typeof value === 'string' ? (at.by[value] ?? value) : value;
}

/** The Event of the recording as it was reported for the third time, in the namespace of the case. */
async function eventFor({ reason }: SampleCase, { events }: Places): Promise<KubeObject> {
  const third = (await statesOfSeries()).find(({ object }) => object['count'] === 3);
  const { involvedObject } = third?.object ?? {};
  return {
    ...third?.object,
    reason,
    metadata: { name: 'checkout.1', namespace: events },
    involvedObject: { ...(involvedObject as object), namespace: events },
  };
}

const ANY_FIELDS = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const CUSTOM_KINDS: readonly KubeObject[] = [
  customKind('tekton.dev/v1', 'PipelineRun', ANY_FIELDS),
  customKind('argoproj.io/v1alpha1', 'Workflow', ANY_FIELDS),
];
