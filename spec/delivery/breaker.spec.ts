// The circuit breaker: the outcomes after which it opens. The pauses after that are in
// admission.spec.ts.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { Breaker, strongestSign } from '../../lib/delivery/admission.ts';

const WELL: Outcome = { outcome: 'delivered' };
const UNREACHABLE: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };
const BUSY: Outcome = { outcome: 'retry', reason: 'unavailable', detail: '503' };
const LOST: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' };
const REDIRECTED: Outcome = { outcome: 'unknown', reason: 'redirected', detail: '302' };

/** The answer of a breaker after these outcomes. */
function after(...outcomes: readonly Outcome[]): string | null {
  const breaker = new Breaker();
  let last: string | null = null;
  for (const outcome of outcomes) last = breaker.note(outcome);
  return last;
}

const times = (count: number, outcome: Outcome): readonly Outcome[] =>
  Array<Outcome>(count).fill(outcome);

describe('a breaker', () => {
  const cases: readonly (readonly [string, readonly Outcome[], string | null])[] = [
    ['four attempts in a row that were unreachable', times(4, UNREACHABLE), null],
    [
      'five attempts in a row that reached nobody',
      times(5, UNREACHABLE),
      '5 attempts in a row did not reach it',
    ],
    ['five with a delivered one between', [...times(4, UNREACHABLE), WELL, UNREACHABLE], null],
    ['nineteen lost answers, too few to judge', times(19, LOST), null],
    [
      'ten lost answers of twenty',
      [...times(10, WELL), ...times(10, LOST)],
      '10 of the last 20 attempts failed',
    ],
    ['nine lost answers of twenty', [...times(11, WELL), ...times(9, LOST)], null],
    ['ten of more than twenty, long ago', [...times(9, LOST), ...times(20, WELL), LOST], null],
    [
      'half of twenty unavailable',
      times(10, BUSY).flatMap((one) => [WELL, one]),
      '10 of the last 20 attempts failed',
    ],
    [
      'half of twenty redirected, maybe after they were taken',
      times(10, REDIRECTED).flatMap((one) => [WELL, one]),
      '10 of the last 20 attempts failed',
    ],
  ];
  for (const [what, outcomes, wanted] of cases) {
    it(`says ${wanted ?? 'nothing'} after ${what}`, () => {
      expect(after(...outcomes)).to.equal(wanted);
    });
  }

  const about: readonly Outcome[] = [
    { outcome: 'retry', reason: 'throttled', detail: '429' },
    { outcome: 'retry', reason: 'unauthorized', detail: '401' },
    { outcome: 'refused', reason: 'invalid', detail: '400' },
    { outcome: 'unknown', reason: 'conflict', detail: '409' },
  ];
  for (const outcome of about) {
    it(`says nothing after any number of ${outcome.outcome} as ${'reason' in outcome ? outcome.reason : ''}`, () => {
      expect(after(...times(100, outcome))).to.equal(null);
    });
  }

  const unasked: readonly Outcome[] = [
    { outcome: 'refused', reason: 'not-renderable', detail: 'an empty segment' },
    { outcome: 'retry', reason: 'secret-missing', detail: 'no such file' },
    { outcome: 'retry', reason: 'not-sent', detail: 'the time was up' },
    { outcome: 'unknown', reason: 'stopped', detail: 'the gateway stopped' },
    { outcome: 'unknown', reason: 'bug', detail: 'x is not a function' },
  ];
  for (const outcome of unasked) {
    it(`ignores ${'reason' in outcome ? outcome.reason : ''}: the receiver was not`, () => {
      expect(strongestSign([outcome])).to.equal(undefined);
    });
  }

  it('starts over once the receiver works', () => {
    const breaker = new Breaker();
    for (const outcome of times(4, UNREACHABLE)) breaker.note(outcome);
    breaker.reset();
    expect(breaker.note(UNREACHABLE)).to.equal(null);
  });

  it('counts the outcome that says most about the receiver if an attempt had several deliveries', () => {
    const large: Outcome = { outcome: 'refused', reason: 'too-large', detail: '11 MiB' };
    expect(strongestSign([large, UNREACHABLE, WELL])).to.equal(UNREACHABLE);
    expect(strongestSign([large, LOST, WELL])).to.equal(LOST);
    expect(strongestSign([])).to.equal(undefined);
  });
});
