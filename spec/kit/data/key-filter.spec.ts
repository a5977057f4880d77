// Answers of the key filter: "certainly not" is never wrong, and "maybe" rarely.

import { expect } from 'chai';
import fc from 'fast-check';
import { hashesOf, KeyFilter } from '../../../lib/kit/data/key-filter.ts';

function filterOf(keys: readonly string[]): KeyFilter {
  const filter = new KeyFilter();
  for (const key of keys) filter.add(hashesOf(key));
  return filter;
}

describe('KeyFilter', () => {
  it('never denies a key that was added', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (keys) => {
        const filter = filterOf(keys);
        for (const key of keys) expect(filter.mayHave(hashesOf(key))).to.equal(true);
      }),
    );
  });

  it('knows nothing at first', () => {
    for (const key of ['', 'shop/web-1.17f1']) {
      expect(filterOf([]).mayHave(hashesOf(key))).to.equal(false);
    }
  });

  it('is wrong for less than one key in a hundred, also after it has grown', () => {
    const keys = (prefix: string): string[] =>
      Array.from({ length: 50_000 }, (_, number) => `${prefix}/web-7d9f.${number.toString(16)}`);
    const filter = filterOf(keys('shop'));
    for (const key of keys('shop')) expect(filter.mayHave(hashesOf(key))).to.equal(true);
    const wrong = keys('pay').filter((key) => filter.mayHave(hashesOf(key)));
    expect(wrong.length).to.be.below(500);
  });
});
