// A lane whose trigger takes several deliveries in one attempt: how they are gathered, and that
// each is settled by itself.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import { deliveries } from '../support/builders.ts';
import { DELIVERED, RETRY, RecordingTrigger } from '../support/doubles/trigger.ts';
import { setUp, stateOf } from './lane-bench.ts';

const BATCH = { max: 3, waitMs: 1_000 };

function batching(concurrency = 2) {
  const trigger = new RecordingTrigger(0, BATCH);
  return { trigger, ...setUp({ concurrency }, trigger) };
}

/** Deliveries with different ids and objects. */
function numbered(from: number, to: number): readonly Delivery[] {
  return deliveries(to).slice(from);
}

describe('a lane with batches', () => {
  it('makes one attempt of a full batch at once', async () => {
    const { trigger, add, stop, running } = batching();
    await add(numbered(0, 3));
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([3]);
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits for others up to its limit, and no longer', async () => {
    const { trigger, add, clock, stop, running } = batching();
    await add(numbered(0, 1));
    await clock.advance(600);
    await add(numbered(1, 2));
    await clock.advance(399);
    expect(trigger.firings).to.have.length(0);
    await clock.advance(1);
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([2]);
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('counts attempts against its concurrency, not deliveries', async () => {
    const { trigger, add, clock, stop, running } = batching(2);
    await add(numbered(0, 9));
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([3, 3]);
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(trigger.firings).to.have.length(3);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('records an attempt for each delivery before it is made', async () => {
    const { trigger, add, store, stop, running } = batching();
    await add(numbered(0, 3));
    for (const { id } of numbered(0, 3)) {
      expect((await store.archive.get(id))?.attempts).to.have.length(1);
    }
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('settles each delivery by its own outcome', async () => {
    const { trigger, add, clock, store, stop, running } = batching();
    await add(numbered(0, 3));
    const refused = { outcome: 'refused', reason: 'invalid', detail: '400' } as const;
    trigger.firings[0]?.end(DELIVERED, RETRY, refused);
    await clock.advance(0);
    const states = await Promise.all(numbered(0, 3).map((one) => stateOf(store, one)));
    expect(states).to.deep.equal(['delivered', 'waiting', 'refused']);
    stop.abort();
    await running;
  });

  it('never puts two deliveries of one involved object into a batch', async () => {
    const { trigger, add, clock, stop, running } = batching();
    await add(deliveries(3, { object: 'v1/Pod/shop/web' }));
    await clock.advance(1_000);
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([1]);
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('returns gathered deliveries at a stop, so that no claim remains', async () => {
    const { trigger, add, store, stop, running } = batching();
    await add(numbered(0, 2));
    expect(await stateOf(store, numbered(0, 1)[0])).to.equal('running');
    stop.abort();
    await running;
    expect(trigger.firings).to.have.length(0);
    expect(await stateOf(store, numbered(0, 1)[0])).to.equal('waiting');
  });

  it('returns deliveries that the store did not record, and attempts the others', async () => {
    const { trigger, add, clock, store, of, stop, running } = batching();
    const [first] = numbered(0, 1);
    const attempt = store.outbox.attempt.bind(store.outbox);
    let failures = 0;
    store.outbox.attempt = (claim) =>
      claim.id === first?.id && (failures += 1) === 1
        ? Promise.reject(new Error('busy'))
        : attempt(claim);
    await add(numbered(0, 3));
    expect(trigger.firings.map((one) => one.deliveries.length)).to.deep.equal([2]);
    expect(of('bug')).to.have.length(1);
    expect(await stateOf(store, first)).to.equal('waiting');
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(2_000);
    trigger.firings[1]?.end(DELIVERED);
    await clock.advance(0);
    expect(await stateOf(store, first)).to.equal('delivered');
    expect((await store.archive.get(first?.id ?? ''))?.attempts).to.have.length(1);
    stop.abort();
    await running;
  });

  it('treats a wrong number of outcomes as a bug of the trigger', async () => {
    const trigger = new RecordingTrigger(0, BATCH);
    trigger.fire = async () => [DELIVERED];
    const { add, store, of, stop, running } = setUp({}, trigger);
    await add(numbered(0, 3));
    expect(of('bug')).to.have.length(1);
    expect(await stateOf(store, numbered(0, 1)[0])).to.equal('unknown');
    stop.abort();
    await running;
  });
});

describe('a lane with at least once', () => {
  it('repeats a lost answer without a key and reports it as possibly twice', async () => {
    const trigger = new RecordingTrigger();
    const lane = setUp({ onLostAnswer: 'atLeastOnce' }, trigger);
    await lane.add(deliveries(1));
    trigger.firings[0]?.end({ outcome: 'unknown', reason: 'timeout', detail: 'no answer' });
    await lane.clock.advance(1_000);
    trigger.firings[1]?.end(DELIVERED);
    await lane.clock.advance(0);
    const moves = lane.of('delivery-moved').map(({ to, possiblyTwice }) => [to, possiblyTwice]);
    expect(moves).to.deep.equal([
      ['waiting', undefined],
      ['delivered', true],
    ]);
    lane.stop.abort();
    await lane.running;
  });
});
