// The next state of a delivery for each outcome: a table.

import { expect } from 'chai';
import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { OnLostAnswer } from '../../lib/core/ports/trigger.ts';
import { isPossiblyTwice, type NextStateFacts, nextState } from '../../lib/delivery/next-state.ts';
import { aDelivery, anAttempt, NOW } from '../support/builders.ts';

const HOUR = 3_600_000;
const LOST: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' };
const RETRY: Outcome = { outcome: 'retry', reason: 'throttled', detail: '429' };
const BUG: Outcome = { outcome: 'unknown', reason: 'bug', detail: 'x is not a function' };

/** A delivery with attempts that began this many ms ago; the last one has no outcome yet. */
function attempted(
  ...attempts: readonly (readonly [agoMs: number, outcome: Outcome | null])[]
): Delivery {
  return aDelivery({
    state: 'running',
    attempts: attempts.map(([agoMs, outcome], place) =>
      anAttempt({
        number: place + 1,
        at: NOW - agoMs,
        outcome,
        durationMs: outcome === null ? null : 10,
      }),
    ),
  });
}

/** A clock that never jumped. */
const AGES = {
  ageMs: (from: number, now: number): number => now - from,
  sinceMs: (moment: number, now: number): number => now - moment,
};

const first = attempted([10, null]);

describe('nextState', () => {
  const started = { kind: 'Job', namespace: 'ci', name: 'build-1' };
  const rows: readonly (readonly [string, Delivery, Outcome, number, Partial<Delivery>])[] = [
    ['a delivery', first, { outcome: 'delivered', started }, 0, { state: 'delivered', started }],
    [
      'a refusal',
      first,
      { outcome: 'refused', reason: 'invalid', detail: 'x' },
      0,
      { state: 'refused' },
    ],
    ['a first retry', first, RETRY, 0, { state: 'waiting', dueAt: NOW + 1_000 }],
    ['a second retry', attempted([9_000, RETRY], [10, null]), RETRY, 0, { dueAt: NOW + 2_000 }],
    ['a wish to wait', first, { ...RETRY, afterMs: 7_000 }, 0, { dueAt: NOW + 7_000 }],
    ['a wish shorter than the backoff', first, { ...RETRY, afterMs: 7 }, 0, { dueAt: NOW + 1_000 }],
    ['the last retry in time', attempted([HOUR - 1, null]), RETRY, 0, { state: 'waiting' }],
    ['a retry too late', attempted([HOUR, null]), RETRY, 0, { state: 'dead', dead: 'expired' }],
    ['a lost answer without a key', first, LOST, 0, { state: 'unknown' }],
    ['a lost answer within the key’s life', first, LOST, HOUR, { state: 'waiting' }],
    ['a lost answer at the end of it', attempted([9_000, null]), LOST, 9_000, { state: 'unknown' }],
    [
      'a lost answer, counted from the first one lost',
      attempted([HOUR / 2, LOST], [10, null]),
      LOST,
      HOUR / 2,
      { state: 'unknown' },
    ],
    [
      'a lost answer, not counted from a retry before it',
      attempted([HOUR / 2, RETRY], [10, null]),
      LOST,
      HOUR / 4,
      { state: 'waiting' },
    ],
    [
      'a retry after a lost answer, within the key’s life',
      attempted([HOUR / 2, LOST], [10, null]),
      RETRY,
      HOUR,
      { state: 'waiting' },
    ],
    [
      'a retry after a lost answer, when the key no longer tells',
      attempted([HOUR - 20, LOST], [10, null]),
      RETRY,
      HOUR - 20,
      { state: 'unknown' },
    ],
    [
      'a lost answer whose repetition would come after the key’s life',
      attempted([HOUR - 500, null]),
      LOST,
      HOUR,
      { state: 'unknown' },
    ],
    [
      'a retry after a lost answer of before a person asked again',
      { ...attempted([HOUR, LOST], [10, null]), retriedAt: NOW - 10 },
      RETRY,
      0,
      { state: 'waiting', dueAt: NOW + 1_000 },
    ],
    [
      'a lost answer after a person asked again',
      { ...attempted([HOUR, LOST], [10, null]), retriedAt: NOW - 10 },
      LOST,
      0,
      { state: 'unknown' },
    ],
    ['a throw without a key', first, BUG, 0, { state: 'unknown' }],
    ['a throw', first, BUG, HOUR, { state: 'waiting' }],
    [
      'the fifth throw',
      attempted([5, BUG], [4, BUG], [3, BUG], [2, BUG], [1, null]),
      BUG,
      HOUR,
      { state: 'dead', dead: 'bug' },
    ],
  ];
  const facts = (
    keyLifeMs: number,
    more: { onLostAnswer?: OnLostAnswer; pausedMs?: number } = {},
  ): NextStateFacts => ({
    policy: {
      firstMs: 1_000,
      maxMs: 60_000,
      forMs: HOUR,
      keyLifeMs,
      onLostAnswer: more.onLostAnswer ?? 'atMostOnce',
    },
    now: NOW,
    random: () => 1,
    ages: { ageMs: (from, now) => now - from - (more.pausedMs ?? 0), sinceMs: AGES.sinceMs },
  });
  for (const [what, delivery, outcome, keyLifeMs, expected] of rows) {
    it(`of ${what} is ${expected.dead ?? expected.state ?? 'later'}`, () => {
      expect(nextState(delivery, outcome, facts(keyLifeMs))).to.deep.include(expected);
    });
  }

  const repeated: readonly (readonly [string, Delivery, Outcome])[] = [
    ['a lost answer without a key', first, LOST],
    ['a retry after it', attempted([HOUR / 2, LOST], [10, null]), RETRY],
    ['a throw', first, BUG],
  ];
  for (const [what, delivery, outcome] of repeated) {
    it(`of ${what} is another attempt with at least once`, () => {
      const next = nextState(delivery, outcome, facts(0, { onLostAnswer: 'atLeastOnce' }));
      expect(next).to.include({ state: 'waiting', dead: null });
    });
  }

  it('does not count time in which no attempts were made', () => {
    const old = attempted([2 * HOUR, RETRY], [10, null]);
    expect(nextState(old, RETRY, facts(0, { pausedMs: HOUR + 1 })).state).to.equal('waiting');
    expect(nextState(old, RETRY, facts(0, { pausedMs: HOUR })).dead).to.equal('expired');
  });
});

describe('isPossiblyTwice', () => {
  const rows: readonly (readonly [string, Delivery, number, boolean])[] = [
    ['one attempt', attempted([10, LOST]), 0, false],
    ['two without a lost answer', attempted([20, RETRY], [10, { outcome: 'delivered' }]), 0, false],
    ['a retry after a lost answer', attempted([20, LOST], [10, RETRY]), 0, false],
    ['one after both', attempted([30, LOST], [20, RETRY], [10, LOST]), 0, true],
    ['two in the same moment', attempted([10, LOST], [10, { outcome: 'delivered' }]), 0, true],
    [
      'one that a person asked for',
      {
        ...attempted([20, LOST], [10, { outcome: 'delivered' }]),
        retriedAt: NOW - 15,
      },
      0,
      true,
    ],
    ['one after a lost answer', attempted([20, LOST], [10, { outcome: 'delivered' }]), 0, true],
    ['one within the key’s life', attempted([20, LOST], [10, { outcome: 'delivered' }]), 11, false],
    ['one at its end', attempted([20, LOST], [10, { outcome: 'delivered' }]), 10, true],
    ['a key for ever', attempted([9 * HOUR, LOST], [0, null]), Number.POSITIVE_INFINITY, false],
  ];
  for (const [what, delivery, keyLifeMs, expected] of rows) {
    it(`is ${String(expected)} of ${what}`, () => {
      expect(isPossiblyTwice(delivery, { keyLifeMs, ages: AGES })).to.equal(expected);
    });
  }
});
