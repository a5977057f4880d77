// A full store: intake waits for room or sheds new deliveries; nothing else is lost.

import { expect } from 'chai';
import type { Committed } from '../../lib/core/ports/store.ts';
import { aBatch, aSeries, positionsAt } from '../support/builders.ts';
import { FailingStore, recordingStore } from '../support/doubles/store.ts';
import { NEVER } from '../support/never.ts';
import { intakeHarness } from './harness.ts';

/** Intake whose store has no room for new deliveries until it is healed. */
function bench(overflow: 'block' | 'shed') {
  const failing = new FailingStore();
  failing.fill();
  const { store, commits } = recordingStore(failing.store);
  const answers: boolean[] = [];
  const answered = ({ done }: Committed): void => void answers.push(done);
  const harness = intakeHarness({ store, parts: { overflow, answered } });
  return { ...harness, store, failing, commits, answers };
}

describe('intake with a full store and overflow: block', () => {
  it('waits for room, observes nothing before, and then commits the same batch', async () => {
    const { take, clock, failing, commits, answers, committed, seen, dispositions } =
      bench('block');
    const taking = take(aSeries('a'), aSeries('b'));
    await clock.advance(60_000);
    expect([committed, seen]).to.deep.equal([[], []]);
    expect(answers).to.have.length.within(8, 14);
    failing.heal();
    await clock.advance(10_000);
    await taking;
    expect(dispositions()).to.deep.equal([['queued'], ['queued']]);
    expect(committed).to.have.length(2);
    expect(answers.at(-1)).to.equal(true);
    const ids = commits().map(({ deliveries }) => deliveries.map(({ id }) => id).join());
    expect(new Set(ids).size).to.equal(1);
  });

  it('takes a batch without new deliveries, because that needs no room', async () => {
    const { intake, store } = bench('block');
    const positions = positionsAt('7');
    await intake.take(aBatch({ positions }), NEVER);
    await intake.save();
    expect((await store.journal.positions('shop')).size).to.equal(1);
  });

  it('gives the batch up at a stop and takes no later one', async () => {
    const { intake, clock, committed, seen, store } = bench('block');
    const stop = new AbortController();
    const reason = new Error('SIGTERM');
    const positions = positionsAt('7');
    const batch = aBatch({ occurrences: [aSeries('a')], positions });
    const taking = intake.take(batch, stop.signal).catch((error: unknown) => error);
    await clock.advance(1_000);
    stop.abort(reason);
    expect(await taking).to.equal(reason);
    expect([committed, seen]).to.deep.equal([[], []]);
    expect((await store.journal.positions('shop')).size).to.equal(0);
  });
});

describe('intake with a full store and overflow: shed', () => {
  it('sheds new deliveries and commits the rest of the batch', async () => {
    const { intake, of, committed, store, dispositions } = bench('shed');
    const positions = positionsAt('7');
    const occurrences = [aSeries('a'), aSeries('a', { event: { count: 4 } }), aSeries('b')];
    await intake.take(aBatch({ occurrences, positions }), NEVER);
    expect(dispositions()).to.deep.equal([['shed'], ['shed'], ['shed']]);
    const [first] = of('decision').flatMap(({ disposed }) => disposed);
    expect(first).to.deep.include({ id: null, why: 'the store is full' });
    expect(committed).to.deep.equal([]);
    expect((await store.journal.positions('shop')).size).to.equal(1);
  });

  it('keeps no trace of them, so the next state is judged again', async () => {
    const { take, failing, dispositions, committed } = bench('shed');
    await take(aSeries('a'));
    failing.heal();
    await take(aSeries('a', { event: { count: 4 } }));
    expect(dispositions()).to.deep.equal([['shed'], ['queued']]);
    expect(committed).to.have.length(1);
  });

  it('still recognizes a repeat of a series started before', async () => {
    const { take, failing, dispositions, store, commits } = bench('shed');
    failing.heal();
    await take(aSeries('a'));
    failing.fill();
    await take(aSeries('a', { event: { count: 9 } }), aSeries('b'));
    expect(dispositions()).to.deep.equal([['queued'], ['repeat'], ['shed']]);
    const [entry] = commits()[0]?.ledger ?? [];
    const moved = await store.journal.lookup([entry?.key ?? '']);
    expect(moved.size).to.equal(1);
    expect(
      commits()
        .at(-1)
        ?.ledger.map(({ id }) => id),
    ).to.deep.equal([entry?.id]);
    expect(commits().at(-1)?.decisions).to.deep.equal([]);
  });
});
