// Parts of a commit other than deliveries: the reason of each, complete lists, and the loss of a
// gap as far as the ledger shows it. A repeated batch starts nothing again.

import { expect } from 'chai';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import {
  aBatch,
  aGap,
  anEvent,
  anOccurrence,
  aSeries,
  PATH,
  positionsAt,
} from '../support/builders.ts';
import { FailingStore, recordingStore } from '../support/doubles/store.ts';
import { NEVER } from '../support/never.ts';
import { type HarnessOptions, intakeHarness } from './harness.ts';

const positions = positionsAt('9');
const GAP = aGap({ why: 'listed again after 410', from: { resourceVersion: '1', at: 1 } });

/** Intake whose commits are recorded. */
function bench(options: HarnessOptions = {}) {
  const { store, commits } = recordingStore(options.store);
  return { ...intakeHarness({ ...options, store }), commits };
}

const counted = (count: number, from: 'list' | 'watch', name = 'web-1.17f1') =>
  aSeries(name, { from, event: { count } });

describe('a commit', () => {
  it('contains for each new delivery why the rules before did not match', async () => {
    const rules = [
      { name: 'nodes', kind: 'Node', action: 'reject' },
      { name: 'all', action: 'accept', triggers: ['build', 'report'] },
    ] as const;
    const { take, commits, store, clock, committed } = bench({ rules });
    await take(anOccurrence(), anOccurrence({ event: anEvent({ count: 4 }) }));
    const [trail] = commits().map(({ decisions }) => decisions.map((one) => one.trail));
    const passed = { index: 0, name: 'nodes', field: 'kind', wanted: 'Node', found: 'Pod' };
    expect(trail).to.deep.equal([[passed], [passed]]);
    for (const { id } of committed) {
      const kept = await store.archive.decision(id);
      expect(kept).to.deep.equal({ id, at: clock.now(), trail: [passed] });
    }
  });

  it('contains the complete lists of the batch and the clock of the retention', async () => {
    const { intake, commits } = bench({ parts: { readMs: () => 4_711 } });
    const listed = [{ path: PATH, keys: new Set(['shop/a']) }];
    await intake.take(aBatch({ listed }), NEVER);
    expect(commits()[0]).to.deep.include({ listed, readMs: 4_711 });
  });

  it('that is repeated after a crash starts nothing again, wherever the crash was', async () => {
    const store = createMemoryStore();
    const batch = aBatch({
      occurrences: [counted(3, 'watch'), counted(3, 'watch', 'b')],
      positions,
    });
    const dying = new FailingStore(store);
    dying.loseAnswers(new Error('killed before the answer'), 'commit');
    await intakeHarness({ store: dying.store })
      .intake.take(batch, NEVER)
      .catch(() => undefined);
    const again = bench({ store });
    await again.intake.take(batch, NEVER);
    expect(again.dispositions()).to.deep.equal([['repeat'], ['repeat']]);
    expect(again.committed).to.deep.equal([]);
    expect(await store.archive.list({ limit: 10 })).to.have.length(2);
  });
});

describe('a gap after which everything was listed', () => {
  const start = async () => {
    const one = bench();
    await one.take(counted(3, 'watch'));
    return one;
  };
  const cases = [
    ['nothing if nothing was written meanwhile', [counted(3, 'list')], 'none'],
    ['nothing if it was written once, and that was read', [counted(4, 'list')], 'none'],
    ['states (coalesced) if it was written more than once', [counted(5, 'list')], 'coalesced'],
    ['nothing if a watch shows the states', [counted(9, 'watch')], 'none'],
    ['nothing if the series is not known', [counted(9, 'list', 'other')], 'none'],
  ] as const;
  for (const [promise, occurrences, loss] of cases) {
    it(`lost ${promise}`, async () => {
      const { intake, of } = await start();
      await intake.take(aBatch({ occurrences, gaps: [GAP], positions }), NEVER);
      expect(of('gap').map(({ gap }) => gap.loss)).to.deep.equal([loss]);
    });
  }

  it('lost nothing if the state before, of the same second, was read', async () => {
    const { intake, take, of } = await start();
    await take(counted(4, 'watch'));
    await intake.take(aBatch({ occurrences: [counted(5, 'list')], gaps: [GAP], positions }), NEVER);
    expect(of('gap').map(({ gap }) => gap.loss)).to.deep.equal(['none']);
  });

  it('is assessed by all pages of its list, not by those of the next list', async () => {
    const { intake, of, store } = await start();
    await intake.take(aBatch({ occurrences: [counted(7, 'list')] }), NEVER);
    await intake.take(aBatch({ gaps: [GAP], positions }), NEVER);
    await intake.take(aBatch({ gaps: [GAP], positions }), NEVER);
    expect(of('gap').map(({ gap }) => gap.loss)).to.deep.equal(['coalesced', 'none']);
    expect((await store.archive.gaps(1))[0]?.loss).to.equal('none');
    expect(of('gap')[0]?.gap.why).to.equal(
      'listed again after 410; 1 of the series started before were written more than once',
    );
  });

  it('stays a possible loss if it was one', async () => {
    const { intake, of } = await start();
    const gaps = [{ ...GAP, loss: 'possible-loss' }] as const;
    await intake.take(aBatch({ occurrences: [counted(9, 'list')], gaps, positions }), NEVER);
    expect(of('gap').map(({ gap }) => gap.loss)).to.deep.equal(['possible-loss']);
  });
});
