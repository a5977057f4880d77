// A lane on a store that fails, hangs or is unusable, and outcomes recorded at the very end.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import { anAttempt, deliveries } from '../support/builders.ts';
import { UNAVAILABLE } from '../support/doubles/store.ts';
import { DELIVERED, RETRY, RecordingTrigger } from '../support/doubles/trigger.ts';
import { setUp, stateOf } from './lane-bench.ts';

const CUT_OFF: Outcome = { outcome: 'unknown', reason: 'stopped', detail: 'cut off' };
const UNUSABLE = new SluiceError('store-unusable', 'the file is damaged');

/** A lane with one running attempt. */
async function attempting() {
  const trigger = new RecordingTrigger();
  const lane = setUp({}, trigger);
  await lane.add(deliveries(1));
  return { trigger, ...lane };
}

describe('a lane whose store fails', () => {
  it('records outcomes after attempts were aborted', async () => {
    const { store, stop, abandon, running } = await attempting();
    stop.abort();
    abandon.abort();
    await running;
    expect(await stateOf(store, deliveries(1)[0])).to.equal('unknown');
  });

  it('ends two seconds after attempts were aborted, even with unrecorded outcomes', async () => {
    const { clock, store, failing, of, stop, abandon, running } = await attempting();
    let hasEnded = false;
    failing.fail(UNAVAILABLE, 'settle');
    void running.then(() => (hasEnded = true));
    stop.abort();
    abandon.abort();
    await clock.advance(1_999);
    expect(hasEnded).to.equal(false);
    await clock.advance(1);
    expect(hasEnded).to.equal(true);
    // The next start finds it as a lost answer.
    const left = await store.archive.get(deliveries(1)[0]?.id ?? '');
    expect(left?.attempts.map(({ outcome }) => outcome)).to.deep.equal([null]);
    expect(of('bug')).to.deep.equal([]);
    expect(clock.sleepers).to.equal(0);
  });

  it('ends although the store never answers', async () => {
    const { clock, failing, stop, abandon, running } = await attempting();
    failing.hang('settle');
    stop.abort();
    abandon.abort();
    await clock.advance(2_000);
    await running;
  });

  it('retries at once when attempts are aborted, however long its backoff', async () => {
    const { trigger, clock, store, failing, stop, abandon, running } = await attempting();
    failing.fail(UNAVAILABLE, 'settle');
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(600_000);
    failing.heal();
    stop.abort();
    abandon.abort();
    await running;
    expect(await stateOf(store, deliveries(1)[0])).to.equal('delivered');
  });

  it('leaves no timer behind if it ended before attempts were to be aborted', async () => {
    const { trigger, clock, stop, abandon, running } = await attempting();
    stop.abort();
    trigger.firings[0]?.end(DELIVERED);
    await running;
    abandon.abort();
    expect(clock.sleepers).to.equal(0);
  });

  for (const call of ['attempt', 'settle'] as const) {
    it(`throws an error of ${call} that no retry cures, after running attempts have ended`, async () => {
      const { trigger, add, clock, failing, of, running } = await attempting();
      let thrown: unknown;
      void running.catch((error: unknown) => (thrown = error));
      failing.fail(UNUSABLE, call);
      if (call === 'attempt') await add(deliveries(2).slice(1));
      trigger.firings[0]?.end(CUT_OFF);
      await clock.advance(0);
      expect(thrown).to.include({ code: 'store-unusable' });
      expect(of('bug')).to.deep.equal([]);
    });
  }

  it('makes no dead letter if the attempt could not be recorded, however old it is', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, failing, of, stop, running } = setUp({}, trigger);
    failing.fail(new Error('busy'), 'attempt');
    const day = 24 * 3_600_000;
    const tried = anAttempt({ at: clock.now() - day, outcome: RETRY, durationMs: 1 });
    await add(deliveries(1, { attempts: [tried] }));
    expect(of('delivery-moved').map(({ to }) => to)).to.deep.equal(['waiting']);
    expect(of('bug')).to.have.length(1);
    failing.heal();
    await clock.advance(10_000);
    trigger.firings[0]?.end(RETRY);
    await clock.advance(0);
    expect(of('delivery-moved').map(({ dead }) => dead)).to.deep.equal([null, 'expired']);
    stop.abort();
    await running;
  });
});

describe('a lane and its calls of the store', () => {
  it('claims once if the store has less than it may take', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, calls, stop, running } = setUp({ concurrency: 4 }, trigger);
    await clock.advance(0);
    calls.length = 0;
    await add(deliveries(3));
    const asked = calls.filter(({ name }) => name === 'claim' || name === 'next');
    expect(asked.map(({ name }) => name)).to.deep.equal(['claim', 'next']);
    expect(asked[0]).to.have.nested.property('args[0].limit', 4);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('claims once for all attempts that end in one turn', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, calls, stop, running } = setUp({ concurrency: 4 }, trigger);
    await add(deliveries(8));
    calls.length = 0;
    await clock.advance(100);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await clock.advance(0);
    const limits = calls.flatMap((call) => (call.name === 'claim' ? [call.args[0].limit] : []));
    expect(limits).to.deep.equal([4]);
    for (const firing of trigger.firings) firing.end(DELIVERED);
    stop.abort();
    await running;
  });

  it('claims ahead if attempts are short, and returns unused claims at a stop', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 2 }, trigger);
    await add(deliveries(9));
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await clock.advance(0);
    const count = async (state: string): Promise<number | undefined> =>
      (await store.archive.counts()).find((one) => one.state === state)?.count;
    expect(trigger.running).to.equal(2);
    expect(await count('running')).to.equal(4);
    stop.abort();
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await running;
    expect(trigger.firings).to.have.length(4);
    expect([await count('running'), await count('waiting')]).to.deep.equal([undefined, 5]);
  });

  it('returns its claims as due while the clock is set back', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 2 }, trigger);
    await add(deliveries(9));
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await clock.advance(0);
    clock.jump(-3_600_000);
    await store.upkeep.shift(-3_600_000);
    stop.abort();
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await running;
    const waiting = await store.archive.list({ states: ['waiting'], limit: 9 });
    expect(waiting).to.have.length(5);
    expect(Math.max(...waiting.map(({ dueAt }) => dueAt))).to.be.at.most(clock.now());
  });

  it('begins the next attempt while the last one is recorded, up to a bound', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 2 }, trigger);
    const settle = store.outbox.settle.bind(store.outbox);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    store.outbox.settle = async (settlement) => {
      await promise;
      return settle(settlement);
    };
    await add(deliveries(9));
    for (let round = 0; round < 9; round += 1) {
      for (const firing of trigger.firings) firing.end(DELIVERED);
      await clock.advance(0);
    }
    expect(trigger.firings).to.have.length(4);
    resolve(undefined);
    await clock.advance(0);
    expect(trigger.firings).to.have.length(6);
    stop.abort();
    for (const firing of trigger.firings) firing.end(DELIVERED);
    await running;
  });

  it('returns its claims when the breaker opens', async () => {
    const trigger = new RecordingTrigger();
    const { add, clock, store, stop, running } = setUp({ concurrency: 5 }, trigger);
    await add(deliveries(30));
    const down: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'ECONNREFUSED' };
    trigger.firings[0]?.end(DELIVERED);
    await clock.advance(0);
    for (const firing of trigger.firings) firing.end(down);
    await clock.advance(0);
    const counts = await store.archive.counts();
    expect(counts.find(({ state }) => state === 'running')).to.equal(undefined);
    stop.abort();
    await running;
  });

  it('does not claim in a busy loop if the store does not hand out a due delivery', async () => {
    const { add, clock, store, stop, running } = setUp();
    let claims = 0;
    store.outbox.claim = async () => {
      claims += 1;
      return [];
    };
    await add(deliveries(1));
    claims = 0;
    await clock.advance(1_000);
    expect(claims).to.equal(50);
    stop.abort();
    await running;
  });
});
