// Consecutive JSON values in a text, with any separators and pieces, and the line of the first
// invalid one.

import { expect } from 'chai';
import fc from 'fast-check';
import { type JsonBounds, type JsonValue, JsonValues } from '../../../lib/kit/data/json-values.ts';

const BOUNDS = { characters: 1000, depth: 4 };

function valuesOf(text: string, bounds: JsonBounds): readonly JsonValue[] {
  const reader = new JsonValues(bounds);
  return [...reader.write(text), ...reader.end()];
}

const values = (text: string): readonly JsonValue[] => valuesOf(text, BOUNDS);

describe('JSON values of a text', () => {
  const read: readonly (readonly [
    what: string,
    text: string,
    found: readonly [unknown, number][],
  ])[] = [
    ['nothing', ' \r\n\t', []],
    ['one value', '{"a":1}', [[{ a: 1 }, 1]]],
    [
      'lines',
      '{"a":1}\n\n[2]\n',
      [
        [{ a: 1 }, 1],
        [[2], 3],
      ],
    ],
    [
      'pretty-printed values',
      '{\n  "a": 1\n}\n{\n  "b": 2\n}\n',
      [
        [{ a: 1 }, 1],
        [{ b: 2 }, 4],
      ],
    ],
    [
      'values without anything between',
      '{}[]{}',
      [
        [{}, 1],
        [[], 1],
        [{}, 1],
      ],
    ],
    [
      'CR LF',
      '{"a":1}\r\n{"b":2}\r\n',
      [
        [{ a: 1 }, 1],
        [{ b: 2 }, 2],
      ],
    ],
    ['a byte order mark', '\ufeff{"a":1}', [[{ a: 1 }, 1]]],
    [
      'record separators',
      '\u001e{"a":1}\n\u001e{"b":2}\n',
      [
        [{ a: 1 }, 1],
        [{ b: 2 }, 2],
      ],
    ],
    [
      'brackets and quotes in texts',
      '{"a":"}\\"]{"}[1]',
      [
        [{ a: '}"]{' }, 1],
        [[1], 1],
      ],
    ],
    [
      'a backslash before the end of a text',
      '{"a":"\\\\"}{"b":1}',
      [
        [{ a: '\\' }, 1],
        [{ b: 1 }, 1],
      ],
    ],
    [
      'words',
      '7 null\n"a b" true',
      [
        [7, 1],
        [null, 1],
        ['a b', 2],
        [true, 2],
      ],
    ],
  ];
  for (const [what, text, found] of read) {
    it(`are read from ${what}`, () => {
      expect(values(text)).to.deep.equal(found.map(([value, line]) => ({ ok: true, value, line })));
    });
  }

  const refused: readonly (readonly [what: string, text: string, line: number, why: RegExp])[] = [
    ['a line that was cut short', '{"a":1}\n{"kind":\n', 2, /does not end$/],
    ['a line cut short in a text', '{"a":"b\n{"c":1}\n', 1, /control character/i],
    ['a fault within a pretty-printed value', '[]\n{\n  "a": 1,\n}', 4, /at column 1$/],
    ['words that are none', '{}\nnot JSON', 2, /not valid JSON/],
    ['a comma between values', '{},{}', 1, /not valid JSON|Unexpected/],
    ['what closes nothing', '}', 1, /Unexpected/],
    ['brackets that do not match', '{"a":[}]', 1, /Unexpected/],
    ['too deep a value', '\n[[[[[1]]]]]', 2, /^it is nested deeper than 4 levels$/],
    ['too large a value', `{"a":"${'x'.repeat(1000)}"}`, 1, /^it has more than 1000 characters$/],
    ['too large a value without an end', `[${'1,'.repeat(600)}`, 1, /^it has more than 1000/],
  ];
  for (const [what, text, line, why] of refused) {
    it(`end at ${what}, with its line`, () => {
      const last = values(`${text}\n{"never":"read"}`).at(-1);
      expect(last).to.include({ ok: false, line });
      expect(last).to.have.property('why').that.matches(why);
    });
  }

  it('uses no memory for depth, unlike JSON.parse', () => {
    const [value] = valuesOf('['.repeat(1_000_000), { characters: 10_000_000, depth: 100 });
    expect(value).to.include({ ok: false, why: 'it is nested deeper than 100 levels' });
  });

  it('are the same however the text is cut', () => {
    const separator = fc.constantFrom('', '\n', ' \n\n', '\r\n');
    const part = fc.tuple(
      fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 })), fc.dictionary(fc.string(), fc.string())),
      separator,
      fc.constantFrom(undefined, 2),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, size) => {
          const text = parts
            .map(([value, between, indent]) => `${JSON.stringify(value, null, indent)}${between}`)
            .join('');
          const reader = new JsonValues({ characters: 1_000_000, depth: 50 });
          const found: JsonValue[] = [];
          for (let at = 0; at < text.length; at += size) {
            found.push(...reader.write(text.slice(at, at + size)));
          }
          found.push(...reader.end());
          const expected = parts.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown);
          expect(found.map((one) => (one.ok ? one.value : one.why))).to.deep.equal(expected);
        },
      ),
      { numRuns: 100 },
    );
  });
});
