// A lane whose receiver asks to wait or does not accept the credential: no attempts meanwhile, how
// it continues, its reports, and ages.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { deliveries } from '../support/builders.ts';
import { DELIVERED, RecordingTrigger } from '../support/doubles/trigger.ts';
import { setUp, stateOf } from './lane-bench.ts';

const MINUTE = 60_000;
const ASKED: Outcome = {
  ...{ outcome: 'retry', reason: 'throttled', detail: '429', afterMs: MINUTE, pauseMs: MINUTE },
};
const UNAUTHORIZED: Outcome = { outcome: 'retry', reason: 'unauthorized', detail: '401' };

/** A lane of 8 whose first attempts all had this outcome. */
async function answered(outcome: Outcome, count: number, trigger = new RecordingTrigger()) {
  const lane = setUp({ concurrency: 8 }, trigger);
  await lane.add(deliveries(count));
  for (const firing of trigger.firings) firing.end(outcome);
  await lane.clock.advance(0);
  const end = async (): Promise<void> => {
    lane.stop.abort();
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await lane.clock.advance(0);
    await lane.running;
  };
  return { trigger, ...lane, end };
}

describe('a lane whose receiver asks to wait', () => {
  it('attempts no delivery for that long, also no other one', async () => {
    const { trigger, clock, add, end } = await answered(ASKED, 100);
    expect(trigger.firings).to.have.length(8);
    await add(deliveries(120).slice(100));
    await clock.advance(MINUTE - 1);
    expect(trigger.firings).to.have.length(8);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(9);
    await end();
  });

  it('continues with one attempt, then with more as they succeed', async () => {
    const { trigger, clock, end } = await answered(ASKED, 100);
    await clock.advance(MINUTE);
    const running: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      running.push(trigger.running);
      for (const firing of trigger.firings) firing.end(DELIVERED);
      await clock.advance(0);
    }
    expect(running).to.deep.equal([1, 2, 4, 8, 8]);
    await end();
  });

  it('reports once that it pauses and once that it continues', async () => {
    const { trigger, clock, of, end } = await answered(ASKED, 100);
    const began = clock.now();
    await clock.advance(MINUTE);
    trigger.firings[8]?.end(DELIVERED);
    await clock.advance(0);
    expect(of('pause').map(({ state, retryMs }) => [state, retryMs])).to.deep.equal([
      ['paused', MINUTE],
      ['trying', 0],
      ['over', 0],
    ]);
    expect(of('pause')[0]).to.include({
      ...{ trigger: 'build', reason: 'throttled', until: began + MINUTE },
      why: 'the receiver asked to wait: 429',
    });
    expect(of('breaker')).to.deep.equal([]);
    await end();
  });

  it('is paused by the answer to an accepted delivery', async () => {
    const { trigger, clock, store, end } = await answered(
      { outcome: 'delivered', pauseMs: MINUTE },
      20,
    );
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
    await clock.advance(MINUTE - 1);
    expect(trigger.firings).to.have.length(8);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(9);
    await end();
  });

  it('allows one attempt if a user asks for one', async () => {
    const { trigger, clock, lane, end } = await answered(ASKED, 100);
    await clock.advance(1_000);
    lane.attemptNow();
    await clock.advance(0);
    expect(trigger.firings).to.have.length(9);
    trigger.firings[8]?.end(ASKED);
    await clock.advance(MINUTE - 1);
    expect(trigger.firings).to.have.length(9);
    await end();
  });

  it('makes no dead letter because of the time in which it was paused', async () => {
    const HOUR = 60 * MINUTE;
    const trigger = new RecordingTrigger();
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 10 * MINUTE };
    const { add, clock, store, stop, running } = setUp({ concurrency: 5, retry }, trigger);
    await add(deliveries(5));
    for (const firing of trigger.firings) firing.end({ ...ASKED, pauseMs: HOUR, afterMs: HOUR });
    await clock.advance(HOUR);
    for (const firing of trigger.firings) firing.end({ ...ASKED, pauseMs: HOUR, afterMs: HOUR });
    await clock.advance(0);
    const states = await Promise.all(deliveries(5).map((one) => stateOf(store, one)));
    expect(states).to.deep.equal(Array(5).fill('waiting'));
    stop.abort();
    await running;
  });

  it('ends its pause with its time if nothing waits', async () => {
    const { trigger, clock, add, of, end } = await answered(
      { outcome: 'delivered', pauseMs: MINUTE },
      1,
    );
    await clock.advance(MINUTE - 1);
    expect(of('pause').map(({ state }) => state)).to.deep.equal(['paused']);
    await clock.advance(1);
    expect(of('pause').map(({ state }) => state)).to.deep.equal(['paused', 'over']);
    await add(deliveries(11).slice(1));
    expect(trigger.running).to.equal(1);
    await end();
  });

  it('does not end its pause while a delivery waits for its turn', async () => {
    const { clock, of, end } = await answered(ASKED, 1);
    await clock.advance(MINUTE);
    expect(of('pause').map(({ state }) => state)).to.deep.equal(['paused', 'trying']);
    await end();
  });

  it('makes no attempt that waited for the lock behind an exclusive one', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 8 }, trigger);
    const [suspect, ...others] = deliveries(8);
    await add(suspect === undefined ? [] : [{ ...suspect, deaths: 2 }]);
    await add(others);
    expect(trigger.firings).to.have.length(1);
    trigger.firings[0]?.end(ASKED);
    await clock.advance(MINUTE - 1);
    expect(trigger.firings).to.have.length(1);
    const waiting = await store.archive.list({ states: ['waiting'], limit: 10 });
    expect(waiting).to.have.length(8);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('continues with a batch that is not full', async () => {
    const trigger = new RecordingTrigger(0, { max: 100, waitMs: 1_000 });
    const { add, clock, stop, running } = setUp({ concurrency: 8 }, trigger);
    await add(deliveries(5));
    await clock.advance(1_000);
    trigger.firings[0]?.end(ASKED);
    await clock.advance(MINUTE);
    await clock.advance(1_000);
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([5, 5]);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('returns its claims, and stops at once although it is paused', async () => {
    const { trigger, store, stop, running } = await answered(ASKED, 100);
    const waiting = await store.archive.list({ states: ['waiting'], limit: 200 });
    expect(waiting).to.have.length(100);
    stop.abort();
    await running;
    expect(trigger.firings).to.have.length(8);
  });
});

describe('a lane whose receiver does not accept the credential', () => {
  it('makes one attempt at intervals, however many deliveries wait', async () => {
    const { trigger, clock, of, end } = await answered(UNAUTHORIZED, 100);
    const tried: number[] = [];
    for (const ms of [5_000, 10_000, 20_000, 40_000, MINUTE, MINUTE]) {
      await clock.advance(ms);
      tried.push(trigger.firings.length);
      for (const firing of trigger.firings) firing.end(UNAUTHORIZED);
      await clock.advance(0);
    }
    expect(tried).to.deep.equal([9, 10, 11, 12, 13, 14]);
    expect(of('pause')[0]).to.include({ reason: 'unauthorized', state: 'paused' });
    await end();
  });

  it('continues with all after one attempt succeeded', async () => {
    const { trigger, clock, end } = await answered(UNAUTHORIZED, 100);
    await clock.advance(5_000);
    trigger.firings[8]?.end(DELIVERED);
    await clock.advance(0);
    expect(trigger.running).to.equal(8);
    await end();
  });

  it('makes an attempt at once when the credential was renewed', async () => {
    let isRenewed = false;
    const trigger = Object.assign(new RecordingTrigger(), { isRenewed: async () => isRenewed });
    const { clock, end } = await answered(UNAUTHORIZED, 100, trigger);
    // The backoff is a minute by now.
    for (const ms of [5_000, 10_000, 20_000, 40_000]) {
      await clock.advance(ms);
      for (const firing of trigger.firings) firing.end(UNAUTHORIZED);
      await clock.advance(0);
    }
    const before = trigger.firings.length;
    await clock.advance(15_000);
    expect(trigger.firings).to.have.length(before);
    isRenewed = true;
    await clock.advance(10_000);
    expect(trigger.firings).to.have.length(before + 1);
    await end();
  });

  it('reports a trigger that throws while it looks for another credential', async () => {
    const isRenewed = (): Promise<boolean> => Promise.reject(new Error('no'));
    const trigger = Object.assign(new RecordingTrigger(), { isRenewed });
    const { clock, of, end } = await answered(UNAUTHORIZED, 10, trigger);
    await clock.advance(5_000);
    expect(of('bug')[0]?.where).to.equal('trigger build, looking for another credential');
    expect(trigger.firings).to.have.length(9);
    await end();
  });
});
