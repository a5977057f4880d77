// Promises of lib/core/object-reference.ts: the order of versions.

import { expect } from 'chai';
import fc from 'fast-check';
import { compareVersions } from '../../lib/core/object-reference.ts';

describe('compareVersions', () => {
  const cases = [
    ['1', '2', -1],
    ['9', '10', -1],
    ['100', '99', 1],
    ['7', '7', 0],
    // 2^53 and its successor are one Number.
    ['9007199254740992', '9007199254740993', -1],
    ['9007199254740993', '9007199254740992', 1],
    ['18446744073709551614', '18446744073709551615', -1],
  ] as const;
  for (const [a, b, sign] of cases) {
    it(`puts ${a} ${sign < 0 ? 'before' : sign > 0 ? 'after' : 'beside'} ${b}`, () => {
      expect(Math.sign(compareVersions(a, b))).to.equal(sign);
    });
  }

  it('orders like integers over all 64 bits', () => {
    const versions = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        const sign = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareVersions(String(a), String(b)))).to.equal(sign);
      }),
    );
  });
});
