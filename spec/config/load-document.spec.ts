// Values and places from YAML and JSON, what is refused, and that nothing makes it throw.

import { expect } from 'chai';
import fc from 'fast-check';
import { loadDocument, MAX_CONFIG_BYTES } from '../../lib/config/load-document.ts';
import type { LoadedDocument } from '../../lib/config/source-map.ts';
import type { Json } from '../../lib/core/json-object.ts';
import type { Problem } from '../../lib/core/problem.ts';
import { anyText } from '../support/any-text.ts';

function loaded(text: string): LoadedDocument {
  const document = loadDocument(text);
  if (!document.ok) throw new Error(`not loaded: ${JSON.stringify(document.problems)}`);
  return document;
}

function refusal(text: string): Problem | undefined {
  const document = loadDocument(text);
  return document.ok ? undefined : document.problems[0];
}

describe('loadDocument', () => {
  const values: readonly (readonly [what: string, text: string, value: Json])[] = [
    [
      'YAML 1.2 words',
      'a: yes\nb: no\nc: off\nd: ~\ne: true',
      { a: 'yes', b: 'no', c: 'off', d: null, e: true },
    ],
    ['numbers', 'a: 010\nb: 0x1f\nc: 1.5\nd: 60/h', { a: 10, b: 31, c: 1.5, d: '60/h' }],
    [
      'dates as text',
      'a: 2026-01-31\nb: 2026-01-31T23:59:59Z',
      { a: '2026-01-31', b: '2026-01-31T23:59:59Z' },
    ],
    ['numbers as keys', '1: a\n2: b', { '1': 'a', '2': 'b' }],
    ['aliases as copies', 'a: &x [1]\nb: *x', { a: [1], b: [1] }],
    [
      'merge keys, own keys first',
      'a: &x { k: 1, l: 2 }\nb: { <<: *x, k: 3 }',
      { a: { k: 1, l: 2 }, b: { k: 3, l: 2 } },
    ],
    ['JSON indented with tabs', '{\n\t"a": [\n\t\t1\n\t]\n}', { a: [1] }],
    [
      'JSON with tabs between tokens',
      '\uFEFF{"a":\t[\t1\t,\t{"b":\tnull}]}',
      { a: [1, { b: null }] },
    ],
    ['JSON escapes', '{"a":"\\ud83d\\ude00\\/\\n"}', { a: '😀/\n' }],
    [
      'blocks of text',
      'a: |\n  one\n  two\nb: >-\n  one\n  two',
      { a: 'one\ntwo\n', b: 'one two' },
    ],
  ];
  for (const [what, text, value] of values) {
    it(`reads ${what}`, () => {
      expect(loaded(text).value).to.deep.equal(value);
    });
  }

  const places: readonly (readonly [
    what: string,
    text: string,
    ...(readonly [pointer: string, key: string, value: string][]),
  ])[] = [
    [
      'block style',
      'a:\n  b:\n    - c: 1\n',
      ['/a/b/0/c', '3:7', '3:10'],
      ['/a', '1:1', '2:3'],
      ['/a/b/0', '3:7', '3:7'],
    ],
    ['flow style', '{a: {b: [1, "x"]}}', ['/a/b/1', '1:13', '1:13'], ['/a/b', '1:6', '1:9']],
    ['CR LF', 'a: 1\r\nb:\r\n  c: 2\r\n', ['/b/c', '3:3', '3:6']],
    ['CR alone', 'a: 1\rb: 2', ['/b', '2:1', '2:4']],
    ['a byte order mark', '\uFEFFa: 1\nb: 2', ['/a', '1:1', '1:4'], ['/b', '2:1', '2:4']],
    [
      'comments and empty lines',
      '# one\n\na: # two\n  # three\n  b: 1 # four',
      ['/a/b', '5:3', '5:6'],
    ],
    [
      'texts of several lines',
      'a: |\n  one\n  two\nb: "one\n  two"\nc: 1',
      ['/a', '1:1', '2:3'],
      ['/b', '4:1', '4:4'],
      ['/c', '6:1', '6:4'],
    ],
    ['tabs between tokens', 'a:\t1\nb: {c: 2\t}', ['/a', '1:1', '1:4'], ['/b/c', '2:5', '2:8']],
    ['JSON', '{\n  "a": {\n    "b": "c"\n  }\n}', ['/a/b', '3:5', '3:10']],
    [
      'quoted keys and steps that need escapes',
      '"a/b": 1\n"c~d": {e: 2}',
      ['/a~1b', '1:1', '1:8'],
      ['/c~0d/e', '2:9', '2:12'],
    ],
    ['a value that is not there', 'a:\nb: 1', ['/a', '1:1', '1:1']],
    ['an alias', 'a: &x {k: 1}\nb: *x', ['/b', '2:1', '2:4'], ['/b/k', '1:8', '1:11']],
    [
      'merged keys',
      'a: &x {k: 1}\nb: {<<: [*x], l: 2}',
      ['/b/k', '1:8', '1:11'],
      ['/b/l', '2:15', '2:18'],
    ],
    ['what is not in the document', 'a:\n  b: 1', ['/a/c/d', '1:1', '1:1']],
  ];
  for (const [what, text, ...expected] of places) {
    it(`knows the places of keys and values with ${what}`, () => {
      const document = loaded(text);
      const show = (pointer: string, of: 'key' | 'value'): string => {
        const { line, column } = document.locate(pointer, of);
        return `${line}:${column}`;
      };
      for (const [pointer, key, value] of expected) {
        expect([pointer, show(pointer, 'key'), show(pointer, 'value')]).to.deep.equal([
          pointer,
          key,
          value,
        ]);
      }
    });
  }

  const refused: readonly (readonly [
    what: string,
    text: string,
    code: string,
    line: number,
    column: number,
    hint: RegExp,
  ])[] = [
    ['a comparison without quotes', 'a: 1\ncount: >= 3\n', 'not-yaml', 2, 9, /in quotes: ">= 3"/],
    ['a key indented too deep', 'a: 1\n b: 2', 'not-yaml', 2, 3, /neighbours/],
    ['a tab as indentation', 'a:\n\tb: 1', 'not-yaml', 2, 1, /spaces/],
    ['a glob without quotes', 'a: *-system', 'not-yaml', 1, 5, /quotes/],
    ['an at sign without quotes', 'a: 1\nb: @x', 'not-yaml', 2, 4, /quotes/],
    ['a colon in a text', 'message: /a: b/', 'not-yaml', 1, 12, /quotes/],
    [
      'an expression cut by a comment',
      '{a: [/x #y/],\nb: 1',
      'not-yaml',
      2,
      1,
      /# begins a comment/,
    ],
    ['an open quote', 'a: "b', 'not-yaml', 1, 6, /quotes/],
    ['an unknown tag', 'a: !!python/object x', 'not-yaml', 1, 4, /remove the tag/],
    ['a list as a key', '? [a]\n: b', 'not-yaml', 1, 1, /check/],
    ['more levels than anybody writes', '['.repeat(200), 'not-yaml', 1, 100, /check/],
    [
      'an alias inside of what it names',
      'a: &x [1, *x]',
      'too-many-aliases',
      1,
      11,
      /write the value out/,
    ],
    ['two documents', 'a: 1\n---\nb: 2', 'several-documents', 2, 1, /one document/],
    [
      'too many aliases',
      `a: &x 1\nb: [${'*x, '.repeat(501)}]`,
      'too-many-aliases',
      1,
      1,
      /at most 500/,
    ],
    [
      'a file of more than 1 MiB',
      `a: ${'x'.repeat(MAX_CONFIG_BYTES)}`,
      'too-large',
      0,
      0,
      /right file/,
    ],
  ];
  for (const [what, text, code, line, column, hint] of refused) {
    it(`refuses ${what}`, () => {
      const problem = refusal(text);
      expect(problem).to.include({ severity: 'error', code, line, column });
      expect(problem?.hint).to.match(hint);
    });
  }

  it('refuses a few aliases that expand to a huge value at once', () => {
    const levels = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      levels.push(`${to ?? ''}: &${to ?? ''} [${`*${from ?? ''},`.repeat(10)}]`);
    }
    expect(refusal(levels.join('\n'))).to.include({ code: 'too-many-aliases' });
  });

  it('reports every repeated key and reads the rest', () => {
    const document = loaded('a: 1\nb: { c: 1, c: 2 }\na: 3\nd: .nan');
    expect(document.problems.map(({ code, path, line }) => [code, path, line])).to.deep.equal([
      ['duplicate-key', '/b/c', 2],
      ['duplicate-key', '/a', 3],
      ['wrong-value', '/d', 4],
    ]);
    expect(document.value).to.deep.equal({ a: 3, b: { c: 2 }, d: null });
  });

  it('reads keys of the object prototype as keys like any other', () => {
    const { value } = loaded('__proto__: { polluted: true }\nconstructor: 1');
    expect(Object.keys(value ?? {})).to.deep.equal(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
    expect('polluted' in {}).to.equal(false);
  });

  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t', ' \t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const expected: unknown = JSON.parse(text);
        expect(loaded(text).value).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever the text or the bytes', () => {
    const pieces = fc.constantFrom(
      'a: ',
      '- ',
      '\n',
      '  ',
      '\t',
      '&x ',
      '*x',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '<<: ',
      '---\n',
      '...',
      '!!int ',
      '? ',
      ': ',
      '#',
      '%YAML 1.2\n',
      '\uFEFF',
      '\u2028',
      '\ud800',
      '\0',
      '0x',
      '.nan',
      '__proto__: ',
    );
    const texts = fc.oneof(
      anyText({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const document = loadDocument(text);
        for (const { line, column } of document.problems) {
          expect(line).to.be.at.least(0);
          expect(column).to.be.at.least(0);
        }
        if (document.ok)
          expect(JSON.parse(JSON.stringify(document.value))).to.deep.equal(document.value);
        else expect(document.problems).to.have.lengthOf(1);
      }),
      { numRuns: 800 },
    );
  });
});
