// The canonical form: one word for a list, misspelled keys, and the way back to what is written.

import { expect } from 'chai';
import { toCanonical, withSmallForms } from '../../lib/config/canonical.ts';
import { createValidator } from '../../lib/config/validate.ts';
import type { Json } from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';

const WORDS: JsonSchema = { type: 'array', items: { type: 'string', minLength: 1 } };
const NUMBERS: JsonSchema = { type: 'array', items: { type: 'integer' }, default: [75] };
const BLOCKS: JsonSchema = {
  type: 'array',
  items: { type: 'object', additionalProperties: false, properties: { words: WORDS } },
};
const SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    words: WORDS,
    numbers: NUMBERS,
    blocks: BLOCKS,
    either: { type: ['string', 'array'], items: { type: 'string' } },
    free: { type: 'object', additionalProperties: true },
    named: { type: 'object', additionalProperties: BLOCKS['items'] ?? {} },
  },
};

describe('toCanonical', () => {
  const rows: readonly (readonly [what: string, written: Json, canonical: Json])[] = [
    ['one word', { words: 'shop' }, { words: ['shop'] }],
    ['an empty word', { words: '' }, { words: [''] }],
    ['one number', { numbers: 75 }, { numbers: [75] }],
    ['a number for a text, which the schema then refuses', { words: 5 }, { words: [5] }],
    ['a list', { words: ['a', 'b'] }, { words: ['a', 'b'] }],
    ['several words, which may be several entries', { words: 'a b' }, { words: 'a b' }],
    ['words with a comma', { words: 'a,b' }, { words: 'a,b' }],
    ['what may be either', { either: 'a' }, { either: 'a' }],
    ['a word where blocks belong', { blocks: 'a' }, { blocks: 'a' }],
    ['a word in a list of blocks', { blocks: [{ words: 'a' }] }, { blocks: [{ words: ['a'] }] }],
    ['a word below a name', { named: { x: { words: 'a' } } }, { named: { x: { words: ['a'] } } }],
    [
      'what no schema describes',
      { free: { words: 'a', wrods: 1 } },
      { free: { words: 'a', wrods: 1 } },
    ],
    ['nothing', null, null],
    ['a text', 'words', 'words'],
  ];
  for (const [what, written, canonical] of rows) {
    it(`takes ${what}`, () => {
      const found = toCanonical(written, SCHEMA);
      expect(found.value).to.deep.equal(canonical);
      expect(found.findings).to.deep.equal([]);
    });
  }

  it('reads a misspelled key as the one that was meant, at any depth, and reports it', () => {
    const { value, findings } = toCanonical({ blcoks: [{ wrods: 'a' }], named: {} }, SCHEMA);
    expect(value).to.deep.equal({ blocks: [{ words: ['a'] }], named: {} });
    expect(findings.map(({ code, path, hint }) => [code, path, hint])).to.deep.equal([
      ['unknown-key', '/blcoks', 'did you mean blocks?'],
      ['unknown-key', '/blcoks/0/wrods', 'did you mean words?'],
    ]);
  });

  it('leaves a misspelled key alone if the meant one is there, or was meant before', () => {
    expect(toCanonical({ words: ['a'], word: 'b' }, SCHEMA).value).to.have.all.keys(
      'words',
      'word',
    );
    const twice = toCanonical({ wrods: 'a', word: 'b' }, SCHEMA);
    expect(twice.value).to.deep.equal({ words: ['a'], word: 'b' });
    expect(twice.findings.map(({ path }) => path)).to.deep.equal(['/wrods']);
  });

  it('leaves keys of the object prototype and far ones alone', () => {
    const written = JSON.parse('{"__proto__":1,"toString":2,"severity":3}') as Json;
    const { value, findings } = toCanonical(written, SCHEMA);
    expect(Object.keys(value ?? {})).to.deep.equal(['__proto__', 'toString', 'severity']);
    expect(findings).to.deep.equal([]);
  });

  it('maps pointers of the canonical form to the written document', () => {
    const written = { 'blo/cks': [{ words: 'a' }], wrods: 'b' };
    const found = toCanonical(written, {
      ...SCHEMA,
      properties: { 'blo/cks': BLOCKS, words: WORDS },
    });
    const ways = [
      ['', ''],
      ['/words/0', '/wrods'],
      ['/words', '/wrods'],
      ['/blo~1cks/0/words/0', '/blo~1cks/0/words'],
      ['/blo~1cks/0', '/blo~1cks/0'],
      ['/elsewhere/0', '/elsewhere/0'],
    ];
    for (const [canonical = '', place] of ways) expect(found.toWritten(canonical)).to.equal(place);
  });
});

describe('withSmallForms', () => {
  const canonical = createValidator(SCHEMA);
  const small = createValidator(withSmallForms(SCHEMA));
  const values: readonly Json[] = [
    ...[{ words: 'a' }, { words: '' }, { words: 'a b' }, { words: 5 }, { words: ['a', 'b'] }],
    ...[{ numbers: 75 }, { numbers: 'x' }, { numbers: [1, 2] }, { blocks: 'a' }],
    ...[{ blocks: [{ words: 'a' }] }, { named: { x: { words: 'a' } } }, { either: 'a b' }, {}],
  ];
  for (const value of values) {
    it(`accepts ${JSON.stringify(value)} exactly if its canonical form is accepted`, () => {
      const isRight = canonical(toCanonical(value, SCHEMA).value).length === 0;
      expect(small(value).length === 0).to.equal(isRight);
    });
  }

  it('keeps what editors show outside of the choice', () => {
    const numbers = withSmallForms({ ...NUMBERS, description: 'Some.' });
    expect(numbers).to.have.all.keys('description', 'default', 'anyOf');
  });
});
