// The release at work: how often it looks when it is rung all the time.
import { expect } from 'chai';
import type { Archive } from '../../lib/core/store.ts';
import { Limiter } from '../../lib/intake/limit.ts';
import { Release } from '../../lib/intake/release.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, deliveries } from '../conformance/store-builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { recordingObserve } from '../support/recording-observe.ts';

describe('the release', () => {
  it('rests nine times as long as a look at all that is held takes', async () => {
    const clock = new FakeClock();
    const store = createMemoryStore();
    const looks: number[] = [];
    const archive: Archive = {
      ...store.archive,
      list: async () => {
        looks.push(clock.monotonic());
        await clock.sleep(10, new AbortController().signal);
        return [];
      },
    };
    const limits = { perObject: null, total: null };
    const limiter = new Limiter(limits, { now: () => clock.monotonic(), from: 0 });
    const { observe } = recordingObserve();
    const released = (): void => undefined;
    const parts = { archive, outbox: store.outbox, limiter, holdForMs: 1_000, clock, observe };
    const release = new Release({ ...parts, without: [], released });
    const stop = new AbortController();
    const running = release.run(stop.signal);
    for (let ms = 0; ms < 450; ms += 1) {
      release.wake();
      await clock.advance(1);
    }
    expect(looks).to.deep.equal([0, 100, 200, 300, 400]);
    stop.abort();
    await clock.advance(100);
    await running;
  });

  it('does not count the time without a gateway for holdFor', async () => {
    const clock = new FakeClock();
    const store = createMemoryStore();
    const hour = 3_600_000;
    const heldAt = clock.now() - 26 * hour;
    const [one] = deliveries(1, { state: 'held', dueAt: heldAt, createdAt: heldAt });
    await store.journal.commit(aCommit({ deliveries: one === undefined ? [] : [one] }));
    const limits = { perObject: { count: 1, perMs: 100 * hour }, total: null };
    const limiter = new Limiter(limits, { now: () => clock.monotonic(), from: 0 });
    limiter.takeAt(one?.object ?? '', 0);
    const { observe, of } = recordingObserve();
    // Half an hour of it was worked.
    const without = [{ from: heldAt + hour / 2, to: clock.now() }];
    const parts = { archive: store.archive, outbox: store.outbox, limiter, clock, observe };
    const released = (): void => undefined;
    const release = new Release({ ...parts, holdForMs: hour, without, released });
    await release.pass();
    expect(of('delivery-moved')).to.deep.equal([]);
    await clock.advance(hour / 2);
    await release.pass();
    expect(of('delivery-moved').map(({ dead }) => dead)).to.deep.equal(['expired-held']);
  });
});
