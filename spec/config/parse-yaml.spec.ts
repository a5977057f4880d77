// Streams of YAML documents that are not ours: their values with their lines, and what is refused.

import { expect } from 'chai';
import { parseYamlStream } from '../../lib/config/parse-yaml.ts';

const DEPTH = 10;

describe('a stream of YAML documents', () => {
  const streams: readonly (readonly [
    what: string,
    text: string,
    found: readonly [unknown, number][],
  ])[] = [
    ['nothing', '', []],
    ['a comment', '# nothing\n', []],
    ['one document', 'a: 1\n', [[{ a: 1 }, 1]]],
    [
      'several',
      'a: 1\n---\n# more\nb: "x"\n...\n---\n- c\n',
      [
        [{ a: 1 }, 1],
        [{ b: 'x' }, 4],
        [['c'], 7],
      ],
    ],
    ['empty documents', '---\n---\na: 1\n---\n', [[{ a: 1 }, 3]]],
    ['a text', 'a b c', [['a b c', 1]]],
    ['times as texts', 'at: 2026-05-04T10:00:00Z', [[{ at: '2026-05-04T10:00:00Z' }, 1]]],
    ['a repeated key', 'a: 1\na: 2\n', [[{ a: 2 }, 1]]],
  ];
  for (const [what, text, found] of streams) {
    it(`is read: ${what}`, () => {
      const documents = found.map(([value, line]) => ({ value, line }));
      expect(parseYamlStream(text, DEPTH)).to.deep.equal({ ok: true, documents });
    });
  }

  it('has keys of a prototype as keys', () => {
    const stream = parseYamlStream('__proto__: {polluted: 1}\n', DEPTH);
    const [document] = stream.ok ? stream.documents : [];
    expect(Object.keys(Object(document?.value) as object)).to.deep.equal(['__proto__']);
    expect({}).not.to.have.property('polluted');
  });

  const refused: readonly (readonly [what: string, text: string, line: number, why: RegExp])[] = [
    ['a fault', 'a: 1\nb: [1\n', 3, /./],
    ['an alias', 'a: &a [x]\nb: *a\n', 2, /^found an alias/],
    ['what is too deep', `a: ${'['.repeat(11)}`, 1, /maxDepth/],
    ['a tag', 'a: !!js/function x\n', 1, /./],
  ];
  for (const [what, text, line, why] of refused) {
    it(`is refused with its line: ${what}`, () => {
      const stream = parseYamlStream(text, DEPTH);
      expect(stream).to.include({ ok: false });
      if (stream.ok) return;
      expect(stream.why).to.match(why);
      expect(stream.line).to.be.at.most(line).and.at.least(1);
    });
  }
});
