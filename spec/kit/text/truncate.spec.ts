// Truncated texts: within their bound, with a mark for the missing part.

import { expect } from 'chai';
import fc from 'fast-check';
import { truncate } from '../../../lib/kit/text/printable.ts';
import { anyText } from '../../support/any-text.ts';

describe('truncate', () => {
  const cases = [
    { what: 'a text that fits', text: 'abc', max: 3, wanted: 'abc' },
    {
      what: 'a text that begins with a byte order mark',
      text: `\uFEFF${'x'.repeat(1_000)}`,
      max: 50,
      wanted: '\uFEFFxxxxxx [truncated: 994 of 1003 bytes left out]',
    },
    { what: 'a text of characters with several bytes that fits', text: 'é', max: 2, wanted: 'é' },
    {
      what: 'a text that does not fit',
      text: 'x'.repeat(1_000),
      max: 50,
      wanted: `${'x'.repeat(9)} [truncated: 991 of 1000 bytes left out]`,
    },
    {
      what: 'a character that the bound would cut in two',
      text: 'é'.repeat(500),
      max: 50,
      wanted: 'éééé [truncated: 992 of 1000 bytes left out]',
    },
    {
      what: 'a bound without room for anything',
      text: 'x'.repeat(1_000),
      max: 0,
      wanted: ' [truncated: 1000 of 1000 bytes left out]',
    },
  ];
  for (const { what, text, max, wanted } of cases) {
    it(`gives ${JSON.stringify(wanted.slice(0, 50))} for ${what}`, () => {
      expect(truncate(text, max)).to.equal(wanted);
    });
  }

  it('stays within its bound and names the missing bytes for any text', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 400 }), fc.nat({ max: 600 }), (any, bound) => {
        const text = any.toWellFormed();
        const cut = truncate(text, bound);
        if (Buffer.byteLength(text) <= bound) {
          expect(cut).to.equal(text);
          return;
        }
        expect(Buffer.byteLength(cut)).to.be.at.most(Math.max(bound, 50));
        expect(cut.isWellFormed()).to.equal(true);
        const [mark = '', left] = / \[truncated: (\d+) of \d+ bytes left out\]$/.exec(cut) ?? [];
        const kept = cut.slice(0, cut.length - mark.length);
        expect(text.startsWith(kept)).to.equal(true);
        expect(Number(left)).to.equal(Buffer.byteLength(text) - Buffer.byteLength(kept));
      }),
    );
  });

  it('has a mark that is data to shells, kubelet and pipelines', () => {
    expect(truncate('x'.repeat(1_000), 0)).to.match(/^[^$`"'\\{}()<>|&;-]+$/);
  });
});
