// The promises of a store to concurrent callers: the same result as one after the other.

import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, anEntry, deliveries, idOf, NOW } from '../support/builders.ts';
import { CLAIM, existingOf, settle } from './store-steps.ts';

/** Declares the cases of concurrent calls. */
export function describeConcurrency(store: () => Store): void {
  describe('concurrent calls', () => {
    it('stores a delivery once if several callers commit it', async () => {
      const commit = aCommit({ deliveries: deliveries(1) });
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => store().journal.commit(commit)),
      );
      const fresh = answers.filter((answer) => existingOf(answer).size === 0);
      expect(fresh).to.have.length(1);
      expect(await store().archive.list({ limit: 5 })).to.have.length(1);
    });

    it('claims each delivery for one caller', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(40) }));
      const claims = await Promise.all(
        Array.from({ length: 16 }, () => store().outbox.claim({ ...CLAIM, limit: 3 })),
      );
      const ids = claims.flat().map(({ id }) => id);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(ids).to.have.length(40);
    });

    it('accepts one of two changes of a delivery', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1, { state: 'held' }) }));
      const act = (state: 'waiting' | 'discarded') =>
        store().outbox.change({
          id: idOf(0),
          from: ['held'],
          next: { state, dead: null, dueAt: NOW },
          now: NOW,
        });
      const answers = await Promise.all([act('discarded'), act('waiting')]);
      expect(answers.map(({ done }) => done)).to.deep.equal([true, false]);
    });

    it('gives the same result as sequential calls for any mixture', async () => {
      const rounds = Array.from({ length: 30 }, (_, round) => round);
      const made = deliveries(150);
      await Promise.all(
        rounds.flatMap((round) => [
          store().journal.commit(
            aCommit({
              deliveries: made.slice(round * 5, round * 5 + 5),
              ledger: [anEntry({ key: `k${round}`, id: `${round}`, lastCount: round })],
              positions: new Map([[`p${round % 3}`, { resourceVersion: `${round}`, at: NOW }]]),
            }),
          ),
          work(store(), 10),
          store().upkeep.sweep({ goneBefore: 0, settledBefore: 0 }),
          store().keyValues.write('name', `${round}`),
          store().archive.list({ limit: 3, states: ['delivered'] }),
        ]),
      );
      await work(store(), 200);
      expect(await store().archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'delivered', count: 150 },
      ]);
      const all = await store().archive.list({ limit: 200 });
      expect(all.map(({ attempts }) => attempts.length)).to.deep.equal(all.map(() => 1));
      expect(await store().keyValues.read('name')).to.equal('29');
      expect(
        [...(await store().journal.positions('shop')).values()].map((p) => p.resourceVersion),
      ).to.have.members(['27', '28', '29']);
      expect((await store().journal.lookup(rounds.map((round) => `k${round}`))).size).to.equal(30);
    });
  });
}

async function work(store: Store, limit: number): Promise<void> {
  const claimed = await store.outbox.claim({ ...CLAIM, limit });
  await Promise.all(
    claimed.map(async ({ id }) => {
      const answer = await store.outbox.attempt({ id, incarnation: 'one', now: NOW });
      expect(answer.done).to.equal(true);
      await settle(store, id);
    }),
  );
}
