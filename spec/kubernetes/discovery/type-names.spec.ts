// Names of types: how they are parsed, and which types they mean.

import { expect } from 'chai';
import fc from 'fast-check';
import { parseTypeName, typesNamed } from '../../../lib/kubernetes/discovery/type-names.ts';
import { CLUSTER, group, servedIn, type } from './documents.ts';

const GROUPS = servedIn(CLUSTER);

const meant = (text: string, groups = GROUPS): readonly string[] => {
  const name = parseTypeName(text);
  const types = name === null ? [] : (typesNamed(name, groups)?.types ?? []);
  return types.map((one) => `${one.resource}.${one.version}.${one.group}`);
};

describe('the name of a type', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    // The core group has priority.
    pods: ['pods.v1.', 'pods.v1.example.com'],
    pod: ['pods.v1.', 'pods.v1.example.com'],
    po: ['pods.v1.'],
    Pod: ['pods.v1.', 'pods.v1.example.com'],
    PO: ['pods.v1.'],
    'pods.': ['pods.v1.', 'pods.v1.example.com'],
    'pods.v1.': ['pods.v1.'],
    'pods.example.com': ['pods.v1.example.com'],
    'pods.v1.example.com': ['pods.v1.example.com'],
    ev: ['events.v1.', 'events.v1.events.k8s.io'],
    // The preferred version comes first.
    deployments: ['deployments.v1.apps', 'deployments.v1beta1.apps'],
    'deploy.apps': ['deployments.v1.apps', 'deployments.v1beta1.apps'],
    'deploy.v1beta1.apps': ['deployments.v1beta1.apps'],
    'Deployment.v1beta1.apps': ['deployments.v1beta1.apps'],
    'rollbacks.apps': ['rollbacks.v1beta1.apps'],
    'networkpolicy.networking.k8s.io': ['networkpolicies.v1.networking.k8s.io'],
    // A singular that is not the kind, and the kind.
    proxy: ['proxies.v2.example.com', 'proxies.v1.example.com'],
    gateway: ['proxies.v2.example.com', 'proxies.v1.example.com'],
    // The beginning of a group.
    'networkpolicies.networking': ['networkpolicies.v1.networking.k8s.io'],
    'deploy.app': ['deployments.v1.apps', 'deployments.v1beta1.apps'],
    '*.batch': ['jobs.v1.batch', 'cronjobs.v1.batch'],
    '*.v1beta1.apps': ['deployments.v1beta1.apps', 'rollbacks.v1beta1.apps'],
    '*.v1.': ['pods.v1.', 'events.v1.', 'secrets.v1.', 'namespaces.v1.', 'bindings.v1.'],
    // None.
    deploys: [],
    'deployments.v1.app': [],
    'deployments.v2.apps': [],
    'pods.apps': [],
    '*.bat': [],
    'a.b.c.d': [],
  };
  for (const [text, types] of Object.entries(names)) {
    it(`${text} means ${types.join(', ') || 'none'}`, () => {
      expect(meant(text)).to.deep.equal(types);
    });
  }

  for (const text of [
    '',
    '.',
    '.apps',
    'pods/log',
    'a b',
    'pods,jobs',
    '**',
    '*pods',
    'pö',
    'x'.repeat(401),
  ]) {
    it(`is not ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(parseTypeName(text)).to.equal(null);
    });
  }

  it('is that of a plural before that of a short name, whatever the priority', () => {
    const groups = servedIn([
      group('', { v1: [type('services', 'Service', { shortNames: ['things'] })] }),
      group('z.test', { v1: [type('things', 'Thing')] }),
    ]);
    expect(meant('things', groups)).to.deep.equal(['things.v1.z.test']);
  });

  it('is that of a kind if nothing else has it', () => {
    const groups = servedIn([group('', { v1: [type('xs', 'Thing', { singular: 'x' })] })]);
    expect(meant('thing', groups)).to.deep.equal(['xs.v1.']);
  });

  it('says how it matches', () => {
    const by = (text: string): unknown => {
      const name = parseTypeName(text);
      return name === null ? null : typesNamed(name, GROUPS)?.by;
    };
    expect([by('pods'), by('po'), by('deploy.app'), by('*')]).to.deep.equal([
      ...['name', 'short name', 'prefix', 'all'],
    ]);
  });
});

describe('names of types, for any cluster', () => {
  const label = fc.stringMatching(/^[ab][abs]{0,2}$/);
  const dotted = fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
  const types = fc.uniqueArray(fc.tuple(label, label), { maxLength: 4, selector: ([one]) => one });
  const versions = fc.uniqueArray(fc.tuple(fc.constantFrom('v1', 'v2', 'v1beta1'), types), {
    ...{ minLength: 1, maxLength: 2 },
    selector: ([version]) => version,
  });
  const cluster = fc
    .uniqueArray(fc.tuple(fc.oneof(fc.constant(''), dotted), versions), {
      ...{ maxLength: 4 },
      selector: ([name]) => name,
    })
    .map((groups) =>
      servedIn(
        groups
          .toSorted(([a], [b]) => Number(b === '') - Number(a === ''))
          .map(([name, all]) =>
            group(
              name,
              Object.fromEntries(
                all.map(([version, kinds]) => [
                  version,
                  kinds.map(([resource, kind]) => type(resource, kind)),
                ]),
              ),
            ),
          ),
      ),
    );

  it('a whole name means exactly one type: itself', () => {
    fc.assert(
      fc.property(cluster, (groups) => {
        for (const { group: name, versions: all } of groups) {
          for (const one of all.flatMap(({ types: served }) => served)) {
            const whole = `${one.resource}.${one.version}.${name}`;
            expect(meant(whole, groups)).to.deep.equal([whole]);
          }
        }
      }),
    );
  });

  it('no text throws, and each type it means is one that is served', () => {
    const text = fc.oneof(
      dotted,
      fc.string(),
      fc.constant('*'),
      dotted.map((one) => `*.${one}`),
    );
    fc.assert(
      fc.property(cluster, text, (groups, written) => {
        const all = groups.flatMap((one) => one.versions.flatMap((each) => each.types));
        const name = parseTypeName(written);
        if (name === null) return;
        const matched = typesNamed(name, groups);
        expect(all).to.include.members([...(matched?.types ?? [])]);
        expect(matched?.types).to.not.deep.equal([]);
      }),
    );
  });
});
