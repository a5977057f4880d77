// The release of held deliveries: its calls of the store, and the time that counts for `holdFor`.

import { expect } from 'chai';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, aSeries, deliveries } from '../support/builders.ts';
import { recordingStore } from '../support/doubles/store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { intakeHarness } from './harness.ts';

const HOUR = 3_600_000;

describe('the release', () => {
  it('reads held deliveries from the store once, however often it is woken', async () => {
    const { store, of } = recordingStore();
    const limits = { perObject: null, total: { count: 1, perMs: HOUR } };
    const { take, release, clock } = intakeHarness({ store, limits });
    await release.recover();
    const stop = new AbortController();
    const running = release.run(stop.signal);
    for (let number = 0; number < 50; number += 1) {
      await take(aSeries(`e.${number}`));
      release.wake();
      await clock.advance(1);
    }
    expect(of('list')).to.have.length(1);
    stop.abort();
    await running;
  });

  it('does not count the time without a gateway for holdFor', async () => {
    const clock = new FakeClock();
    const store = createMemoryStore();
    const heldAt = clock.now() - 26 * HOUR;
    const [one] = deliveries(1, { state: 'held', dueAt: heldAt, createdAt: heldAt });
    await store.journal.commit(aCommit({ deliveries: one === undefined ? [] : [one] }));
    // A gateway ran for half an hour of it.
    const downtimes = [{ from: heldAt + HOUR / 2, to: clock.now() }];
    const limits = { perObject: { count: 1, perMs: 100 * HOUR }, total: null };
    const { limiter, release, of } = intakeHarness({
      clock,
      store,
      limits,
      holdForMs: HOUR,
      downtimes,
    });
    limiter.recover([{ at: clock.now(), object: one?.object ?? '' }], clock.now());
    await release.recover();
    await release.pass();
    expect(of('delivery-moved')).to.deep.equal([]);
    await clock.advance(HOUR / 2);
    await release.pass();
    expect(of('delivery-moved').map(({ dead }) => dead)).to.deep.equal(['expired-held']);
  });
});
