// Validation of our form: each schema is compiled once and each section is validated once, and each
// mistake in a rule has one finding, either from the schema or from the compiler.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { createValidator } from '../../lib/config/validate.ts';
import type { ProblemCode } from '../../lib/core/problem.ts';
import { type LoadedPlan, loadPlan } from '../../lib/plan/load-plan.ts';
import { createSectionValidators } from '../../lib/plan/native-form.ts';
import { configurationSchema } from '../../lib/plan/schema.ts';
import { load } from './plans.ts';

const CONTEXT = { namespace: 'shop', buildNamespace: 'ci', exec: 'refused' } as const;

interface Counted {
  readonly loaded: LoadedPlan;
  readonly compiled: number;
  readonly validated: readonly string[];
}

function loadCounted(text: string): Counted {
  let compiled = 0;
  const validated: string[] = [];
  const validators = createSectionValidators((schema) => {
    compiled += 1;
    const validate = createValidator(schema);
    return (value) => {
      validated.push(Object.keys(value ?? {}).join());
      return validate(value);
    };
  });
  return { loaded: loadPlan({ ...CONTEXT, text, validators }), compiled, validated };
}

const SECTIONS = {
  cluster: '5',
  sources: '{ shop: { events: { namespaces: 7 } } }',
  filters: '[{ kind: 3, action: accept, triggers: [nope] }]',
  triggers: '{ build: { brigade: { project: 5 }, timeout: 3 } }',
  delivery: '{ concurrency: 0, retry: { first: never } }',
  limits: '{ total: lots }',
  store: '{ sqlite: { pth: 3 }, maxSize: tiny }',
  http: '{ probes: {} }',
  logging: '{ level: loud }',
  guard: '{ namespace: maybe }',
};
const BAD = Object.entries(SECTIONS)
  .map(([key, value]) => `${key}: ${value}\n`)
  .join('');

describe('validations of a configuration', () => {
  it('compile each schema once and validate each section once, however much is wrong', () => {
    const { loaded, compiled, validated } = loadCounted(BAD);
    expect(loaded.plan).to.equal(null);
    expect(loaded.problems.length).to.be.at.least(Object.keys(SECTIONS).length);
    // One more for the keys at the top.
    expect(compiled).to.equal(Object.keys(SECTIONS).length + 1);
    const keys = Object.keys(SECTIONS);
    expect(validated.toSorted()).to.deep.equal([...keys, keys.join()].toSorted());
  });

  it('compile nothing for sections that the configuration does not have', () => {
    const { validated } = loadCounted('version: 1\nfilters: []\n');
    expect(validated).to.have.members(['version,filters', 'version', 'filters']);
  });

  it('validate the store of a file that is refused as a whole once', () => {
    expect(loadCounted('filters: []\nstore: { memory: {} }\n').validated).to.deep.equal(['store']);
  });

  it('use a schema that its meta-schema accepts', () => {
    const ajv = new Ajv2020();
    const isValid = ajv.validateSchema(configurationSchema());
    expect(isValid, ajv.errorsText()).to.equal(true);
  });
});

type Finding = readonly [code: ProblemCode, path: string];

const RULES: readonly (readonly [title: string, rules: string, ...findings: readonly Finding[]])[] =
  [
    ['rules that are no list', '{ kind: Pod }', ['wrong-type', '/filters']],
    ['rules that are null', 'null', ['wrong-type', '/filters']],
    [
      'entries that are no rules',
      '[1, null, x, []]',
      ['wrong-type', '/filters/0'],
      ['wrong-type', '/filters/1'],
      ['wrong-type', '/filters/2'],
      ['wrong-type', '/filters/3'],
    ],
    ['no action', '[{ kind: Pod }]', ['missing-key', '/filters/0']],
    ['another action', '[{ action: Accept }]', ['wrong-value', '/filters/0/action']],
    [
      'another action with triggers',
      '[{ action: acept, triggers: [build] }]',
      ['wrong-value', '/filters/0/action'],
    ],
    ['an action that is no text', '[{ action: true }]', ['wrong-value', '/filters/0/action']],
    ['a not that is no block', '[{ action: reject, not: Pod }]', ['wrong-type', '/filters/0/not']],
    [
      'a not with an entry that is no block',
      '[{ action: reject, not: [null] }]',
      ['wrong-type', '/filters/0/not/0'],
    ],
    ['a block without keys', '[{ action: reject, not: {} }]', ['wrong-value', '/filters/0/not']],
    ['a name that is no text', '[{ action: reject, name: 3 }]', ['wrong-type', '/filters/0/name']],
    ['an empty name', "[{ action: reject, name: '' }]", ['wrong-value', '/filters/0/name']],
    [
      'formerly that is no list',
      '[{ action: reject, name: a, formerly: { b: 1 } }]',
      ['wrong-type', '/filters/0/formerly'],
    ],
    [
      'formerly with an entry that is no name',
      '[{ action: reject, name: a, formerly: [b, 7] }]',
      ['wrong-type', '/filters/0/formerly/1'],
    ],
    [
      'triggers that are no list',
      '[{ action: accept, triggers: { build: 1 } }]',
      ['wrong-type', '/filters/0/triggers'],
    ],
    [
      'triggers with an entry that is no name',
      '[{ action: accept, triggers: [build, 7] }]',
      ['wrong-type', '/filters/0/triggers/1'],
    ],
    [
      'a quiet that is no text',
      '[{ action: accept, again: { quiet: 3 } }]',
      ['wrong-type', '/filters/0/again/quiet'],
    ],
    [
      'another per',
      '[{ action: accept, again: { per: object } }]',
      ['wrong-value', '/filters/0/again/per'],
    ],
    [
      'an again that is no object',
      '[{ action: accept, again: 1h }]',
      ['wrong-type', '/filters/0/again'],
    ],
    [
      'a condition of the wrong type',
      '[{ action: reject, kind: [Pod, 3], count: true }]',
      ['wrong-type', '/filters/0/kind/1'],
      ['wrong-type', '/filters/0/count'],
    ],
    [
      'conditions that are null, a block or a nested list',
      '[{ action: reject, kind: null, host: { a: 1 }, reasons: [Pod, [Node]] }]',
      ['wrong-type', '/filters/0/kind'],
      ['wrong-type', '/filters/0/host'],
      ['wrong-type', '/filters/0/reasons/1'],
    ],
    [
      'a key from a prototype',
      '[{ __proto__: { action: accept } }]',
      ['missing-key', '/filters/0'],
      ['unknown-key', '/filters/0/__proto__'],
    ],
    [
      'an unknown trigger beside an entry that is no name',
      '[{ action: accept, triggers: [build, biuld, 7] }]',
      ['unknown-trigger', '/filters/0/triggers/1'],
      ['wrong-type', '/filters/0/triggers/2'],
    ],
    [
      'mistakes of every kind at once',
      "[{ name: a, action: accept, kind: /(/, count: x, triggers: [nope] }, { name: a, action: maybe, message: word, not: [{ kind: '' }, { host: 1 }] }]",
      ['bad-pattern', '/filters/0/kind'],
      ['bad-count', '/filters/0/count'],
      ['unknown-trigger', '/filters/0/triggers/0'],
      ['duplicate-name', '/filters/1/name'],
      ['wrong-value', '/filters/1/action'],
      ['bad-pattern', '/filters/1/message'],
      ['wrong-value', '/filters/1/not/0'],
      ['wrong-type', '/filters/1/not/1/host'],
    ],
    [
      'a wrong type beside a bad pattern',
      '[{ action: reject, kind: 3, reasons: [A, /(/] }]',
      ['wrong-type', '/filters/0/kind'],
      ['bad-pattern', '/filters/0/reasons/1'],
    ],
  ];

describe('findings about rules', () => {
  for (const [title, rules, ...expected] of RULES) {
    it(`name ${title} once`, () => {
      const text = `filters: ${rules}\ntriggers: { build: { brigade: { project: a/b } } }\n`;
      const { problems } = load(text);
      const errors = problems.filter(({ severity }) => severity === 'error');
      expect(errors.map(({ code, path }) => [code, path])).to.deep.equal(expected);
    });
  }
});
