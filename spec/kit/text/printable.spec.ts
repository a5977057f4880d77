// Promises of lib/kit/text/printable.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { printable, quoted } from '../../../lib/kit/text/printable.ts';

const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));

describe('printable', () => {
  const cases = [
    ['plain, ünïcode, 日本, 😀', 'plain, ünïcode, 日本, 😀'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['\u0000\u007f\u0085\u009b', '\\u0000\\u007f\\u0085\\u009b'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u202e\u2066\u200b\ufeff', '\\u202e\\u2066\\u200b\\ufeff'],
    ['a\ud83db', 'a\\ud83db'],
    ['\udc00', '\\udc00'],
    ['\u{e0041}', '\\u{e0041}'],
  ] as const;
  for (const [text, shown] of cases) {
    it(`shows ${JSON.stringify(text)} as ${shown}`, () => expect(printable(text)).to.equal(shown));
  }

  const cuts = [
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['abc\n\n', 6, 'abc\\n…'],
    ['abcd\n', 6, 'abcd\\n'],
    ['abcd\nx', 6, 'abcd…'],
    ['😀😀😀', 4, '😀…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ] as const;
  for (const [text, max, shown] of cuts) {
    it(`cuts ${JSON.stringify(text)} to ${max} as ${shown}`, () => {
      expect(printable(text, max)).to.equal(shown);
    });
  }

  it('lets no control character through and keeps to its bound', () => {
    fc.assert(
      fc.property(anyUnits, fc.nat({ max: 80 }), (text, max) => {
        const shown = printable(text, max);
        expect(shown).to.not.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(shown.length).to.be.at.most(max);
      }),
      { numRuns: 1000 },
    );
  });

  it('changes nothing in a text that is printable', () => {
    const plain = fc.string({ unit: 'grapheme-ascii' });
    fc.assert(fc.property(plain, (text) => printable(text) === text));
  });
});

describe('quoted', () => {
  const cases = [
    ['', '""'],
    ['say "x"', '"say \\"x\\""'],
    ['a\\nb', '"a\\\\nb"'],
    ['a\nb', '"a\\nb"'],
    ['a\\"', '"a\\\\\\""'],
  ] as const;
  for (const [text, shown] of cases) {
    it(`shows ${JSON.stringify(text)} as ${shown}`, () => expect(quoted(text)).to.equal(shown));
  }

  const cuts = [
    ['abc"', 5, '"abc\\""'],
    ['abcd"', 5, '"abcd…"'],
    ['abcd\\', 5, '"abcd…"'],
    ['abc\\\\', 6, '"abc\\\\…"'],
  ] as const;
  for (const [text, max, shown] of cuts) {
    it(`cuts ${JSON.stringify(text)} to ${max} as ${shown}`, () => {
      expect(quoted(text, max)).to.equal(shown);
    });
  }

  it('can be read back, so that different texts look different', () => {
    const units = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(...['\\', '"', 'n', 'u', '{', '\n'].map((one) => one.charCodeAt(0))),
    );
    fc.assert(
      fc.property(fc.array(units, { maxLength: 40 }), (codes) => {
        const text = String.fromCharCode(...codes);
        expect(readBack(quoted(text))).to.equal(text);
      }),
      { numRuns: 2000 },
    );
  });
});

/** The text whose quoted form this is. */
function readBack(shown: string): string {
  expect(shown).to.match(/^"(?:[^"\\]|\\.)*"$/u);
  const short: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return shown.slice(1, -1).replace(/\\(?:u\{[0-9a-f]+\}|u[0-9a-f]{4}|.)/gu, (escape) => {
    const hexadecimal = /^\\u\{?([0-9a-f]+)\}?$/.exec(escape)?.[1];
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return short[escape.slice(1)] ?? escape.slice(1);
  });
}
