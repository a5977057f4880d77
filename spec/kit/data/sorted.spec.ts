// Binary search: places in empty lists, at both ends, and among equal items.

import { expect } from 'chai';
import { countBefore } from '../../../lib/kit/data/sorted.ts';

describe('countBefore', () => {
  const cases: readonly (readonly [items: readonly number[], limit: number, count: number])[] = [
    [[], 1, 0],
    [[1, 2, 3], 0, 0],
    [[1, 2, 3], 1, 0],
    [[1, 2, 3], 3, 2],
    [[1, 2, 3], 4, 3],
    [[1, 2, 2, 2, 5], 2, 1],
  ];
  for (const [items, limit, count] of cases) {
    it(`counts ${count} of [${items.join()}] below ${limit}`, () => {
      expect(countBefore(items, (item) => item < limit)).to.equal(count);
    });
  }
});
