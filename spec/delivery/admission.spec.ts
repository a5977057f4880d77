// Admission as a timeline of attempts: when a lane pauses, for how long and why, how it tests the
// receiver, and how it continues.

import { expect } from 'chai';
import type { Outcome, Retry } from '../../lib/core/delivery.ts';
import { Admission, type AdmissionChange } from '../../lib/delivery/admission.ts';

const WELL: Outcome = { outcome: 'delivered' };
const UNREACHABLE: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };
const LOST: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' };
const UNAUTHORIZED: Outcome = { outcome: 'retry', reason: 'unauthorized', detail: '401' };
const THROTTLED: Retry = { outcome: 'retry', reason: 'throttled', detail: '429' };

const ALL = 8;
const MINUTE = 60_000;

function asking(pauseMs: number): Outcome {
  return { ...THROTTLED, afterMs: pauseMs, pauseMs };
}

/** An admission without jitter, for eight attempts at once. */
function anAdmission(): Admission {
  return new Admission(ALL, () => 1);
}

/** An admission after these outcomes at time 0, with the changes by the last one. */
function after(...outcomes: readonly Outcome[]) {
  const admission = anAdmission();
  let last: readonly AdmissionChange[] = [];
  for (const outcome of outcomes) last = admission.note([outcome], 0);
  return { admission, last };
}

const times = (count: number, outcome: Outcome): readonly Outcome[] =>
  Array<Outcome>(count).fill(outcome);

describe('the admission of a lane', () => {
  it('allows all attempts while nothing is wrong', () => {
    const { admission } = after(...times(100, WELL));
    expect([admission.state, admission.allowed(0), admission.waitMs(0)]).to.deep.equal([
      ...['admitting', ALL, 0],
    ]);
  });

  describe('when its breaker opens', () => {
    it('reports why and for how long it waits', () => {
      expect(after(...times(5, UNREACHABLE)).last).to.deep.equal([
        {
          kind: 'breaker',
          from: 'closed',
          to: 'open',
          why: '5 attempts in a row did not reach it: ECONNREFUSED',
          retryMs: 5_000,
        },
      ]);
    });

    it('allows no attempt until its time, then one, and all after that succeeded', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      expect(admission.allowed(4_999)).to.equal(0);
      expect(admission.waitMs(1_000)).to.equal(4_000);
      expect(admission.allowed(5_000)).to.equal(1);
      expect(admission.begin(5_000)).to.deep.include.members([
        {
          kind: 'breaker',
          from: 'open',
          to: 'half-open',
          why: 'one attempt tests the receiver',
          retryMs: 0,
        },
      ]);
      expect(admission.note([WELL], 5_010)[0]).to.include({ from: 'half-open', to: 'closed' });
      expect(admission.allowed(5_010)).to.equal(ALL);
    });

    it('doubles the wait each time up to a minute, and starts over after it closed', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      let now = 5_000;
      const waits: number[] = [];
      for (let round = 0; round < 6; round += 1) {
        admission.begin(now);
        const { retryMs = 0 } = admission.note([UNREACHABLE], now)[0] ?? {};
        waits.push(retryMs);
        now += retryMs;
      }
      expect(waits).to.deep.equal([10_000, 20_000, 40_000, MINUTE, MINUTE, MINUTE]);
      admission.begin(now);
      admission.note([WELL], now);
      const changes = times(5, UNREACHABLE).map((outcome) => admission.note([outcome], now));
      expect(changes.at(-1)?.[0]?.retryMs).to.equal(5_000);
    });

    it('ignores the end of attempts from before', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      for (const outcome of [WELL, UNREACHABLE, THROTTLED, asking(1_000), UNAUTHORIZED]) {
        expect(admission.note([outcome], 10)).to.deep.equal([]);
      }
      expect(admission.waitMs(10)).to.equal(4_990);
    });

    it('waits longer if the receiver asks one of those to', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      const changes = admission.note([asking(MINUTE)], 10);
      expect(changes.map((one) => [one.kind, 'to' in one ? one.to : one.state])).to.deep.equal([
        ['breaker', 'closed'],
        ['pause', 'paused'],
      ]);
      expect(admission.waitMs(10)).to.equal(MINUTE);
    });

    it('closes after an answer about the delivery', () => {
      const { admission } = after(...times(20, LOST));
      admission.begin(5_000);
      const refused: Outcome = { outcome: 'refused', reason: 'invalid', detail: '400' };
      expect(admission.note([refused], 5_000)[0]).to.include({ to: 'closed' });
    });

    it('keeps trying after an outcome that did not reach the receiver', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      admission.begin(5_000);
      const missing: Outcome = { outcome: 'retry', reason: 'secret-missing', detail: 'no file' };
      expect(admission.note([missing], 5_000)).to.deep.equal([]);
      expect([admission.state, admission.allowed(5_000)]).to.deep.equal(['trying', 1]);
    });

    it('is closed and paused instead if the test attempt is asked to wait', () => {
      const { admission } = after(...times(5, UNREACHABLE));
      admission.begin(5_000);
      const changes = admission.note([asking(MINUTE)], 5_000);
      expect(changes.map((one) => [one.kind, 'to' in one ? one.to : one.state])).to.deep.equal([
        ['breaker', 'closed'],
        ['pause', 'paused'],
      ]);
      expect(admission.waitMs(5_000)).to.equal(MINUTE);
    });
  });

  describe('when a receiver asks to wait', () => {
    const askers: readonly (readonly [string, Outcome, number])[] = [
      ['429 with a time', asking(MINUTE), MINUTE],
      ['429 without one', THROTTLED, 5_000],
      ['429 with no time at all', { ...THROTTLED, afterMs: 0, pauseMs: 0 }, 5_000],
      [
        '503 with a time',
        { outcome: 'retry', reason: 'unavailable', detail: '503', pauseMs: 7_000 },
        7_000,
      ],
      [
        'a delivery after which no request is left',
        { outcome: 'delivered', pauseMs: 9_000 },
        9_000,
      ],
      [
        'a refusal after which none is left',
        { outcome: 'refused', reason: 'invalid', detail: '400', pauseMs: 9_000 },
        9_000,
      ],
      [
        'a lost answer that says when to come again',
        { outcome: 'unknown', reason: 'server-error', detail: '503', pauseMs: 5_000 },
        5_000,
      ],
    ];
    for (const [what, outcome, waitMs] of askers) {
      it(`allows no attempt for ${waitMs} ms after ${what}`, () => {
        const { admission, last } = after(outcome);
        expect(last).to.have.length(1);
        expect(last[0]).to.include({ kind: 'pause', reason: 'throttled', state: 'paused' });
        expect(last[0]).to.include({ retryMs: waitMs });
        expect(admission.allowed(waitMs - 1)).to.equal(0);
        expect(admission.allowed(waitMs)).to.equal(1);
      });
    }

    it('takes the longest wait of one attempt', () => {
      const admission = anAdmission();
      admission.note([asking(1_000), asking(9_000), asking(2_000), WELL], 0);
      expect(admission.waitMs(0)).to.equal(9_000);
    });

    it('accepts a longer wait from attempts from before, but no shorter one', () => {
      const { admission } = after(asking(10_000));
      expect(admission.note([asking(5_000)], 1_000)).to.deep.equal([]);
      expect(admission.note([WELL], 1_000)).to.deep.equal([]);
      expect(admission.waitMs(1_000)).to.equal(9_000);
      const [longer] = admission.note([asking(MINUTE)], 1_000);
      expect(longer).to.include({ kind: 'pause', state: 'paused', retryMs: MINUTE });
      expect(admission.waitMs(1_000)).to.equal(MINUTE);
    });

    it('allows one attempt, then doubles in each round of successes, up to all', () => {
      const { admission } = after(asking(MINUTE));
      const [trying] = admission.begin(MINUTE);
      expect(trying).to.include({ kind: 'pause', state: 'trying' });
      const rounds: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const allowed = admission.allowed(MINUTE);
        rounds.push(allowed);
        for (let attempt = 0; attempt < allowed; attempt += 1) admission.note([WELL], MINUTE);
      }
      expect(rounds).to.deep.equal([1, 2, 4, 8, 8]);
      expect(admission.isUnlimited).to.equal(true);
    });

    it('reports its end as soon as one attempt succeeded', () => {
      const { admission } = after(asking(MINUTE));
      admission.begin(MINUTE);
      expect(admission.note([WELL], MINUTE)).to.deep.equal([
        {
          kind: 'pause',
          reason: 'throttled',
          state: 'over',
          why: 'an attempt succeeded',
          retryMs: 0,
        },
      ]);
    });

    it('does not grow after failed attempts, and pauses again at once', () => {
      const { admission } = after(asking(MINUTE));
      admission.begin(MINUTE);
      admission.note([WELL], MINUTE);
      admission.note([LOST], MINUTE);
      expect(admission.allowed(MINUTE)).to.equal(2);
      admission.note([asking(3_000)], MINUTE);
      expect(admission.allowed(MINUTE)).to.equal(0);
      admission.begin(MINUTE + 3_000);
      admission.note([WELL], MINUTE + 3_000);
      expect(admission.allowed(MINUTE + 3_000)).to.equal(2);
    });

    it('waits longer each time if no time is given', () => {
      const { admission } = after(THROTTLED);
      let now = 5_000;
      const waits: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        admission.begin(now);
        admission.note([THROTTLED], now);
        waits.push(admission.waitMs(now));
        now += admission.waitMs(now);
      }
      expect(waits).to.deep.equal([10_000, 20_000, 40_000, MINUTE]);
    });

    it('ends with its time if no delivery is due, and continues with one attempt', () => {
      const { admission } = after(asking(MINUTE));
      expect(admission.noteIdle(MINUTE - 1)).to.deep.equal([]);
      expect(admission.noteIdle(MINUTE)).to.deep.equal([
        {
          ...{ kind: 'pause', reason: 'throttled', state: 'over', retryMs: 0 },
          why: 'the wait is over and no delivery is due',
        },
      ]);
      expect(admission.allowed(MINUTE)).to.equal(1);
      admission.note([WELL], MINUTE);
      expect(admission.allowed(MINUTE)).to.equal(2);
    });

    it('opens the breaker if the test attempt does not reach it', () => {
      const { admission } = after(asking(MINUTE));
      admission.begin(MINUTE);
      const changes = admission.note([UNREACHABLE], MINUTE);
      expect(changes.map((one) => [one.kind, 'to' in one ? one.to : one.state])).to.deep.equal([
        ['pause', 'over'],
        ['breaker', 'open'],
      ]);
    });
  });

  describe('when a receiver does not accept the credential', () => {
    it('pauses at the first 401, longer each time, with one attempt in between', () => {
      const { admission, last } = after(UNAUTHORIZED);
      expect(last[0]).to.include({
        ...{ kind: 'pause', reason: 'unauthorized', state: 'paused', retryMs: 5_000 },
        why: 'the receiver does not accept the credential: 401',
      });
      expect([admission.isUnauthorized, admission.allowed(4_999)]).to.deep.equal([true, 0]);
      admission.begin(5_000);
      admission.note([UNAUTHORIZED], 5_000);
      expect(admission.waitMs(5_000)).to.equal(10_000);
    });

    it('continues with all attempts after one success: there was no rate limit', () => {
      const { admission } = after(UNAUTHORIZED);
      admission.begin(5_000);
      admission.note([WELL], 5_000);
      expect(admission.allowed(5_000)).to.equal(ALL);
    });

    it('does not end while no delivery is due: an attempt must prove it', () => {
      for (const outcomes of [[UNAUTHORIZED], times(5, UNREACHABLE)]) {
        const { admission } = after(...outcomes);
        expect(admission.noteIdle(MINUTE)).to.deep.equal([]);
        expect(admission.state).to.equal('paused');
      }
    });

    it('is paused for the longer wait if it is also asked to wait', () => {
      const { admission } = after(UNAUTHORIZED, asking(MINUTE));
      expect([admission.isUnauthorized, admission.waitMs(0)]).to.deep.equal([false, MINUTE]);
    });
  });

  for (const outcome of [asking(MINUTE), UNAUTHORIZED]) {
    it(`allows exactly one attempt if a user asks, after ${outcome.outcome} ${'reason' in outcome ? outcome.reason : ''}`, () => {
      const { admission } = after(outcome);
      admission.allowProbe(1_000);
      expect(admission.allowed(1_000)).to.equal(1);
      admission.begin(1_000);
      admission.allowProbe(1_000);
      expect(admission.allowed(1_000)).to.equal(1);
      admission.note([outcome], 1_000);
      expect(admission.allowed(1_000)).to.equal(0);
    });
  }
});
