// A delivery during whose attempts the process died twice: its next attempt runs alone.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import { SharedLock } from '../../lib/delivery/shared-lock.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { deliveries } from '../support/builders.ts';
import { DELIVERED, RecordingTrigger } from '../support/doubles/trigger.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { setUp, stateOf } from './lane-bench.ts';

/** Deliveries, of which the one with this number is a suspect. */
function withSuspect(count: number, place: number): readonly Delivery[] {
  return deliveries(count).map((one, at) => (at === place ? { ...one, deaths: 2 } : one));
}

const ids = (trigger: RecordingTrigger): readonly string[][] =>
  trigger.firings.map((one) => one.deliveries.map(({ id }) => id.slice(-1)));

describe('a delivery during whose attempts the process died twice', () => {
  it('is attempted when all others have ended, and no other begins before it ends', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({ concurrency: 4 }, trigger);
    await add(deliveries(1));
    await add(withSuspect(5, 1).slice(1));
    expect(ids(trigger)).to.deep.equal([['0']]);
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(ids(trigger)).to.deep.equal([['0'], ['1']]);
    trigger.firings[1]?.end(DELIVERED);
    await clock.advance(0);
    expect(ids(trigger).slice(2)).to.deep.equal([['2'], ['3'], ['4']]);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits until the others are recorded: an earlier death would count for them', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({}, trigger);
    const settle = store.outbox.settle.bind(store.outbox);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    store.outbox.settle = async (settlement) => {
      await promise;
      return settle(settlement);
    };
    await add(deliveries(1));
    await add(withSuspect(2, 1).slice(1));
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(trigger.firings).to.have.length(1);
    resolve(undefined);
    await clock.advance(0);
    expect(trigger.firings).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits for the attempts of every lane, and they wait for it', async () => {
    const given = {
      clock: new FakeClock(),
      store: createMemoryStore(),
      attemptLock: new SharedLock(),
    };
    const other = new RecordingTrigger();
    const trigger = new RecordingTrigger();
    const others = setUp({ trigger: 'other' }, other, given);
    const own = setUp({}, trigger, given);
    await others.add(deliveries(1, { trigger: 'other' }));
    await own.add(withSuspect(2, 1).slice(1));
    expect(trigger.running).to.equal(0);
    other.firings[0]?.end(DELIVERED);
    await given.clock.advance(0);
    expect(trigger.running).to.equal(1);
    await others.add(deliveries(3, { trigger: 'other' }).slice(2));
    expect(other.running).to.equal(0);
    trigger.firings[0]?.end(DELIVERED);
    await given.clock.advance(0);
    expect(other.running).to.equal(1);
    other.firings[1]?.end(DELIVERED);
    for (const { stop, running } of [others, own]) {
      stop.abort();
      await running;
    }
  });

  it('is not put into a batch with others', async () => {
    const trigger = new RecordingTrigger(0, { max: 4, waitMs: 1_000 });
    const { add, clock, stop, running } = setUp({}, trigger);
    await add(withSuspect(4, 2));
    expect(ids(trigger)).to.deep.equal([['2']]);
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(1_000);
    expect(ids(trigger)).to.deep.equal([['2'], ['0', '1', '3']]);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits for a slot if more of them are claimed than attempts are free', async () => {
    const trigger = new RecordingTrigger(0, { max: 4, waitMs: 0 });
    const { add, clock, lane, stop, running } = setUp({ concurrency: 1 }, trigger);
    await add(deliveries(3, { deaths: 2 }));
    for (const place of [0, 1, 2]) {
      expect(lane.running).to.equal(1);
      expect(ids(trigger)[place]).to.deep.equal([String(place)]);
      trigger.firings[place]?.end(DELIVERED);
      await clock.advance(0);
    }
    expect(trigger.most).to.equal(1);
    stop.abort();
    await running;
  });

  it('makes its lane claim no more than it may attempt meanwhile', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 3 }, trigger);
    await add(deliveries(1));
    await add(withSuspect(9, 1).slice(1));
    const counts = await store.archive.counts();
    expect(counts.find(({ state }) => state === 'running')?.count).to.equal(3);
    for (let place = 0; place < 9; place += 1) {
      trigger.firings[place]?.end(DELIVERED);
      await clock.advance(0);
    }
    expect(trigger.firings).to.have.length(9);
    stop.abort();
    await running;
  });

  it('is unchanged if it still waits at a stop', async () => {
    const trigger = new RecordingTrigger();
    const { add, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    await add(withSuspect(2, 1).slice(1));
    stop.abort();
    trigger.firings[0]?.end(DELIVERED);
    await running;
    expect(trigger.firings).to.have.length(1);
    const left = await store.archive.get(deliveries(2)[1]?.id ?? '');
    expect(left?.attempts).to.deep.equal([]);
    expect(left).to.include({ deaths: 2, state: 'waiting' });
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
  });

  it('is treated like others again once an attempt of it has ended', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({}, trigger);
    await add(withSuspect(1, 0));
    trigger.firings[0]?.end({ outcome: 'retry', reason: 'forbidden', detail: '403' });
    await clock.advance(0);
    await add(deliveries(2).slice(1));
    await clock.advance(1_000);
    expect(trigger.running).to.equal(2);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });
});
