// Intake: dispositions of occurrences, and one commit of everything before it is observed.

import { expect } from 'chai';
import type { Journal } from '../../lib/core/ports/store.ts';
import { aBatch, anEvent, anOccurrence } from '../support/builders.ts';
import { failingStore } from '../support/doubles/store.ts';
import { NEVER } from '../support/never.ts';
import { intakeHarness } from './harness.ts';

const created = (at: string): object => ({
  name: 'web-1.17f1e2d3c4b5a697',
  namespace: 'shop',
  creationTimestamp: at,
});

describe('intake', () => {
  it('starts one build for a series, however many states follow', async () => {
    const harness = intakeHarness();
    await harness.take(anOccurrence(), anOccurrence({ event: anEvent({ count: 4 }) }));
    await harness.take(anOccurrence({ event: anEvent({ count: 5 }) }));
    expect(harness.dispositions()).to.deep.equal([['queued'], ['repeat'], ['repeat']]);
    expect(harness.committed).to.have.length(1);
    const ids = harness.of('decision').map(({ disposed }) => disposed[0]?.id);
    expect(new Set(ids)).to.deep.equal(new Set([harness.committed[0]?.id]));
  });

  it('starts one build for each trigger of the rule, in its order', async () => {
    const rules = [{ name: 'all', action: 'accept', triggers: ['report', 'build'] }] as const;
    const harness = intakeHarness({ rules });
    await harness.take(anOccurrence());
    expect(harness.committed.map(({ trigger }) => trigger)).to.deep.equal(['report', 'build']);
    expect(new Set(harness.committed.map(({ id }) => id)).size).to.equal(2);
  });

  it('starts nothing for a rejected occurrence, but observes the decision', async () => {
    const harness = intakeHarness({ rules: [] });
    await harness.take(anOccurrence());
    expect(harness.committed).to.deep.equal([]);
    expect(harness.of('decision')[0]?.decision).to.include({ action: 'reject', rule: null });
  });

  it('accepts a state whose earlier ones were rejected', async () => {
    const rules = [
      { name: 'often', count: '>= 5', action: 'accept', triggers: ['build'] },
    ] as const;
    const harness = intakeHarness({ rules });
    await harness.take(anOccurrence(), anOccurrence({ event: anEvent({ count: 5 }) }));
    expect(harness.dispositions()).to.deep.equal([[], ['queued']]);
  });

  it('observes nothing and loses nothing if the commit fails', async () => {
    const { store } = failingStore(new Error('the store is away'), 'commit');
    const harness = intakeHarness({ store });
    const error = await harness.take(anOccurrence()).catch((thrown: unknown) => thrown);
    expect(error).to.be.an('error').with.property('message', 'the store is away');
    expect(harness.seen).to.deep.equal([]);
    expect(harness.committed).to.deep.equal([]);
  });

  it('commits positions, deleted keys and gaps with the deliveries', async () => {
    const harness = intakeHarness();
    const position = { resourceVersion: '1300', at: 1 };
    const path = '/api/v1/namespaces/shop/events';
    const gap = { source: 'shop', path, loss: 'none', why: 'x', from: null, to: position } as const;
    await harness.intake.take(
      aBatch({
        occurrences: [anOccurrence()],
        positions: new Map([[path, position]]),
        gaps: [gap],
      }),
      NEVER,
    );
    expect((await harness.store.journal.positions('shop')).get(path)).to.deep.equal(position);
    expect(await harness.store.archive.gaps(1)).to.deep.equal([gap]);
    expect(harness.of('gap')).to.deep.equal([{ kind: 'gap', gap }]);
  });

  it('reports a delivery that the store already had as a repeat', async () => {
    const harness = intakeHarness();
    await harness.take(anOccurrence());
    const journal: Journal = { ...harness.store.journal, lookup: async () => new Map() };
    const second = intakeHarness({ store: harness.store, parts: { journal } });
    await second.take(anOccurrence());
    expect(second.dispositions()).to.deep.equal([['repeat']]);
    expect(second.committed).to.deep.equal([]);
  });

  it('starts one build for two batches that arrive at once', async () => {
    const harness = intakeHarness();
    await Promise.all([harness.take(anOccurrence()), harness.take(anOccurrence())]);
    expect(harness.dispositions()).to.deep.equal([['queued'], ['repeat']]);
  });

  describe('a series that was re-created under its name', () => {
    const life = (at: string, happened: string, firstTimestamp = '2026-01-31T11:58:00Z') =>
      anOccurrence({
        event: anEvent({ metadata: { ...created(at) }, lastTimestamp: happened, firstTimestamp }),
      });
    const first = life('2026-01-31T11:58:00Z', '2026-01-31T11:59:00Z');
    const cases = [
      ['within quiet', life('2026-01-31T12:30:00Z', '2026-01-31T12:58:59Z'), 'repeat'],
      ['after quiet', life('2026-01-31T13:30:00Z', '2026-01-31T12:59:00Z'), 'queued'],
      ['at an unknown time', life('2026-01-31T13:30:00Z', 'never'), 'repeat'],
      [
        'with another first time',
        life('2026-01-31T12:30:00Z', '2026-01-31T12:30:00Z', '2026-01-31T12:30:00Z'),
        'queued',
      ],
    ] as const;
    for (const [when, second, disposition] of cases) {
      it(`${when} is ${disposition}`, async () => {
        const harness = intakeHarness();
        await harness.take(first);
        await harness.take(second);
        expect(harness.dispositions()).to.deep.equal([['queued'], [disposition]]);
      });
    }

    it('stays a repeat after any silence within a life that was a repeat', async () => {
      const harness = intakeHarness();
      await harness.take(first);
      await harness.take(life('2026-01-31T12:30:00Z', '2026-01-31T12:50:00Z'));
      await harness.take(life('2026-01-31T12:30:00Z', '2026-01-31T18:50:00Z'));
      expect(harness.dispositions()).to.deep.equal([['queued'], ['repeat'], ['repeat']]);
      const ids = harness.of('decision').map(({ disposed }) => disposed[0]?.id);
      expect(new Set(ids)).to.deep.equal(new Set([harness.committed[0]?.id]));
    });

    it('moves the end of its silence with every accepted state', async () => {
      const harness = intakeHarness();
      await harness.take(first);
      await harness.take(life('2026-01-31T12:30:00Z', '2026-01-31T12:50:00Z'));
      await harness.take(life('2026-01-31T13:30:00Z', '2026-01-31T13:40:00Z'));
      expect(harness.dispositions()).to.deep.equal([['queued'], ['repeat'], ['repeat']]);
    });
  });

  describe('silence within one life', () => {
    it('starts nothing, however long it is', async () => {
      const harness = intakeHarness();
      await harness.take(anOccurrence());
      await harness.take(
        anOccurrence({ event: anEvent({ lastTimestamp: '2026-03-31T11:59:30Z' }) }),
      );
      expect(harness.dispositions()).to.deep.equal([['queued'], ['repeat']]);
    });
  });
});
