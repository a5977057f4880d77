// The retrying store: which calls are retried, for how long, and the observations about it.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { retryingStore } from '../../lib/gateway/retrying-store.ts';
import { aCommit } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FailingStore, recordingStore, UNAVAILABLE } from '../support/doubles/store.ts';
import { FakeClock } from '../support/fake-clock.ts';

const away = (why = 'disk full'): SluiceError => new SluiceError('store-unavailable', why);

/** A store that is retried, the failures before it, and how often it was called. */
function bench() {
  const clock = new FakeClock();
  const recording = recordingObserve();
  const failing = new FailingStore();
  const { store, calls } = recordingStore(failing.store);
  const stop = new AbortController();
  const limit = new AbortController();
  const parts = { clock, random: () => 1, observe: recording.observe };
  const patient = retryingStore(store, { ...parts, stop: stop.signal, limit: limit.signal });
  const told = () => recording.of('store-trouble').map(({ state, why }) => [state, why]);
  return { clock, failing, patient, stop, limit, told, calls: () => calls.length };
}

describe('a store whose calls are retried', () => {
  it('is called again until it succeeds', async () => {
    const { clock, failing, patient, told } = bench();
    failing.fail(away(), 'commit');
    const committing = patient.journal.commit(aCommit());
    await clock.advance(60_000);
    failing.heal('commit');
    await clock.advance(5_000);
    expect((await committing).done).to.equal(true);
    expect(told()).to.deep.equal([
      ['unavailable', 'disk full'],
      ['available', ''],
    ]);
  });

  it('is called less and less often', async () => {
    const { clock, failing, patient, stop, calls } = bench();
    failing.fail(away(), 'commit');
    const committing = patient.journal.commit(aCommit()).catch(() => undefined);
    await clock.advance(1_000);
    const soon = calls();
    await clock.advance(600_000);
    expect(soon).to.be.within(4, 6);
    expect(calls() - soon).to.be.within(110, 130);
    stop.abort();
    await committing;
  });

  it('reports each reason once, and that it is available only if no call fails', async () => {
    const { clock, failing, patient, told } = bench();
    failing.fail(away('disk full'), 'commit');
    failing.fail(away('input/output error'), 'lookup');
    const both = Promise.all([patient.journal.commit(aCommit()), patient.journal.lookup(['k'])]);
    await clock.advance(20_000);
    failing.heal('lookup');
    await clock.advance(20_000);
    expect(told()).to.deep.equal([
      ['unavailable', 'disk full'],
      ['unavailable', 'input/output error'],
    ]);
    failing.heal('commit');
    await clock.advance(5_000);
    await both;
    expect(told().at(-1)).to.deep.equal(['available', '']);
  });

  it('is not called again after an error that no retry cures', async () => {
    const { failing, patient, told, calls } = bench();
    const damaged = new SluiceError('store-unusable', 'damaged');
    failing.fail(damaged, 'commit');
    const error = await patient.journal.commit(aCommit()).catch((thrown: unknown) => thrown);
    expect(error).to.equal(damaged);
    expect(calls()).to.equal(1);
    expect(told()).to.deep.equal([]);
  });

  const claimed = {
    trigger: 'build',
    incarnation: 'one',
    now: 0,
    limit: 1,
    order: 'none',
  } as const;
  const attempted = { id: 'x', incarnation: 'one', now: 0 };
  const settled = {
    ...attempted,
    outcome: { outcome: 'delivered' },
    durationMs: 1,
    next: { state: 'delivered', dead: null, dueAt: 0, started: null },
  } as const;
  const ends: readonly (readonly [string, (store: Store) => Promise<unknown>, unknown])[] = [
    ['a claim finds nothing', (store) => store.outbox.claim(claimed), []],
    ['nothing falls due next', (store) => store.outbox.next('build'), null],
    [
      'an attempt is not made',
      (store) => store.outbox.attempt(attempted),
      { done: false, state: 'running' },
    ],
  ];
  for (const [what, call, answer] of ends) {
    it(`is not retried after a stop: ${what}`, async () => {
      const { clock, failing, patient, stop } = bench();
      failing.fail(UNAVAILABLE);
      const asked = call(patient);
      await clock.advance(1_000);
      stop.abort();
      await clock.advance(0);
      expect(await asked).to.deep.equal(answer);
    });
  }

  it('is not retried after a stop: a commit is given up', async () => {
    const { clock, failing, patient, stop } = bench();
    failing.fail(UNAVAILABLE);
    const asked = patient.journal.commit(aCommit()).catch((error: unknown) => error);
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(0);
    expect(await asked).to.equal(UNAVAILABLE);
  });

  it('is retried for an outcome until the limit', async () => {
    const { clock, failing, patient, stop, limit } = bench();
    failing.fail(UNAVAILABLE);
    let isOver = false;
    const asked = patient.outbox.settle(settled).catch((error: unknown) => error);
    void asked.then(() => (isOver = true));
    stop.abort();
    await clock.advance(20_000);
    expect(isOver).to.equal(false);
    limit.abort();
    await clock.advance(0);
    expect(await asked).to.equal(UNAVAILABLE);
  });
});
