// Promises of lib/kit/async/backoff.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../../../lib/kit/async/backoff.ts';

const limits = { firstMs: 1000, maxMs: 300_000 };

describe('backoffMs', () => {
  const cases = [
    { failures: 1, random: 0, ms: 500 },
    { failures: 1, random: 1, ms: 1000 },
    { failures: 2, random: 0, ms: 1000 },
    { failures: 3, random: 0.5, ms: 3000 },
    { failures: 9, random: 1, ms: 256_000 },
    { failures: 10, random: 1, ms: 300_000 },
    { failures: 5000, random: 0, ms: 150_000 },
  ];
  for (const { failures, random, ms } of cases) {
    it(`waits ${ms} ms after failure ${failures} with the random number ${random}`, () => {
      expect(backoffMs(failures, limits, () => random)).to.equal(ms);
    });
  }

  it('stays between half the first wait and the longest, for any number of failures', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        expect(backoffMs(failures, limits, () => random)).to.be.within(500, 300_000);
      }),
    );
  });
});
