// How a stream of bytes becomes lines of the log: whole, bounded, and with no character torn.

import { expect } from 'chai';
import fc from 'fast-check';
import { OutputLines } from '../../../lib/triggers/command/run-command.ts';

function linesOf(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const lines: string[] = [];
  const output = new OutputLines((line) => lines.push(line));
  for (const chunk of chunks) output.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  output.end();
  return lines;
}

describe('OutputLines', () => {
  const emoji = Buffer.from('a😀b');
  const cases = [
    { what: 'nothing', chunks: [], wanted: [] },
    { what: 'a line without an end', chunks: ['one'], wanted: ['one'] },
    { what: 'lines with ends of both sorts', chunks: ['a\nb\r\n'], wanted: ['a', 'b'] },
    { what: 'empty lines', chunks: ['\n\na'], wanted: ['', '', 'a'] },
    { what: 'a line over several chunks', chunks: ['a', 'b', 'c\nd'], wanted: ['abc', 'd'] },
    {
      what: 'a character over two chunks',
      chunks: [emoji.subarray(0, 3), emoji.subarray(3)],
      wanted: ['a😀b'],
    },
    {
      what: 'a long line, cut',
      chunks: [`${'x'.repeat(9_000)}\nnext`],
      wanted: [`${'x'.repeat(8_192)}…`, 'next'],
    },
    {
      what: 'a long line over chunks, cut once',
      chunks: ['x'.repeat(8_000), 'x'.repeat(8_000), 'x\nnext'],
      wanted: [`${'x'.repeat(8_192)}…`, 'next'],
    },
  ];
  for (const { what, chunks, wanted } of cases) {
    it(`emits ${what}`, () => {
      expect(linesOf(...chunks)).to.deep.equal(wanted);
    });
  }

  it('reports once that further output is omitted', () => {
    const lines = linesOf(...Array<string>(1_000).fill(`${'x'.repeat(999)}\n`));
    expect(lines.length).to.be.within(255, 300);
    expect(lines.filter((line) => line.includes('the rest is not'))).to.have.lengthOf(1);
    expect(lines.at(-1)).to.include('the rest is not');
  });

  it('emits 2,000 lines, and reports omitted ones only from the next on', () => {
    const most = 'x\n'.repeat(2_000);
    expect(linesOf(most)).to.have.length(2_000);
    expect(linesOf(`${most}y\nz`).slice(1_999)).to.deep.equal([
      'x',
      '… (2000 lines are shown; the rest is not)',
    ]);
  });

  it('emits the same lines whatever the chunks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, at) => {
        const bytes = Buffer.from(text);
        expect(linesOf(bytes.subarray(0, at), bytes.subarray(at))).to.deep.equal(linesOf(bytes));
      }),
    );
  });
});
