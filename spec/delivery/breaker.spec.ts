// The circuit breaker: when it opens, how it tries, when it closes; a timeline of attempts each.
import { expect } from 'chai';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { BreakerChange } from '../../lib/delivery/breaker.ts';
import { Breaker } from '../../lib/delivery/breaker.ts';

const WELL: Outcome = { outcome: 'delivered' };
const UNREACHABLE: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };
const BUSY: Outcome = { outcome: 'retry', reason: 'unavailable', detail: '503' };
const LOST: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' };

/** A breaker without jitter, and what it answered to these outcomes. */
function after(...outcomes: readonly Outcome[]): { breaker: Breaker; last: BreakerChange | null } {
  const breaker = new Breaker(() => 1);
  let last: BreakerChange | null = null;
  for (const outcome of outcomes) last = breaker.note([outcome], 0);
  return { breaker, last };
}

const times = (count: number, outcome: Outcome): readonly Outcome[] =>
  Array<Outcome>(count).fill(outcome);

describe('a breaker', () => {
  const opening: readonly (readonly [string, readonly Outcome[], string])[] = [
    ['four attempts in a row that reached nobody', times(4, UNREACHABLE), 'closed'],
    ['five attempts in a row that reached nobody', times(5, UNREACHABLE), 'open'],
    ['five with a delivered one between', [...times(4, UNREACHABLE), WELL, UNREACHABLE], 'closed'],
    ['nineteen lost answers, too few to judge', times(19, LOST), 'closed'],
    ['ten lost answers of twenty', [...times(10, WELL), ...times(10, LOST)], 'open'],
    ['nine lost answers of twenty', [...times(11, WELL), ...times(9, LOST)], 'closed'],
    ['ten of more than twenty, long ago', [...times(9, LOST), ...times(20, WELL), LOST], 'closed'],
    ['half of twenty unavailable', times(10, BUSY).flatMap((one) => [WELL, one]), 'open'],
  ];
  for (const [what, outcomes, state] of opening) {
    it(`is ${state} after ${what}`, () => {
      expect(after(...outcomes).breaker.state).to.equal(state);
    });
  }

  const about: readonly Outcome[] = [
    { outcome: 'retry', reason: 'throttled', detail: '429' },
    { outcome: 'retry', reason: 'unauthorized', detail: '401' },
    { outcome: 'refused', reason: 'invalid', detail: '400' },
    { outcome: 'unknown', reason: 'stopped', detail: 'the gateway stopped' },
    { outcome: 'unknown', reason: 'bug', detail: 'x is not a function' },
  ];
  for (const outcome of about) {
    it(`stays closed whatever is ${outcome.outcome} as ${'reason' in outcome ? outcome.reason : ''}`, () => {
      expect(after(...times(100, outcome)).breaker.state).to.equal('closed');
    });
  }

  it('says what happened and how long it waits', () => {
    const { last } = after(...times(5, UNREACHABLE));
    expect(last).to.deep.equal({
      from: 'closed',
      to: 'open',
      why: '5 attempts in a row did not reach it: ECONNREFUSED',
      retryMs: 5_000,
    });
  });

  it('lets nothing through until its time, then one, and all once that came through', () => {
    const { breaker } = after(...times(5, UNREACHABLE));
    expect(breaker.allowed(8, 4_999)).to.equal(0);
    expect(breaker.waitMs(1_000)).to.equal(4_000);
    expect(breaker.allowed(8, 5_000)).to.equal(1);
    expect(breaker.begin(5_000)?.to).to.equal('half-open');
    expect(breaker.note([WELL], 5_010)?.to).to.equal('closed');
    expect(breaker.allowed(8, 5_010)).to.equal(8);
  });

  it('waits twice as long each time, at most a minute, and begins anew after it closed', () => {
    const { breaker } = after(...times(5, UNREACHABLE));
    let now = 5_000;
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      breaker.begin(now);
      const { retryMs = 0 } = breaker.note([UNREACHABLE], now) ?? {};
      waits.push(retryMs);
      now += retryMs;
    }
    expect(waits).to.deep.equal([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    breaker.begin(now);
    breaker.note([WELL], now);
    const changes = times(5, UNREACHABLE).map((outcome) => breaker.note([outcome], now));
    expect(changes.at(-1)?.retryMs).to.equal(5_000);
  });

  it('ignores the end of attempts that were begun before it opened', () => {
    const { breaker } = after(...times(5, UNREACHABLE));
    expect(breaker.note([WELL], 10)).to.equal(null);
    expect(breaker.state).to.equal('open');
  });

  it('closes again by an answer that is about the delivery', () => {
    const { breaker } = after(...times(20, LOST));
    breaker.begin(5_000);
    const refused: Outcome = { outcome: 'refused', reason: 'invalid', detail: '400' };
    expect(breaker.note([refused], 5_000)?.to).to.equal('closed');
  });

  const unasked: readonly Outcome[] = [
    { outcome: 'refused', reason: 'not-renderable', detail: 'an empty segment' },
    { outcome: 'retry', reason: 'secret-missing', detail: 'no such file' },
    { outcome: 'unknown', reason: 'stopped', detail: 'the gateway stopped' },
    { outcome: 'unknown', reason: 'bug', detail: 'x is not a function' },
  ];
  for (const outcome of unasked) {
    it(`goes on trying after ${'reason' in outcome ? outcome.reason : ''}: the receiver was not asked`, () => {
      const { breaker } = after(...times(4, UNREACHABLE), outcome, UNREACHABLE);
      expect(breaker.state).to.equal('open');
      breaker.begin(5_000);
      expect(breaker.note([outcome], 5_000)).to.equal(null);
      expect(breaker.state).to.equal('half-open');
      expect(breaker.allowed(8, 5_000)).to.equal(1);
      expect(breaker.note([WELL], 5_001)?.to).to.equal('closed');
    });
  }

  it('weighs what tells most of the receiver where one attempt had several deliveries', () => {
    const large: Outcome = { outcome: 'refused', reason: 'too-large', detail: '11 MiB' };
    const breaker = new Breaker(() => 1);
    for (let attempt = 0; attempt < 5; attempt += 1) breaker.note([large, UNREACHABLE, WELL], 0);
    expect(breaker.state).to.equal('open');
    expect(breaker.note([], 0)).to.equal(null);
  });
});
