// A lane with its breaker: no attempts while it is open, the test attempt, and ages.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { deliveries } from '../support/builders.ts';
import { DELIVERED, RecordingTrigger } from '../support/doubles/trigger.ts';
import { setUp, stateOf } from './lane-bench.ts';

const DOWN: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };

/** A lane of 5 whose first five attempts were unreachable: its breaker is open for 5 s. */
async function opened(count: number) {
  const trigger = new RecordingTrigger();
  const lane = setUp({ concurrency: 5 }, trigger);
  await lane.add(deliveries(count));
  for (const firing of trigger.firings.slice(0, 5)) firing.end(DOWN);
  await lane.clock.advance(0);
  return { trigger, ...lane };
}

describe('a lane whose breaker is open', () => {
  it('makes no attempt until its time, then one alone', async () => {
    const { trigger, clock, of, stop, running } = await opened(20);
    expect(of('breaker').map(({ to }) => to)).to.deep.equal(['open']);
    await clock.advance(4_999);
    expect(trigger.firings).to.have.length(5);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(6);
    await clock.advance(1_000);
    expect(trigger.firings).to.have.length(6);
    expect(of('breaker').map(({ to }) => to)).to.deep.equal(['open', 'half-open']);
    trigger.firings[5]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('makes one attempt at once if a user asks for it', async () => {
    const { stop, running, trigger, lane, clock } = await opened(20);
    await clock.advance(1_000);
    expect(trigger.firings).to.have.length(5);
    lane.attemptNow();
    await clock.advance(0);
    expect(trigger.firings).to.have.length(6);
    stop.abort();
    trigger.firings[5]?.end(DOWN);
    await clock.advance(0);
    await running;
  });

  it('continues with all after the test attempt succeeded', async () => {
    const { trigger, clock, of, stop, running } = await opened(20);
    await clock.advance(5_000);
    trigger.firings[5]?.end(DELIVERED);
    await clock.advance(0);
    expect(trigger.running).to.equal(5);
    expect(of('breaker').at(-1)).to.include({ trigger: 'build', to: 'closed' });
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits longer after a failed test attempt', async () => {
    const { trigger, clock, of, stop, running } = await opened(20);
    await clock.advance(5_000);
    trigger.firings[5]?.end(DOWN);
    await clock.advance(9_999);
    expect(trigger.firings).to.have.length(6);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(7);
    expect(of('breaker').at(-2)).to.include({ to: 'open', retryMs: 10_000 });
    trigger.firings[6]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('makes no dead letter because of the time without attempts', async () => {
    const trigger = new RecordingTrigger();
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 8_000 };
    const { add, clock, store, stop, running } = setUp({ concurrency: 5, retry }, trigger);
    await add(deliveries(5));
    for (const firing of trigger.firings) firing.end(DOWN);
    // Attempts after 5 s and after 15 s: the second one is long after the 8 s of `forMs`.
    await clock.advance(5_000);
    trigger.firings[5]?.end(DOWN);
    await clock.advance(10_000);
    trigger.firings[6]?.end(DOWN);
    await clock.advance(0);
    const states = await Promise.all(deliveries(5).map((one) => stateOf(store, one)));
    expect(states).to.deep.equal(Array(5).fill('waiting'));
    stop.abort();
    await running;
  });

  it('stops at once although it waits', async () => {
    const { stop, running, trigger } = await opened(20);
    stop.abort();
    await running;
    expect(trigger.firings).to.have.length(5);
  });
});
