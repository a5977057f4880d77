// Discovery of a real API server, in the aggregated form and in the older one: built-in types, a CRD that
// is made while asking, and an extension server that points nowhere. `sluice check --cluster` compares
// manifests with them.

import { Readable } from 'node:stream';
import { expect } from 'chai';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import type { JsonObject } from '../../lib/core/json-object.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { connect } from '../../lib/kubernetes/client/connection.ts';
import type { ApiClient } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { discover, type ServedTypes } from '../../lib/kubernetes/discovery/discovery.ts';
import type { ServedType } from '../../lib/kubernetes/discovery/discovery-documents.ts';
import { parseTypeName, typesNamed } from '../../lib/kubernetes/discovery/type-names.ts';
import { runLine } from '../cli/process-context.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { customKind } from './support/custom-kind.ts';
import { sharedStartMs } from './support/shared-control-plane.ts';

const AWAY = { group: 'away.example.test', version: 'v1' };
const ABSENT = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `${AWAY.version}.${AWAY.group}` },
  spec: {
    ...AWAY,
    ...{ groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true },
    service: { namespace: 'default', name: 'nowhere' },
  },
};

describe('discovery of a real API server', function () {
  this.timeout(60_000);
  // An extension server that is away would disturb the specs of a shared control plane.
  let plane: ControlPlane;
  let api: ApiClient;
  const opened = new AsyncDisposableStack();

  before(async function () {
    this.timeout(sharedStartMs);
    plane = opened.use(await startControlPlane({ controllers: false, kwok: false }));
    const { observe } = recordingObserve();
    const around = { clock: systemClock, observe, environment: {}, parseYaml };
    api = opened.use(await connect({ kubeconfig: plane.adminKubeconfig }, around));
  });

  after(() => opened.disposeAsync());

  /** The client without the media types of the aggregated form. */
  const plain = (): ApiClient => ({
    server: api.server,
    request: ({ accept: _, ...call }, signal) => api.request(call, signal),
    open: (call, signal) => api.open(call, signal),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  });

  async function served(client = api): Promise<ServedTypes> {
    const discovery = await discover(client, { clock: systemClock, signal: NEVER });
    if (!discovery.ok) throw new Error(discovery.why);
    return discovery;
  }

  const meant = ({ groups }: ServedTypes, text: string): ServedType | undefined => {
    const name = parseTypeName(text);
    return name === null ? undefined : typesNamed(name, groups)?.types[0];
  };

  const TYPES = [
    ['po', '', 'v1', 'pods', 'Pod', true],
    ['deploy', 'apps', 'v1', 'deployments', 'Deployment', true],
    ['Job', 'batch', 'v1', 'jobs', 'Job', true],
    ['ev', '', 'v1', 'events', 'Event', true],
    ['events.events.k8s.io', 'events.k8s.io', 'v1', 'events', 'Event', true],
    ['ingresses.networking', 'networking.k8s.io', 'v1', 'ingresses', 'Ingress', true],
    ['hpa', 'autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', true],
    [
      'hpa.v1.autoscaling',
      'autoscaling',
      'v1',
      'horizontalpodautoscalers',
      'HorizontalPodAutoscaler',
      true,
    ],
    ['ns', '', 'v1', 'namespaces', 'Namespace', false],
    [
      'crd',
      'apiextensions.k8s.io',
      'v1',
      'customresourcedefinitions',
      'CustomResourceDefinition',
      false,
    ],
  ] as const;

  it('finds the types that kubectl means by these names', async () => {
    const types = await served();
    for (const [text, group, version, resource, kind, isNamespaced] of TYPES) {
      expect(meant(types, text), text).to.include({ group, version, resource, kind, isNamespaced });
    }
    expect(types.unavailable).to.deep.equal([]);
  });

  it('finds the same in both forms', async () => {
    const [aggregated, older] = [await served(), await served(plain())];
    expect(aggregated.groups.length).to.be.above(15);
    expect(older).to.deep.equal(aggregated);
  });

  it('finds a CRD that is made while it runs, and loses one that is deleted', async () => {
    const before = await served();
    expect(meant(before, 'widgets.spec.example.test')).to.equal(undefined);
    const definition = customKind('spec.example.test/v1', 'Widget', { type: 'object' });
    await plane.apply([definition]);
    for (const client of [api, plain()]) {
      await until(
        async () =>
          meant(await served(client), 'widget.spec.example.test')?.verbs.includes('watch'),
        'the type of the CRD',
        20_000,
      );
    }
    const { name = '' } = definition.metadata ?? {};
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    await plane.request('DELETE', path);
    for (const client of [api, plain()]) {
      await until(
        async () => meant(await served(client), 'widget.spec.example.test') === undefined,
        'the type of the CRD to go',
        20_000,
      );
    }
  });

  it('names the version of an extension server that points nowhere, and finds all others', async () => {
    const before = await served();
    await plane.apply([ABSENT]);
    for (const client of [api, plain()]) {
      const found = await until(
        async () => {
          const types = await served(client);
          return types.unavailable.length > 0 ? types : null;
        },
        'the unavailable version',
        30_000,
      );
      expect(found.unavailable).to.have.lengthOf(1);
      expect(found.unavailable[0]).to.include(AWAY);
      expect(found.unavailable[0]?.why).to.match(/status 503|did not answer/);
      expect(found.groups).to.deep.equal(before.groups);
      expect(meant(found, 'deploy')).to.include({ group: 'apps', version: 'v1' });
    }
  });

  async function check(
    manifests: Readonly<Record<string, JsonObject>>,
  ): Promise<readonly Problem[]> {
    const names = Object.keys(manifests);
    const configuration = {
      sources: { all: { events: { namespaces: ['default'] } } },
      filters: [{ kind: 'Pod', action: 'accept', triggers: names }],
      triggers: Object.fromEntries(
        names.map((name) => [name, { kubernetes: { manifest: manifests[name] } }]),
      ),
    };
    // It may read nothing but the types, as any account may.
    const account = { namespace: 'default', name: 'checker' };
    const kubeconfig = await plane.kubeconfigFor(account);
    const text = Buffer.from(JSON.stringify(configuration));
    const stdin = Object.assign(Readable.from([text]), { isTTY: false });
    const args = ['--cluster', '--kubeconfig', kubeconfig, '--namespace', 'default'];
    const { out } = await runLine(['check', '-', ...args, '--format', 'json'], { stdin });
    const { problems } = JSON.parse(out) as { problems: readonly Problem[] };
    return problems.filter(({ code }) => code !== 'permission-missing');
  }

  it('lets check name wrong types of manifests, with the right ones', async () => {
    const metadata = { namespace: 'default' };
    await plane.apply([ABSENT, oxen()]);
    await until(async () => meant(await served(), 'ox'), 'the type of the CRD', 20_000);
    const problems = await check({
      fine: { apiVersion: 'batch/v1', kind: 'Job', metadata },
      kind: { apiVersion: 'batch/v1', kind: 'Jop', metadata },
      version: { apiVersion: 'batch/v1beta1', kind: 'CronJob', metadata },
      plural: { apiVersion: 'farm.example.test/v1', kind: 'Ox', metadata },
      away: { apiVersion: `${AWAY.group}/${AWAY.version}`, kind: 'Thing', metadata },
    });
    const said = problems.map(({ code, path, hint }) => [code, path.split('/')[2], hint]);
    expect(said).to.have.deep.members([
      ['manifest-refused', 'kind', 'write kind: Job'],
      ['manifest-refused', 'version', 'write apiVersion: batch/v1'],
      ['manifest-refused', 'plural', 'write resource: oxen'],
      ['manifest-refused', 'away', 'kubectl get apiservices shows the server behind it'],
    ]);
  });
});

interface Problem {
  readonly code: string;
  readonly path: string;
  readonly hint: string;
}

/** A kind whose plural no rule gives. */
function oxen() {
  const definition = customKind('farm.example.test/v1', 'Ox', { type: 'object' });
  const names = { kind: 'Ox', plural: 'oxen', singular: 'ox' };
  const spec = { ...(definition['spec'] as JsonObject), names };
  return { ...definition, metadata: { name: 'oxen.farm.example.test' }, spec };
}
