// Lanes: bounded concurrency, one attempt an object, attempts recorded before they are made, and a
// stop that loses nothing.

import { expect } from 'chai';
import { Dispatch } from '../../lib/delivery/lane.ts';
import { aCommit, deliveries } from '../support/builders.ts';
import { DELIVERED, failingTrigger, RETRY, RecordingTrigger } from '../support/doubles/trigger.ts';
import { NEVER } from '../support/never.ts';
import { setUp, stateOf } from './lane-bench.ts';

describe('a lane', () => {
  it('makes no more attempts at once than its concurrency', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({}, trigger);
    await add(deliveries(5));
    expect(trigger.firings).to.have.length(2);
    for (let place = 0; place < 5; place += 1) {
      trigger.firings[place]?.end(DELIVERED);
      await clock.advance(0);
    }
    expect(trigger.firings).to.have.length(5);
    expect(trigger.most).to.equal(2);
    stop.abort();
    await running;
  });

  it('never makes two attempts for one involved object at once', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({ concurrency: 8 }, trigger);
    await add(deliveries(3, { object: 'v1/Pod/shop/web' }));
    expect(trigger.firings).to.have.length(1);
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(trigger.firings).to.have.length(2);
    expect(trigger.most).to.equal(1);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('records an attempt before it is made', async () => {
    const trigger = new RecordingTrigger();
    const { add, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    const stored = await store.archive.get(trigger.firings[0]?.delivery.id ?? '');
    expect(stored?.attempts).to.have.length(1);
    expect(stored?.attempts[0]).to.include({ number: 1, outcome: null, incarnation: 'one' });
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('repeats an attempt after its backoff, and not before', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    trigger.firings[0]?.end(RETRY);
    await clock.advance(999);
    expect(trigger.firings).to.have.length(1);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(2);
    expect(trigger.firings[1]?.delivery.attempts).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('waits as long as the receiver asked if that is longer', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    trigger.firings[0]?.end({ ...RETRY, afterMs: 30_000 });
    await clock.advance(29_999);
    expect(trigger.firings).to.have.length(1);
    await clock.advance(1);
    expect(trigger.firings).to.have.length(2);
    trigger.firings[1]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('aborts an attempt at its timeout', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    await clock.advance(10_000);
    expect(trigger.firings[0]?.signal.aborted).to.equal(true);
    expect(await stateOf(store, deliveries(1)[0])).to.equal('unknown');
    stop.abort();
    await running;
  });

  it('reports an error thrown by a trigger as a bug, and gives up after five', async () => {
    const broken = failingTrigger(new TypeError('x is not a function'), 3_600_000);
    const { add, clock, store, of, stop, running } = setUp({}, broken);
    await add(deliveries(1));
    await clock.advance(600_000);
    expect(broken.fired).to.equal(5);
    expect(of('bug')).to.have.length(5);
    const stored = await store.archive.get(deliveries(1)[0]?.id ?? '');
    expect(stored).to.include({ state: 'dead', dead: 'bug' });
    stop.abort();
    await running;
  });

  it('leaves an outcome unknown, without another attempt, when the key is no longer recognized', async () => {
    const trigger = new RecordingTrigger(30_000);
    const { add, clock, store, stop, running } = setUp({ concurrency: 1 }, trigger);
    const [first, second] = deliveries(2);
    await add(first === undefined ? [] : [first]);
    trigger.firings[0]?.end({ outcome: 'unknown', reason: 'timeout', detail: 'lost' });
    await clock.advance(0);
    // The lane is full while the repetition falls due, and free only after the key has expired.
    await add(second === undefined ? [] : [{ ...second, dueAt: 0 }]);
    await clock.advance(9_000);
    trigger.firings[1]?.end({ ...RETRY, afterMs: 100_000 });
    clock.jump(60_000);
    await clock.advance(0);
    expect(await stateOf(store, first)).to.equal('unknown');
    expect(trigger.firings).to.have.length(2);
    stop.abort();
    await running;
  });

  it('retries recording an outcome while the store fails', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, of, stop, running } = setUp({}, trigger);
    const settle = store.outbox.settle.bind(store.outbox);
    let failures = 0;
    store.outbox.settle = (settlement) =>
      (failures += 1) <= 3 ? Promise.reject(new Error('disk full')) : settle(settlement);
    await add(deliveries(1));
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(10_000);
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
    expect(of('bug')).to.have.length(3);
    expect(trigger.firings).to.have.length(1);
    stop.abort();
    await running;
  });

  it('observes each attempt, its outcome and the state of its delivery', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, seen, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    expect(seen.map(({ kind }) => kind)).to.deep.equal([
      'attempt-started',
      'attempt-ended',
      'delivery-moved',
    ]);
    stop.abort();
    await running;
  });

  it('claims nothing more after a stop and lets running attempts end', async () => {
    const trigger = new RecordingTrigger();
    const { add, store, stop, running } = setUp({ concurrency: 1 }, trigger);
    await add(deliveries(2));
    stop.abort();
    trigger.firings[0]?.end(DELIVERED);
    await running;
    expect(trigger.firings).to.have.length(1);
    expect(await stateOf(store, deliveries(2)[0])).to.equal('delivered');
    expect(await stateOf(store, deliveries(2)[1])).to.equal('waiting');
  });

  it('aborts running attempts when it is abandoned', async () => {
    const trigger = new RecordingTrigger();
    const { add, stop, abandon, running, lane } = setUp({}, trigger);
    await add(deliveries(1));
    stop.abort();
    expect(lane.running).to.equal(1);
    abandon.abort();
    await running;
    expect(lane.running).to.equal(0);
  });
});

describe('dispatch', () => {
  it('wakes the lanes of the given deliveries', async () => {
    const trigger = new RecordingTrigger();
    const { clock, lane, store, stop, running } = setUp({}, trigger);
    const dispatch = new Dispatch(new Map([['build', lane]]));
    await clock.advance(0);
    const added = deliveries(1);
    await store.journal.commit(aCommit({ deliveries: added }));
    dispatch.wake(added);
    await clock.advance(0);
    expect(dispatch.running).to.equal(1);
    trigger.firings[0]?.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('ends running attempts of every lane before it throws the error of the store', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, lane, store, stop, running } = setUp({}, trigger);
    stop.abort();
    await running;
    const claim = store.outbox.claim.bind(store.outbox);
    let claims = 0;
    store.outbox.claim = (request) =>
      (claims += 1) > 1 ? Promise.reject(new Error('disk full')) : claim(request);
    const dispatch = new Dispatch(new Map([['build', lane]]));
    await add(deliveries(1));
    let ended: unknown;
    const dispatched = dispatch
      .run({ stop: NEVER, abandon: NEVER })
      .catch((error: unknown) => (ended = error));
    await clock.advance(0);
    expect(trigger.firings).to.have.length(1);
    expect(ended).to.equal(undefined);
    trigger.firings[0]?.end(DELIVERED);
    await dispatched;
    expect(ended).to.be.an('error').with.property('message', 'disk full');
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
  });
});
