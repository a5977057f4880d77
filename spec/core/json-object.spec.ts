// Promises of lib/core/json-object.ts: reads from untrusted JSON.

import { expect } from 'chai';
import { isJsonObject, type Json, jsonAt, stringAt } from '../../lib/core/json-object.ts';

const value: Json = { a: { b: 'text', n: 3, z: null }, list: [{ b: 'no' }], s: 'plain' };

describe('jsonAt', () => {
  const cases: readonly (readonly [readonly string[], Json | undefined])[] = [
    [['a', 'b'], 'text'],
    [['a', 'z'], null],
    [[], value],
    [['a', 'x'], undefined],
    [['a', 'b', 'length'], undefined],
    [['list', '0'], undefined],
    [['s', 'length'], undefined],
    [['constructor'], undefined],
    [['__proto__', 'toString'], undefined],
  ];
  for (const [path, found] of cases) {
    it(`finds ${JSON.stringify({ found })} at ${path.join('.') || 'the top'}`, () => {
      expect(jsonAt(value, ...path)).to.deep.equal(found);
    });
  }
});

describe('stringAt', () => {
  it('is the empty string if the value is missing or not a string', () => {
    const found = [stringAt(value, 'a', 'n'), stringAt(value, 'q'), stringAt(undefined, 'a')];
    expect(found).to.deep.equal(['', '', '']);
    expect(stringAt(value, 'a', 'b')).to.equal('text');
  });
});

describe('isJsonObject', () => {
  it('rejects lists and null', () => {
    expect([{}, [], null, 'x', 1].map(isJsonObject)).to.deep.equal([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
