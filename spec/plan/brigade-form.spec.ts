// The original's form: what it gives, what it tolerates as the original did, what it refuses.
// How its filters decide is spec/filters.

import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import { type LoadedPlan, loadPlan } from '../../lib/plan/load-plan.ts';
import { VALIDATORS } from '../support/validators.ts';

function load(document: Json, namespace = 'shop'): LoadedPlan {
  const text = JSON.stringify(document);
  return loadPlan({
    text,
    namespace,
    buildNamespace: namespace,
    exec: 'refused',
    validators: VALIDATORS,
  });
}

const ACCEPT = { kind: 'Pod', action: 'accept' };

describe("the original's form", () => {
  it('gives one source, one Brigade trigger, and the guards that were safe to add', () => {
    const { plan, problems } = load({ project: 'org/repo', filters: [ACCEPT] });
    expect(problems).to.deep.equal([]);
    expect(plan?.form).to.equal('original');
    expect(plan?.sources.map(({ name, kind }) => [name, kind])).to.deep.equal([
      ['events', 'events'],
    ]);
    expect(plan?.triggers).to.have.lengthOf(1);
    expect(plan?.triggers[0]).to.deep.include({
      name: 'brigade',
      kind: 'brigade',
      identity: 'brigade',
      prefix: 'brigade-worker',
      buildNamespaces: ['shop'],
    });
    expect(plan?.guard).to.deep.equal({ namespaces: [], prefixes: ['brigade-worker'] });
    expect(plan?.originalProject).to.equal('org/repo');
    expect(plan?.chain.rules[0]?.decision).to.deep.include({
      action: 'accept',
      rule: { index: 0, name: null, identity: '' },
      triggers: ['brigade'],
    });
  });

  const rows: readonly (readonly [
    what: string,
    document: Json,
    runs: boolean,
    ...problems: readonly (readonly [string, string])[],
  ])[] = [
    [
      'keys in any letter case, with a note',
      { PROJECT: 'p', Filters: [ACCEPT] },
      true,
      ['letter-case', '/PROJECT'],
      ['letter-case', '/Filters'],
    ],
    [
      'the place of a filter under a key in other letter case',
      { project: 'p', Filters: [{ ...ACCEPT, reason: 'x' }] },
      true,
      ['letter-case', '/Filters'],
      ['ignored-key', '/Filters/0/reason'],
    ],
    [
      'unknown keys, with a note',
      { project: 'p', filters: [ACCEPT], comment: 'x' },
      true,
      ['ignored-key', '/comment'],
    ],
    ['null for an empty list', { project: 'p', filters: null }, true, ['no-configuration', '']],
    ['a project and no filters', { project: 'p' }, true, ['no-configuration', '']],
    ['no key of its own', {}, false, ['wrong-file', '']],
    ['only rejections without a project', { filters: [{ action: 'reject' }] }, true],
    ['an accepting filter without a project', { filters: [ACCEPT] }, false, ['missing-key', '']],
    ['an empty project', { project: '', filters: [ACCEPT] }, false, ['missing-key', '/project']],
    [
      'a project that is no text',
      { project: 5, filters: [ACCEPT] },
      false,
      ['wrong-type', '/project'],
    ],
    ['filters that are no list', { project: 'p', filters: {} }, false, ['wrong-type', '/filters']],
    [
      'a section of ours',
      { project: 'p', filters: [ACCEPT], limits: {} },
      false,
      ['wrong-form', '/limits'],
    ],
    [
      'cases of a later form',
      { project: 'p', filters: [ACCEPT], tests: [] },
      false,
      ['wrong-form', '/tests'],
    ],
    [
      'a field of ours in a filter',
      { project: 'p', filters: [{ ...ACCEPT, message: '*x*' }] },
      false,
      ['wrong-form', '/filters/0/message'],
    ],
    [
      'a misspelt key of ours',
      { project: 'p', filters: [ACCEPT], trigger: {} },
      true,
      ['ignored-key', '/trigger'],
    ],
  ];
  for (const [what, document, runs, ...expected] of rows) {
    it(`${runs ? 'runs with' : 'refuses'} ${what}`, () => {
      const { plan, problems } = load(document);
      expect(problems.map(({ code, path }) => [code, path])).to.deep.equal(expected);
      expect(plan !== null).to.equal(runs);
    });
  }

  it('asks for the project’s own mistakes at the project', () => {
    const { problems } = load({ project: 'brigade-not a label', filters: [ACCEPT] });
    expect(problems.map(({ code, path, column }) => [code, path, column])).to.deep.equal([
      ['wrong-value', '/project', 12],
    ]);
  });

  it('points from a misspelt key to the form that was probably meant', () => {
    const { problems } = load({ project: 'p', filters: [ACCEPT], trigger: {} });
    expect(problems[0]?.hint).to.match(/triggers.*configuration of Sluice/);
  });
});
