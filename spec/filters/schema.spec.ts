// The schema of a rule: that it knows exactly the keys of the types, describes each, and takes and
// refuses by one error in one place. Patterns and names are compile.spec.ts's.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { isJsonObject, jsonAt } from '../../lib/core/json-object.ts';
import { ruleKeys } from '../../lib/filters/rule.ts';
import { ruleSchemaOf } from '../../lib/filters/schema.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';

const ruleSchema = ruleSchemaOf(EVENT_FIELDS);

const FIELD_NAMES = EVENT_FIELDS.map(({ name }) => name);

function keysAt(...path: readonly string[]): readonly string[] {
  const found = jsonAt(ruleSchema, ...path);
  return isJsonObject(found) ? Object.keys(found) : [];
}

describe('the schema of a rule', () => {
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(ruleSchema);

  it('knows the keys that a rule has, in their order', () => {
    expect(keysAt('properties')).to.deep.equal([...ruleKeys(EVENT_FIELDS)]);
    expect(keysAt('properties', 'not', 'properties')).to.deep.equal([...FIELD_NAMES]);
    expect(keysAt('properties', 'not', 'items', 'properties')).to.deep.equal([...FIELD_NAMES]);
  });

  it('describes every key in whole sentences', () => {
    for (const key of ruleKeys(EVENT_FIELDS)) {
      const description = jsonAt(ruleSchema, 'properties', key, 'description');
      expect(description, key)
        .to.be.a('string')
        .that.matches(/^[`A-Z].*\.$/s);
    }
  });

  const good: readonly object[] = [
    { action: 'reject' },
    { kind: '', reasons: [], not: [], action: 'accept' },
    { count: 3, action: 'accept' },
    { count: ['>= 3', 1], action: 'accept' },
    { not: { kind: 'Pod', count: '< 2' }, action: 'accept' },
    { not: [{ kind: 'Pod' }, { host: ['a', ''] }], action: 'accept' },
    { eventLabels: { team: 'a', 'x/y': ['b', ''] }, related: { kind: 'Pod' }, action: 'accept' },
    { name: 'a', formerly: ['', 'b'], action: 'accept', triggers: ['x'], again: { quiet: '1h' } },
  ];
  for (const rule of good) {
    it(`takes ${JSON.stringify(rule)}`, () => {
      expect(validate(rule), JSON.stringify(validate.errors)).to.equal(true);
    });
  }

  const bad: readonly (readonly [unknown, string])[] = [
    [{}, ''],
    [{ action: 'maybe' }, '/action'],
    [{ action: 'reject', reason: 'x' }, ''],
    [{ action: 'reject', kind: null }, '/kind'],
    [{ action: 'reject', kind: ['Pod', 3] }, '/kind/1'],
    [{ action: 'reject', count: 1.5 }, '/count'],
    [{ action: 'reject', count: -1 }, '/count'],
    [{ action: 'reject', eventLabels: 'team' }, '/eventLabels'],
    [{ action: 'reject', eventLabels: { team: 3 } }, '/eventLabels/team'],
    [{ action: 'reject', related: { labels: 'x' } }, '/related'],
    [{ action: 'reject', not: {} }, '/not'],
    [{ action: 'reject', not: { name: 'x' } }, '/not'],
    [{ action: 'reject', not: [{ kind: 'x' }, { action: 'x' }] }, '/not/1'],
    [{ action: 'reject', not: 'Pod' }, '/not'],
    [{ action: 'accept', triggers: 'x' }, '/triggers'],
    [{ action: 'accept', triggers: [] }, '/triggers'],
    [{ action: 'accept', name: '' }, '/name'],
    [{ action: 'accept', formerly: 'x' }, '/formerly'],
    [{ action: 'accept', again: { every: '1h' } }, '/again'],
    [{ action: 'accept', again: { per: 'object' } }, '/again/per'],
    ['accept', ''],
  ];
  for (const [rule, path] of bad) {
    it(`refuses ${JSON.stringify(rule)} with one error at '${path}'`, () => {
      expect(validate(rule)).to.equal(false);
      expect(validate.errors?.map(({ instancePath }) => instancePath)).to.deep.equal([path]);
    });
  }
});
