// A lane whose clock jumps, whose process stops, or whose deliveries overtake each other.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { deliveries } from '../support/builders.ts';
import { DELIVERED, RETRY, RecordingTrigger } from '../support/doubles/trigger.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { setUp, stateOf } from './lane-bench.ts';

const HOUR = 3_600_000;
const DOWN: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };

describe('a lane whose clock is set back', () => {
  it('attempts a waiting delivery at its time after the store was shifted, not an hour later', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, lane, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    trigger.firings[0]?.end({ ...RETRY, afterMs: 90_000 });
    await clock.advance(0);
    clock.jump(-HOUR);
    await store.upkeep.shift(-HOUR);
    lane.clockJumped(-HOUR);
    await clock.advance(89_999);
    expect(trigger.firings).to.have.length(1);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('looks again once a minute without a wake-up', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1, { dueAt: clock.now() + HOUR }));
    await store.upkeep.shift(-HOUR);
    await clock.advance(60_000);
    expect(trigger.firings).to.have.length(1);
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });
});

describe('a lane whose clock jumps forward', () => {
  it('lets nothing expire because of that', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, lane, store, of, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    await store.upkeep.shift(25 * HOUR);
    clock.jump(25 * HOUR);
    lane.clockJumped(25 * HOUR);
    trigger.firings[0]?.end(RETRY);
    await clock.advance(0);
    expect(of('delivery-moved').map(({ to }) => to)).to.deep.equal(['waiting']);
    stop.abort();
    await running;
  });
});

describe('a lane after a restart', () => {
  it('makes no dead letter because of the time in which a breaker was open or no gateway ran', async () => {
    const given = { clock: new FakeClock(), store: createMemoryStore() };
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 10 * 60_000 };
    const refused = new RecordingTrigger();
    const first = setUp({ concurrency: 5, retry }, refused, given);
    const { clock, store } = given;
    await first.add(deliveries(5));
    first.stop.abort();
    for (const firing of refused.firings) firing.end(DOWN);
    await first.running;
    await clock.advance(HOUR);
    const from = clock.now();
    await clock.advance(25 * HOUR);
    const downtimes = [{ from, to: clock.now() }];
    const trigger = new RecordingTrigger();
    const second = setUp({ concurrency: 5, retry }, trigger, { ...given, downtimes });
    await clock.advance(0);
    expect(trigger.firings).to.have.length(5);
    for (const firing of trigger.firings) firing.end(RETRY);
    await clock.advance(0);
    const states = await Promise.all(deliveries(5).map((one) => stateOf(store, one)));
    expect(states).to.deep.equal(Array(5).fill('waiting'));
    second.stop.abort();
    await second.running;
  });
});

describe('a lane that keeps order', () => {
  it('says which delivery was overtaken', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, of, stop, running } = setUp({ order: 'object' }, trigger);
    const two = deliveries(2, { object: 'v1/Pod/shop/web' });
    await add(two);
    trigger.firings[0]?.end({ ...RETRY, afterMs: 90_000 });
    await clock.advance(60_000);
    trigger.firings[1]?.end(DELIVERED);
    await clock.advance(30_000);
    trigger.firings[2]?.end(DELIVERED);
    await clock.advance(0);
    expect(of('delivery-moved').map(({ delivery, why }) => [delivery.id, why])).to.deep.equal([
      [two[0]?.id, 'busy'],
      [two[1]?.id, `overtook ${two[0]?.id}, which waits for its retry`],
      [two[0]?.id, ''],
    ]);
    stop.abort();
    await running;
  });

  it('makes the attempt although that cannot be read', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, failing, stop, running } = setUp({ order: 'object' }, trigger);
    failing.fail(new Error('busy'), 'list');
    await add(deliveries(1));
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
    stop.abort();
    await running;
  });
});
