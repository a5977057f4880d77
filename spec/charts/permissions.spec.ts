// The permissions of the chart, case by case: exactly those that the configuration needs. They are
// written out here, and compared with those that the gateway derives from the file of the chart.

import { expect } from 'chai';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { VALIDATORS } from '../support/validators.ts';
import { findHelm, releaseNamespace, renderObjects } from './helm.ts';
import { askedFor, inOrder, type Rule, rulesOf } from './rules.ts';

const clusterId: Rule = {
  apiGroups: [''],
  resources: ['namespaces'],
  resourceNames: [releaseNamespace],
  verbs: ['get'],
};
const events = (...verbs: readonly string[]): Rule => ({
  apiGroups: [''],
  resources: ['events'],
  verbs,
});
const readEvents = events('list', 'watch');
/** Events about the gateway's own pod. */
const podEvents = events('create');
const ownEvents = events('create', 'list', 'watch');
const createSecrets: Rule = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };

const filters = [{ kind: 'Pod', action: 'accept' }];
const brigade = { build: { brigade: { project: 'org/repo', namespace: 'brigade' } } };

interface Case {
  readonly what: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** By namespace; `*` is the ClusterRole. */
  readonly expected: Readonly<Record<string, readonly Rule[]>>;
}

const cases: readonly Case[] = [
  {
    what: 'no configuration',
    values: {},
    expected: { [releaseNamespace]: [ownEvents, clusterId] },
  },
  {
    what: "the original's project and filters",
    values: { project: 'org/repo', filters },
    expected: { [releaseNamespace]: [ownEvents, clusterId, createSecrets] },
  },
  {
    what: "the original's filters that reject everything",
    values: { project: 'org/repo', filters: [{ kind: 'Pod', action: 'reject' }] },
    expected: { [releaseNamespace]: [ownEvents, clusterId] },
  },
  {
    what: "the text of the original's file, with its keys in other letter case",
    values: { config: '{ "Project": "org/repo", "FILTERS": [{ "Action": "accept" }] }' },
    expected: { [releaseNamespace]: [ownEvents, clusterId, createSecrets] },
  },
  {
    what: 'no Events about the own pod',
    values: { config: { filters, triggers: brigade, logging: { podEvents: false } } },
    expected: { [releaseNamespace]: [readEvents, clusterId], brigade: [createSecrets] },
  },
  {
    what: 'a request and nothing in the cluster',
    values: {
      config: { filters, triggers: { hook: { http: { url: 'https://ci.example.test' } } } },
    },
    expected: { [releaseNamespace]: [ownEvents, clusterId] },
  },
  {
    what: 'two namespaces and builds in a third',
    values: {
      config: {
        sources: { shop: { events: { namespaces: ['shop', 'pay'] } } },
        filters,
        triggers: brigade,
      },
    },
    expected: {
      [releaseNamespace]: [podEvents, clusterId],
      pay: [readEvents],
      shop: [readEvents],
      brigade: [createSecrets],
    },
  },
  {
    what: 'two sources that overlap',
    values: {
      config: {
        sources: {
          one: { events: { namespaces: ['shop', 'pay'] } },
          two: { events: { namespaces: ['shop'] } },
          own: { events: {} },
        },
        filters,
        triggers: brigade,
      },
    },
    expected: {
      [releaseNamespace]: [ownEvents, clusterId],
      pay: [readEvents],
      shop: [readEvents],
      brigade: [createSecrets],
    },
  },
  {
    what: 'one namespace, written without a list',
    values: {
      config: { sources: { shop: { events: { namespaces: 'shop' } } }, filters, triggers: brigade },
    },
    expected: {
      [releaseNamespace]: [podEvents, clusterId],
      shop: [readEvents],
      brigade: [createSecrets],
    },
  },
  {
    what: 'the whole cluster',
    values: {
      config: {
        sources: { all: { events: { namespaces: ['*'] } } },
        filters,
        triggers: { build: { brigade: { project: 'org/repo' } } },
      },
    },
    expected: { [releaseNamespace]: [podEvents, clusterId, createSecrets], '*': [readEvents] },
  },
  {
    what: 'the whole cluster beside one of its namespaces',
    values: {
      config: {
        sources: {
          all: { events: { namespaces: ['*'] } },
          shop: { events: { namespaces: ['shop'] } },
        },
        filters,
        triggers: brigade,
      },
    },
    expected: {
      [releaseNamespace]: [podEvents, clusterId],
      '*': [readEvents],
      shop: [readEvents],
      brigade: [createSecrets],
    },
  },
  {
    what: 'objects of three kinds, and builds where Events are read',
    values: {
      config: {
        sources: { shop: { events: { namespaces: ['shop'] } } },
        filters: [{ kind: 'Pod', action: 'accept', triggers: ['job', 'run', 'flow'] }],
        triggers: {
          job: object('batch/v1/Job', 'ci'),
          run: object('tekton.dev/v1/PipelineRun', 'ci'),
          flow: object('argoproj.io/v1alpha1/Workflow', 'shop'),
        },
      },
    },
    expected: {
      [releaseNamespace]: [podEvents, clusterId],
      ci: [creates('batch', 'jobs'), creates('tekton.dev', 'pipelineruns')],
      shop: [readEvents, creates('argoproj.io', 'workflows')],
    },
  },
  {
    what: 'kinds of other plurals, and a Secret that is never read back',
    values: {
      config: {
        filters: [{ kind: 'Pod', action: 'accept', triggers: ['a'] }],
        triggers: {
          a: object('example.com/v1/Policy', 'ci'),
          b: object('example.com/v1/Canvas', 'ci'),
          c: object('example.com/v1/Index', 'ci', 'indices'),
          d: object('v1/Secret', 'ci'),
        },
      },
    },
    expected: {
      [releaseNamespace]: [ownEvents, clusterId],
      ci: [
        createSecrets,
        creates('example.com', 'canvases'),
        creates('example.com', 'indices'),
        creates('example.com', 'policies'),
      ],
    },
  },
];

describe('the permissions of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  for (const { what, values, expected } of cases) {
    it(`are exactly what is needed for ${what}`, () => {
      expect(rulesOf(renderObjects(helm, { values }))).to.deep.equal(expected);
    });

    it(`are what the gateway itself asks for with ${what}`, () => {
      const objects = renderObjects(helm, { values });
      const { plan, problems } = loadPlan({
        text: configTextOf(objects),
        namespace: releaseNamespace,
        buildNamespace: releaseNamespace,
        exec: 'refused',
        validators: VALIDATORS,
      });
      expect(problems.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
      expect(inOrder(rulesOf(objects))).to.deep.equal(inOrder(askedFor(plan?.permissions ?? [])));
    });

    it(`are bound to the gateway's account alone for ${what}`, () => {
      const objects = renderObjects(helm, { values });
      const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
      const bindings = objects.filter(({ kind }) => kind?.endsWith('Binding'));
      expect(bindings.map(bindingOf)).to.have.deep.members(
        roles.map(({ kind, metadata }) => ({
          namespace: metadata?.namespace ?? '*',
          role: `${kind ?? ''} ${metadata?.name ?? ''}`,
          subjects: [{ kind: 'ServiceAccount', name: 'gw-sluice', namespace: releaseNamespace }],
        })),
      );
    });
  }

  it('are omitted if rbac is off', () => {
    const values = { config: { filters, triggers: brigade }, rbac: { enabled: false } };
    const objects = renderObjects(helm, { values });
    expect(objects.map(({ kind }) => kind)).to.have.members([
      'ServiceAccount',
      'ConfigMap',
      'Service',
      'StatefulSet',
    ]);
  });

  it('have names that two releases of one name in two namespaces do not share', () => {
    const values = { config: { sources: { all: { events: { namespaces: ['*'] } } }, filters } };
    const namesIn = (namespace: string): readonly string[] =>
      renderObjects(helm, { values, namespace })
        .filter(({ metadata }) => metadata?.namespace === undefined)
        .map(({ kind, metadata }) => `${kind ?? ''} ${metadata?.name ?? ''}`);
    const names = namesIn('one');
    expect(names).to.have.length(2);
    const others = namesIn('two');
    expect(names.filter((name) => others.includes(name))).to.deep.equal([]);
  });

  it('have the further rules of the values', () => {
    const rule = { apiGroups: ['example.com'], resources: ['builds'], verbs: ['get'] };
    const extraRules = [rule, { namespace: 'ci', ...rule }, { namespace: '*', ...rule }];
    const objects = renderObjects(helm, { values: { rbac: { extraRules } } });
    expect(rulesOf(objects)).to.deep.equal({
      [releaseNamespace]: [ownEvents, clusterId, rule],
      ci: [rule],
      '*': [rule],
    });
  });
});

function object(type: string, namespace: string, resource?: string): object {
  const end = type.lastIndexOf('/');
  const [apiVersion, kind] = [type.slice(0, end), type.slice(end + 1)];
  const manifest = { apiVersion, kind, metadata: { namespace }, spec: {} };
  return { kubernetes: { manifest, ...(resource === undefined ? {} : { resource }) } };
}

function creates(group: string, resource: string): Rule {
  return { apiGroups: [group], resources: [resource], verbs: ['create', 'get'] };
}

/** The only file of the ConfigMap; null if it has none. */
function configTextOf(objects: readonly KubeObject[]): string | null {
  const map = objects.find(({ kind }) => kind === 'ConfigMap');
  const data = map?.['data'] as Readonly<Record<string, string>> | undefined;
  return Object.values(data ?? {})[0] ?? null;
}

function bindingOf(binding: KubeObject): object {
  const { metadata, ['roleRef']: roleRef, ['subjects']: subjects } = binding;
  const { kind, name } = roleRef as { kind: string; name: string };
  return { namespace: metadata?.namespace ?? '*', role: `${kind} ${name}`, subjects };
}
