// The command line of the bench: what is written where nothing is said, and what is refused.

import { expect } from 'chai';
import { parseOptions } from './options.ts';

const USUAL = 'results/figures.json';

describe('the command line of the bench', () => {
  it('measures everything in five rounds and writes it down', () => {
    const options = parseOptions([], USUAL);
    expect(options).to.include({ rounds: 5, out: USUAL, cpuProf: null });
    expect(options.only).to.deep.equal([]);
  });

  it('writes nothing if only a part is measured, unless requested', () => {
    expect(parseOptions(['--only', 'rules'], USUAL).out).to.equal(null);
    expect(parseOptions(['--variant', 'json'], USUAL).out).to.equal(null);
    expect(parseOptions(['--only', 'rules', '--out', 'x.json'], USUAL).out).to.equal('x.json');
  });

  for (const args of [['--rounds', '0'], ['--events', 'many'], ['--rounds', '1.5'], ['--what']]) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseOptions(args, USUAL)).to.throw(args[0] ?? '');
    });
  }
});
