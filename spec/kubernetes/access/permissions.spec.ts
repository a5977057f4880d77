// Permissions derived from the grants of the kinds. The chart derives the same list from the same
// grants: spec/charts/permissions.spec.ts.

import { expect } from 'chai';
import type { Grant, Permission } from '../../../lib/core/ports/kind.ts';
import { manifestTypesOf, permissionsOf } from '../../../lib/kubernetes/access/permissions.ts';
import { eventsKind } from '../../../lib/sources/events.ts';
import { triggerKinds } from '../../../lib/triggers/registry.ts';

const context = { namespace: 'shop', buildNamespace: 'ci' };

const shown = ({ namespace, group, resource, verbs, names = [] }: Permission): string =>
  [namespace ?? '*', [resource, group].join('.'), verbs.join(), ...names].join(' ');

const manifest = (apiVersion: string, kind: string, namespace?: string) => ({
  manifest: { apiVersion, kind, ...(namespace !== undefined && { metadata: { namespace } }) },
});

const { brigade, kubernetes, http, exec } = triggerKinds;

describe('the permissions of a section', () => {
  const kinds: Readonly<Record<string, { readonly grants?: readonly Grant[] }>> = {
    events: eventsKind,
    brigade,
    kubernetes,
    http,
    exec,
  };
  const cases = [
    ['events', {}, ['shop events. list,watch']],
    ['events', { namespaces: ['a', 'b'] }, ['a events. list,watch', 'b events. list,watch']],
    ['events', { namespaces: ['*'] }, ['* events. list,watch']],
    ['brigade', { project: 'a/b' }, ['ci secrets. create']],
    ['brigade', { project: 'a/b', namespace: 'brigade' }, ['brigade secrets. create']],
    ['kubernetes', manifest('batch/v1', 'Job'), ['ci jobs.batch create,get']],
    ['kubernetes', manifest('v1', 'Secret', 'own'), ['own secrets. create']],
    ['kubernetes', manifest('a.test/v1', 'Secret'), ['ci secrets.a.test create,get']],
    ['kubernetes', manifest('a.test/v1', 'BuildPolicy'), ['ci buildpolicies.a.test create,get']],
    ['kubernetes', manifest('a.test/v1', 'Canvas'), ['ci canvases.a.test create,get']],
    [
      'kubernetes',
      { ...manifest('a.test/v1', 'Index'), resource: 'indices' },
      ['ci indices.a.test create,get'],
    ],
    ['http', { url: 'https://a.test' }, []],
    ['exec', { command: ['true'] }, []],
  ] as const;
  for (const [kind, section, wanted] of cases) {
    it(`are ${wanted.join('; ') || 'none'} for ${kind} ${JSON.stringify(section)}`, () => {
      const asked = permissionsOf(kinds[kind]?.grants ?? [], { section, who: 'it', context });
      expect(asked.map(shown)).to.deep.equal(wanted);
    });
  }

  it('name the resource of the type of the manifest', () => {
    const section = { ...manifest('a.test/v1', 'Index'), resource: 'indices' };
    const named = { group: 'a.test', version: 'v1', kind: 'Index', resource: 'indices' };
    expect(manifestTypesOf(kubernetes.grants ?? [], section)).to.deep.equal([named]);
    expect(manifestTypesOf(brigade.grants ?? [], { project: 'a/b' })).to.deep.equal([]);
  });

  it('are cluster-wide without a namespace of the gateway', () => {
    const all = { ...context, namespace: '' };
    const asked = permissionsOf(eventsKind.grants, { section: {}, who: 'it', context: all });
    expect(asked.map(shown)).to.deep.equal(['* events. list,watch']);
  });

  it('say who needs them', () => {
    const [asked] = permissionsOf(eventsKind.grants, { section: {}, who: 'source a', context });
    expect(asked?.why).to.equal('source a reads Events');
  });
});
