// The arithmetic of the bench: a wrong median would be a wrong claim.

import { expect } from 'chai';
import { type Aim, changeOf, isReached, median, percentile, ratios } from './arithmetic.ts';
import { turned } from './part.ts';

describe('the arithmetic of the bench', () => {
  const medians = [
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 9, 100, 1], 9.5],
  ] as const;
  for (const [values, middle] of medians) {
    it(`takes ${middle} as the median of ${values.join(', ')}`, () => {
      expect(median(values)).to.equal(middle);
    });
  }

  it('has no median of nothing', () => {
    expect(median([])).to.be.NaN;
  });

  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  const percentiles = [
    [hundred, 0.5, 50],
    [hundred, 0.99, 99],
    [hundred, 1, 100],
    [[1, 2, 3], 0.5, 2],
    [[7], 0.99, 7],
    [[7, 8], 0, 7],
  ] as const;
  for (const [values, share, value] of percentiles) {
    it(`takes ${value} as the ${share} percentile of ${values.length} values`, () => {
      expect(percentile(values, share)).to.equal(value);
    });
  }

  it('forms ratios within a round', () => {
    expect(ratios([10, 30], [5, 10])).to.deep.equal([2, 3]);
  });

  it('forms none if one side was not measured', () => {
    expect(ratios([10, 30], [])).to.deep.equal([]);
    expect(ratios([], [1])).to.deep.equal([]);
  });

  it('refuses rounds that do not belong together', () => {
    expect(() => ratios([1, 2], [1])).to.throw('2 rounds can not be divided by 1');
  });

  const aims: readonly (readonly [number, Aim, boolean])[] = [
    [4, { atMost: 4 }, true],
    [4.01, { atMost: 4 }, false],
    [0.8, { atLeast: 0.8 }, true],
    [0.79, { atLeast: 0.8 }, false],
    [Number.NaN, { atMost: 4 }, false],
  ];
  for (const [value, aim, reached] of aims) {
    it(`says that ${value} ${reached ? 'reaches' : 'misses'} ${JSON.stringify(aim)}`, () => {
      expect(isReached(value, aim)).to.equal(reached);
    });
  }

  const changes = [
    ['slower beyond noise', [20, 21, 22], [9, 10, 11], { factor: 2.1, beyondNoise: true }],
    ['faster beyond noise', [5, 5, 6], [10, 10, 12], { factor: 0.5, beyondNoise: true }],
    ['within noise', [9, 12, 15], [8, 10, 12], { factor: 1.2, beyondNoise: false }],
    ['touching is noise', [12, 15, 18], [8, 10, 12], { factor: 1.5, beyondNoise: false }],
  ] as const;
  for (const [what, now, then, change] of changes) {
    it(`reports a change: ${what}`, () => {
      expect(changeOf(now, then)).to.deep.equal(change);
    });
  }

  it('lets each round begin with another variant', () => {
    expect([0, 1, 2, 3].map((round) => turned(['a', 'b', 'c'], round).join(''))).to.deep.equal([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
  });
});
