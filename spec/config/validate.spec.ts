// Every keyword's mistake in words, one row each.

import { expect } from 'chai';
import { createValidator } from '../../lib/config/validate.ts';
import type { Json } from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';

type Row = readonly [
  what: string,
  schema: JsonSchema,
  value: Json,
  ...findings: readonly (readonly [code: string, path: string, message: RegExp, hint: RegExp])[],
];

const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const text: JsonSchema = { type: 'string' };
const kinds = object(
  { brigade: object({}), exec: object({}), prefix: text },
  { oneOf: [{ required: ['brigade'] }, { required: ['exec'] }] },
);

const CHOICES: readonly JsonSchema[] = [{ required: ['a'] }, { required: ['b'] }];
const AT_MOST_ONE: JsonSchema = { oneOf: [...CHOICES, { not: { anyOf: CHOICES } }] };

const ROWS: readonly Row[] = [
  ['a value that fits', object({ a: text }), { a: 'x' }],
  [
    'an unknown key with its nearest',
    object({ namespace: text }),
    { nmaespace: 'x' },
    ['unknown-key', '/nmaespace', /nmaespace/, /did you mean namespace/],
  ],
  [
    'an unknown key with what is known',
    object({ b: text, a: text }),
    { url: 'x' },
    ['unknown-key', '/url', /url/, /known keys here: a and b/],
  ],
  [
    'every unknown key',
    object({ a: text }),
    { x: 1, y: 2 },
    ['unknown-key', '/x', /x/, /a/],
    ['unknown-key', '/y', /y/, /a/],
  ],
  [
    'a missing key',
    object({ a: { ...text, description: 'What it is. More.' } }, { required: ['a'] }),
    {},
    ['missing-key', '', /a is missing/, /^add a: What it is$/],
  ],
  [
    'a missing key of an entry',
    { type: 'array', items: object({ a: { enum: ['x', 'y'] } }, { required: ['a'] }) },
    [{ a: 'x' }, {}],
    ['missing-key', '/1', /a is missing/, /x or y/],
  ],
  [
    'one mistake once: a key that is misspelt and so missing',
    object({ action: text }, { required: ['action'] }),
    { acton: 'x' },
    ['unknown-key', '/acton', /acton/, /did you mean action/],
  ],
  [
    'text that is a number',
    object({ a: text }),
    { a: 5 },
    ['wrong-type', '/a', /found 5, expected text/, /quotes: "5"/],
  ],
  [
    'text that is true',
    object({ a: text }),
    { a: true },
    ['wrong-type', '/a', /found true, expected text/, /quotes/],
  ],
  [
    'a key without a value',
    object({ a: text }),
    { a: null },
    ['wrong-type', '/a', /found nothing/, /remove the key/],
  ],
  [
    'a number in quotes',
    object({ a: { type: 'integer' } }),
    { a: '5' },
    ['wrong-type', '/a', /"5", expected a whole number/, /remove the quotes/],
  ],
  [
    'text where a list belongs',
    object({ a: { type: 'array' } }),
    { a: 'x' },
    ['wrong-type', '/a', /expected a list/, /\[x\]/],
  ],
  [
    'text where a block belongs',
    object({ a: { type: 'object' } }),
    { a: 'x' },
    ['wrong-type', '/a', /expected a block/, /key: value/],
  ],
  [
    'text where true or false belongs',
    object({ a: { type: 'boolean' } }),
    { a: 'yes' },
    ['wrong-type', '/a', /expected true or false/, /without quotes/],
  ],
  [
    'a value of two types',
    object({ a: { type: ['string', 'array'] } }),
    { a: 5 },
    ['wrong-type', '/a', /expected text or a list/, /quotes/],
  ],
  [
    'a word that is not one of these, with its nearest',
    object({ a: { enum: ['accept', 'reject'] } }),
    { a: 'acept' },
    ['wrong-value', '/a', /"acept", expected accept or reject/, /did you mean accept/],
  ],
  [
    'a word that is none of these at all',
    object({ a: { enum: ['accept', 'reject'] } }),
    { a: 'x' },
    ['wrong-value', '/a', /accept or reject/, /write accept or reject/],
  ],
  [
    'a number in quotes where one of a few is expected',
    object({ a: { enum: [1] } }),
    { a: '1' },
    ['wrong-value', '/a', /"1", expected 1/, /remove the quotes/],
  ],
  [
    'a block where a list belongs',
    object({ a: { type: 'array' } }),
    { a: { b: 1 } },
    ['wrong-type', '/a', /a block, expected a list/, /each entry with -/],
  ],
  [
    'a list where a block belongs',
    object({ a: { type: 'object' } }),
    { a: [1] },
    ['wrong-type', '/a', /a list, expected a block/, /instead of each -/],
  ],
  ['a text where a kind belongs, once', kinds, 'brigade', ['wrong-type', '', /"brigade"/, /./]],
  [
    'a duration',
    object({ a: { ...text, format: 'duration' } }),
    { a: '30' },
    ['bad-duration', '/a', /"30", expected a duration/, /30s/],
  ],
  [
    'a duration without a unit, not in quotes',
    object({ a: { ...text, format: 'duration' } }),
    { a: 30 },
    ['wrong-type', '/a', /30/, /unit/],
  ],
  [
    'a size',
    object({ a: { ...text, format: 'size' } }),
    { a: '1 MB' },
    ['bad-size', '/a', /a size/, /1Mi/],
  ],
  [
    'a rate',
    object({ a: { ...text, format: 'rate' } }),
    { a: '60' },
    ['bad-rate', '/a', /a rate/, /60\/h/],
  ],
  [
    'a pattern, with the reason',
    object({ a: { ...text, format: 'pattern' } }),
    { a: '/(/' },
    ['bad-pattern', '/a', /a pattern: .*missing closing/, /RE2/],
  ],
  ['a rate that is off', object({ a: { ...text, format: 'rate' } }), { a: 'off' }],
  [
    'too small a number',
    object({ a: { type: 'integer', minimum: 1 } }),
    { a: 0 },
    ['wrong-value', '/a', /found 0, expected at least 1/, /./],
  ],
  [
    'an empty text',
    object({ a: { ...text, minLength: 1 } }),
    { a: '' },
    ['wrong-value', '/a', /an empty text, expected some text/, /./],
  ],
  [
    'an empty list',
    object({ a: { type: 'array', minItems: 1 } }),
    { a: [] },
    ['wrong-value', '/a', /an empty list, expected at least one entry/, /./],
  ],
  [
    'an empty block',
    object({ a: { type: 'object', minProperties: 1, description: 'Where they come from.' } }),
    { a: {} },
    [
      'wrong-value',
      '/a',
      /an empty block, expected at least one key/,
      /^write one below it, or remove a$/,
    ],
  ],
  [
    'an empty block in a list',
    object({ a: { type: 'array', items: { type: 'object', minProperties: 1 } } }),
    { a: [{}] },
    ['wrong-value', '/a/0', /an empty block/, /^write one below it, or remove the entry$/],
  ],
  [
    'an entry that is there twice',
    object({ a: { type: 'array', uniqueItems: true } }),
    { a: [1, 1] },
    ['wrong-value', '/a', /every entry once/, /./],
  ],
  [
    'text that does not fit, without its expression',
    object({ a: { ...text, pattern: '^[a-z]+$' } }),
    { a: 'X' },
    ['wrong-value', '/a', /^found "X", which is not allowed here$/, /^see docs/],
  ],
  [
    'text that does not fit, by its description',
    object({ a: { ...text, pattern: '^/', description: 'Begins with a slash.' } }),
    { a: 'x' },
    ['wrong-value', '/a', /"x", which is not allowed here/, /Begins with a slash/],
  ],
  [
    'a name that is none',
    { type: 'object', propertyNames: { pattern: '^[a-z]+$', description: 'Small letters.' } },
    { 'a/b': 1 },
    ['bad-name', '/a~1b', /the name "a\/b"/, /Small letters/],
  ],
  [
    'none of the kinds',
    kinds,
    { prefix: 'x' },
    ['missing-key', '', /expected exactly one of brigade or exec/, /add brigade or exec/],
  ],
  [
    'two kinds',
    kinds,
    { brigade: {}, exec: {} },
    ['wrong-value', '', /found brigade and exec, expected exactly one/, /keep one/],
  ],
  [
    'two of which at most one may be there',
    object({ a: text, b: text }, AT_MOST_ONE),
    { a: 'x', b: 'y' },
    ['wrong-value', '', /found a and b, expected at most one of a or b/, /keep one/],
  ],
  ['none of which at most one may be there', object({ a: text, b: text }, AT_MOST_ONE), {}],
  [
    'a kind that is misspelt, once',
    kinds,
    { brigde: {} },
    ['unknown-key', '/brigde', /brigde/, /did you mean brigade/],
  ],
  [
    'a kind that does not exist, once',
    kinds,
    { http: {} },
    ['unknown-key', '/http', /http/, /brigade/],
  ],
  [
    'the only kind there is',
    object({ memory: object({}) }, { oneOf: [{ required: ['memory'] }] }),
    {},
    ['missing-key', '', /expected memory$/, /add memory/],
  ],
  [
    'a choice by the branch that was meant',
    { anyOf: [{ type: 'string' }, object({ a: text })] },
    { b: 1 },
    ['unknown-key', '/b', /b/, /a/],
  ],
  [
    'a choice of which no branch was meant',
    { anyOf: [{ type: 'string' }, { type: 'array' }] },
    5,
    ['wrong-type', '', /text or a list/, /quotes/],
  ],
  [
    'choices inside choices, each entry by itself',
    {
      type: 'array',
      items: {
        anyOf: [
          { type: 'string' },
          { type: 'array', items: { anyOf: [{ type: 'integer' }, { type: 'boolean' }] } },
        ],
      },
    },
    ['x', [1, 'y'], 5],
    ['wrong-type', '/1/1', /"y", expected a whole number or true or false/, /./],
    ['wrong-type', '/2', /found 5, expected text or a list/, /./],
  ],
  [
    'a word or a format',
    object({ a: { ...text, anyOf: [{ enum: ['skip', 'all'] }, { format: 'duration' }] } }),
    { a: 'soon' },
    ['bad-duration', '/a', /"soon", expected skip, all or a duration/, /skip or all, or a number/],
  ],
  [
    'a text in the place of a block that takes secrets, without showing it',
    object({
      p: { type: ['string', 'object'], pattern: '^none$', properties: { tokenFile: text } },
    }),
    { p: 'hunter2' },
    [
      'wrong-value',
      '/p',
      /^(?!.*hunter2)found a text \(not shown, because it may hold a secret\)/,
      /./,
    ],
  ],
  [
    'keys of the object prototype',
    object({ a: text }),
    JSON.parse('{"__proto__":1,"toString":2}'),
    ['unknown-key', '/__proto__', /__proto__/, /a/],
    ['unknown-key', '/toString', /toString/, /a/],
  ],
];

describe('createValidator', () => {
  for (const [what, schema, value, ...expected] of ROWS) {
    it(`${expected.length === 0 ? 'accepts' : 'reports'} ${what}`, () => {
      const findings = createValidator(schema)(value);
      expect(findings.map(({ code, path }) => [code, path])).to.deep.equal(
        expected.map(([code, path]) => [code, path]),
      );
      for (const [index, [, , message, hint]] of expected.entries()) {
        expect(findings[index]?.message).to.match(message);
        expect(findings[index]?.hint).to.match(hint);
        expect(findings[index]?.severity).to.equal('error');
      }
    });
  }
});
