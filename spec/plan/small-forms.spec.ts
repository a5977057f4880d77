// Every list of the configuration may be written as one word, whichever kinds there are: the lists are
// found in the schema, and each is written both ways.

import { expect } from 'chai';
import { toCanonical } from '../../lib/config/canonical.ts';
import { createValidator } from '../../lib/config/validate.ts';
import { isJsonObject, type Json } from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { configurationSchema, editorSchema } from '../../lib/plan/schema.ts';
import { VALIDATORS } from '../support/validators.ts';

interface FoundList {
  /** Keys, with `*` for any name and `#` for an entry of a list. */
  readonly path: readonly string[];
  readonly items: JsonSchema;
  readonly types: readonly string[];
}

function listsIn(schema: JsonSchema, path: readonly string[] = []): readonly FoundList[] {
  const { items, additionalProperties, properties } = schema;
  const types = [schema['type']].flat().map(String);
  const here = types.includes('array') && isJsonObject(items) ? [{ path, items, types }] : [];
  const named = isJsonObject(properties) ? Object.entries(properties) : [];
  const below: readonly (readonly [string, Json | undefined])[] = [
    ...named,
    ['*', additionalProperties],
    ['#', items],
  ];
  return [
    ...here,
    ...below.flatMap(([key, inner]) => (isJsonObject(inner) ? listsIn(inner, [...path, key]) : [])),
  ];
}

function documentWith(path: readonly string[], value: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner = documentWith(rest, value);
  return key === '#' ? [inner] : { [key === '*' ? 'x' : key]: inner };
}

function typesOf(items: JsonSchema): readonly string[] {
  return [items['type']].flat().map(String);
}

const WORDS = listsIn(configurationSchema()).filter(
  ({ items }) => !typesOf(items).includes('object'),
);

describe('lists of the configuration', () => {
  it('are found', () => {
    const paths = WORDS.map(({ path }) => path.join('.'));
    expect(paths).to.include.members([
      'sources.*.events.namespaces',
      'filters.#.formerly',
      'filters.#.triggers',
      'filters.#.reasons',
      'triggers.*.formerly',
      'triggers.*.exec.command',
      'triggers.*.exec.retryOn',
      'triggers.*.kubernetes.allowFromEvent',
      'http.hosts',
    ]);
  });

  const isWrong = createValidator(editorSchema());
  for (const { path, items, types } of WORDS) {
    it(`may be one word: ${path.join('.')}`, () => {
      const word = typesOf(items).includes('string') ? 'shop' : 75;
      const written = documentWith(path, word);
      const canonical = toCanonical(written, configurationSchema());
      expect(canonical.findings).to.deep.equal([]);
      // A condition of a rule takes both forms as they are.
      const expected = types.length > 1 ? written : documentWith(path, [word]);
      expect(canonical.value).to.deep.equal(expected);
      const here = `/${path.map((key) => (key === '*' ? 'x' : key === '#' ? '0' : key)).join('/')}`;
      const findings = isWrong(written).filter(
        (one) => one.path.startsWith(here) && one.code === 'wrong-type',
      );
      expect(findings).to.deep.equal([]);
    });
  }
});

describe('a configuration in short forms', () => {
  const load = (text: string) =>
    loadPlan({
      text,
      namespace: 'ci',
      buildNamespace: 'ci',
      exec: 'allowed',
      validators: VALIDATORS,
    });

  it('is planned as the same one with lists', () => {
    const text = (shop: string, build: string, more: string): string => `
sources: { shop: { events: { namespaces: ${shop} } } }
filters: [{ name: a, formerly: ${more}, kind: Pod, action: accept, triggers: ${build} }]
triggers: { build: { exec: { command: ${build}, passEnv: ${shop}, retryOn: 75 }, formerly: ${more} } }
http: { hosts: ${shop} }
`;
    const small = load(text('shop', 'build', "''"));
    const long = load(text('[shop]', '[build]', "['']"));
    expect(small.problems).to.deep.equal([]);
    expect(long.problems).to.deep.equal([]);
    expect(JSON.stringify(small.plan)).to.equal(JSON.stringify(long.plan));
  });

  it('has its mistakes at the word', () => {
    const text = 'sources:\n  shop:\n    events: { namespaces: Shop }\nfilters: []\n';
    const [problem] = load(text).problems;
    expect(problem).to.include({
      code: 'wrong-value',
      path: '/sources/shop/events/namespaces',
      line: 3,
      column: 27,
    });
    expect(problem?.hint).to.match(/lower-case letters, digits and -/);
  });
});
