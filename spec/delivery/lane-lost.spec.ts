// Attempts whose process died: repeated if the receiver recognizes them, otherwise as the trigger
// says, and reported if they are possibly twice. A user's retry always gets an attempt.

import { expect } from 'chai';
import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { OnLostAnswer } from '../../lib/core/ports/trigger.ts';
import { act } from '../../lib/delivery/actions.ts';
import { aCommit, aDelivery, anAttempt, NOW } from '../support/builders.ts';
import { DELIVERED, RETRY, RecordingTrigger } from '../support/doubles/trigger.ts';
import { setUp } from './lane-bench.ts';

const MINUTE = 60_000;
const DIED: Outcome = { outcome: 'unknown', reason: 'process-died', detail: 'the process died' };

/** A delivery whose attempts began this many ms ago, in the state after a start. */
function left(
  attempts: readonly (readonly [agoMs: number, outcome: Outcome])[],
  overrides: Partial<Delivery> = {},
): Delivery {
  return aDelivery({
    deaths: 1,
    attempts: attempts.map(([agoMs, outcome], place) =>
      anAttempt({ number: place + 1, at: NOW - agoMs, incarnation: 'zero', outcome }),
    ),
    ...overrides,
  });
}

const died = left([[MINUTE, DIED]]);
const diedTwice = left([
  [2 * MINUTE, DIED],
  [MINUTE, DIED],
]);
const diedAfterRetry = left([
  [9 * MINUTE, RETRY],
  [MINUTE, DIED],
]);
const retriedAfterDeath = left([
  [9 * MINUTE, DIED],
  [MINUTE, RETRY],
]);

type End = 'unknown' | 'unknown, possibly twice' | 'delivered' | 'delivered, possibly twice';

describe('a lane and an attempt whose process died', () => {
  const once = 'atMostOnce';
  const least = 'atLeastOnce';
  const rows: readonly (readonly [string, Delivery, number, OnLostAnswer, End])[] = [
    ['no key', died, 0, once, 'unknown'],
    ['no key', died, 0, least, 'delivered, possibly twice'],
    // Under another configuration it was repeated once already.
    ['no key, twice', diedTwice, 0, once, 'unknown, possibly twice'],
    ['no key, twice', diedTwice, 0, least, 'delivered, possibly twice'],
    ['no key, after a retry', diedAfterRetry, 0, once, 'unknown'],
    ['no key, before a retry', retriedAfterDeath, 0, once, 'unknown'],
    ['no key, before a retry', retriedAfterDeath, 0, least, 'delivered, possibly twice'],
    ['a key that lives', died, MINUTE + 1, once, 'delivered'],
    ['a key that lives', died, MINUTE + 1, least, 'delivered'],
    ['a key that ended just now', died, MINUTE, once, 'unknown'],
    ['a key that ended just now', died, MINUTE, least, 'delivered, possibly twice'],
    ['a key that ended for the first of two', diedTwice, 2 * MINUTE, once, 'unknown'],
    [
      'a key that ended for the first of two',
      diedTwice,
      2 * MINUTE,
      least,
      'delivered, possibly twice',
    ],
    ['a key that lives for both', diedTwice, 3 * MINUTE, once, 'delivered'],
    ['a key of a retry that ended', diedAfterRetry, 2 * MINUTE, once, 'delivered'],
    ['a key for ever', diedTwice, Number.POSITIVE_INFINITY, once, 'delivered'],
    ['a key for ever', diedTwice, Number.POSITIVE_INFINITY, least, 'delivered'],
  ];
  for (const [what, delivery, keyLifeMs, onLostAnswer, end] of rows) {
    it(`with ${what} and ${onLostAnswer} ends as ${end}`, async () => {
      const trigger = new RecordingTrigger(keyLifeMs);
      const { add, clock, of, stop, running } = setUp({ onLostAnswer }, trigger);
      await add([delivery]);
      trigger.firings[0]?.end(DELIVERED);
      await clock.advance(0);
      const [moved] = of('delivery-moved');
      expect(`${moved?.to}${moved?.possiblyTwice ? ', possibly twice' : ''}`).to.equal(end);
      expect(trigger.firings).to.have.length(end.startsWith('unknown') ? 0 : 1);
      stop.abort();
      await running;
    });
  }

  it('is no dead letter before another attempt, however old it is', async () => {
    const trigger = new RecordingTrigger();
    const { add, of, stop, running } = setUp({}, trigger);
    await add([left([[99 * 60 * MINUTE, DIED]])]);
    expect(of('delivery-moved').map(({ to }) => to)).to.deep.equal(['unknown']);
    stop.abort();
    await running;
  });

  it('says what was lost if its outcome stays unknown', async () => {
    const { add, of, stop, running } = setUp();
    await add([died]);
    expect(of('delivery-moved')[0]?.why).to.equal(
      'the process died; the receiver does not recognize a repetition',
    );
    stop.abort();
    await running;
  });
});

describe('a lane and a delivery after a retry by a user', () => {
  async function retried(delivery: Delivery, keyLifeMs = 0) {
    const trigger = new RecordingTrigger(keyLifeMs);
    const lane = setUp({}, trigger);
    const { clock, store } = lane;
    const next = { state: 'unknown', dead: null, dueAt: 0 } as const;
    await store.journal.commit(aCommit({ deliveries: [delivery] }));
    await store.outbox.change({ id: delivery.id, from: ['waiting'], next, now: NOW });
    await act('retry', delivery.id, { ...store, now: clock.now() });
    lane.lane.wake();
    await clock.advance(0);
    return { ...lane, trigger };
  }

  it('attempts it although answers were lost before, and reports it as possibly twice', async () => {
    const { trigger, clock, of, stop, running } = await retried(diedTwice);
    expect(trigger.firings).to.have.length(1);
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(of('delivery-moved').at(-1)).to.include({ to: 'delivered', possiblyTwice: true });
    stop.abort();
    await running;
  });

  it('repeats a refused attempt, as if no answer had been lost', async () => {
    const { trigger, clock, stop, running } = await retried(diedTwice);
    trigger.firings[0]?.end(RETRY);
    await clock.advance(1_000);
    expect(trigger.firings).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('does not repeat it again if another answer is lost', async () => {
    const { trigger, clock, of, stop, running } = await retried(diedTwice);
    trigger.firings[0]?.end(DIED);
    await clock.advance(MINUTE);
    expect(trigger.firings).to.have.length(1);
    expect(of('delivery-moved').at(-1)?.to).to.equal('unknown');
    stop.abort();
    await running;
  });

  it('counts its age from the retry', async () => {
    const { trigger, clock, of, stop, running } = await retried(left([[99 * 60 * MINUTE, RETRY]]));
    trigger.firings[0]?.end(RETRY);
    await clock.advance(0);
    expect(of('delivery-moved').at(-1)?.to).to.equal('waiting');
    stop.abort();
    await running;
  });

  it('counts errors of its trigger from the retry', async () => {
    const thrown: Outcome = { outcome: 'unknown', reason: 'bug', detail: 'x is not a function' };
    const bugs = [5, 4, 3, 2, 1].map((minutes) => [minutes * MINUTE, thrown] as const);
    const { trigger, clock, of, stop, running } = await retried(left(bugs), 60 * MINUTE);
    trigger.firings[0]?.end(thrown);
    await clock.advance(0);
    expect(of('delivery-moved').at(-1)?.to).to.equal('waiting');
    stop.abort();
    await running;
  });

  it('takes no later attempt for an earlier one, although the clock was set back', async () => {
    const { trigger, clock, of, stop, running } = await retried(left([[-30 * MINUTE, DIED]]));
    expect(trigger.firings).to.have.length(1);
    trigger.firings[0]?.end(DIED);
    await clock.advance(60 * MINUTE);
    expect(trigger.firings).to.have.length(1);
    expect(of('delivery-moved').at(-1)?.to).to.equal('unknown');
    stop.abort();
    await running;
  });
});
