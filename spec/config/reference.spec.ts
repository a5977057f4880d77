// A schema as Markdown, by the lines that readers look for.

import { expect } from 'chai';
import { renderReference } from '../../tools/configuration-reference.ts';

const ENDING =
  'One pattern or a list of which one must match; a pattern is compared whole, and letter case counts.';

describe('renderReference', () => {
  const rendered = renderReference({
    type: 'object',
    description: 'All of it.',
    properties: {
      name: { type: 'string', description: 'A name | with a bar.', examples: ['a', 'b'] },
      kind: { type: ['string', 'array'], description: `The kind. ${ENDING}` },
      type: { type: ['string', 'array'], description: `The type. ${ENDING}` },
      host: { type: ['string', 'array'], description: `The host. ${ENDING}`, examples: ['n-*'] },
      many: {
        type: 'array',
        items: {
          type: 'object',
          required: ['a'],
          properties: { a: { enum: ['x', 'y'], description: 'One of two.' } },
        },
      },
      named: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          description: 'One.',
          properties: { p: { type: 'object', properties: {} }, q: { type: 'integer', default: 3 } },
          oneOf: [{ required: ['p'] }],
        },
      },
      wait: { type: 'string', format: 'duration', default: '1s' },
      codes: { type: 'array', items: { type: 'integer' } },
      either: {
        type: ['string', 'object'],
        description: 'A text or more.',
        properties: { more: { type: 'boolean', description: 'More.' } },
      },
    },
  });

  const lines: readonly (readonly [what: string, line: string])[] = [
    ['key, type, default and meaning', '| `wait` | duration | `1s` |  |'],
    [
      'examples, with bars escaped',
      '| `name` | text |  | A name \\| with a bar. For instance `a`, `b`. |',
    ],
    ['what several keys share only once, below', `¹ ${ENDING}`],
    [
      'keys that share it with a mark',
      '| `host` ¹ | text, or a list |  | The host. For instance `n-*`. |',
    ],
    ['lists of blocks with a link', '| `many` | list of [blocks](#many) |  |  |'],
    ['blocks by name with a link', '| `named` | [blocks](#namedname) by name |  |  |'],
    ['required keys and choices', '| `a` | `x`, `y` | required | One of two. |'],
    ['the kinds of an entry', 'One. Kinds: `p`.'],
    ['lists of numbers', '| `codes` | list of whole numbers |  |  |'],
    ['a heading for each block', '### `named.<name>`'],
    [
      'what is a text or a block',
      '| `either` | text, or a [block](#either) |  | A text or more. |',
    ],
    ['the block of that', '| `more` | `true` or `false` |  | More. |'],
  ];
  for (const [what, line] of lines) {
    it(`shows ${what}`, () => {
      expect(rendered.split('\n')).to.include(line);
    });
  }

  it('prints a shared sentence once', () => {
    expect(rendered.split(ENDING)).to.have.lengthOf(2);
  });
});
