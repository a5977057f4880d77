// The paused part of a span: overlaps, a pause that lasts, and the bound.

import { expect } from 'chai';
import { Pauses } from '../../lib/delivery/retry-age.ts';

function pausesOf(...spans: readonly (readonly [from: number, to: number | null])[]): Pauses {
  const pauses = new Pauses();
  for (const [from, to] of spans) {
    pauses.begin(from);
    if (to !== null) pauses.end(to);
  }
  return pauses;
}

describe('pauses', () => {
  const rows: readonly (readonly [string, Pauses, readonly [number, number], number])[] = [
    ['none', pausesOf(), [0, 100], 0],
    ['one inside', pausesOf([10, 30]), [0, 100], 20],
    ['one that began before', pausesOf([10, 30]), [20, 100], 10],
    ['one that ended after', pausesOf([10, 30]), [0, 15], 5],
    ['one outside', pausesOf([10, 30]), [40, 100], 0],
    ['one that lasts', pausesOf([10, null]), [0, 100], 90],
    ['two', pausesOf([10, 30], [50, 60]), [0, 100], 30],
    ['one begun twice', pausesOf([10, null], [20, 30]), [0, 100], 20],
    ['one whose clock went back', pausesOf([10, 5]), [0, 100], 0],
  ];
  for (const [what, pauses, [from, to], expected] of rows) {
    it(`are ${expected} ms of ${to - from} for ${what}`, () => {
      expect(pauses.within(from, to)).to.equal(expected);
    });
  }

  const added: readonly (readonly [string, readonly (readonly [number, number])[], number])[] = [
    ['one before', [[0, 5]], 25],
    ['one that meets its beginning', [[0, 10]], 30],
    ['one inside', [[12, 18]], 20],
    ['one over its end', [[20, 40]], 30],
    ['one over all of it', [[0, 50]], 50],
    [
      'two and one between that meets both',
      [
        [50, 60],
        [30, 50],
      ],
      50,
    ],
  ];
  for (const [what, spans, expected] of added) {
    it(`become ${expected} ms of 20 with ${what}`, () => {
      const pauses = pausesOf([10, 30]);
      for (const [from, to] of spans) pauses.add({ from, to });
      expect(pauses.within(0, 100)).to.equal(expected);
    });
  }

  it('still last after a span inside is added', () => {
    const pauses = pausesOf([10, null]);
    pauses.add({ from: 20, to: 30 });
    expect(pauses.within(0, 100)).to.equal(90);
  });

  it('forgets the oldest above its bound', () => {
    const many = Array.from({ length: 1_441 }, (_, index) => [index * 10, index * 10 + 1] as const);
    expect(pausesOf(...many).within(0, 1_000_000)).to.equal(1_440);
  });
});
