// The promises of an Outbox: claims, attempts, settlements and changes.

import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { aCommit, aDelivery, deliveries, idOf, NOW } from '../support/builders.ts';
import { DELIVERED } from '../support/doubles/trigger.ts';
import { attemptOnce, CLAIM, idsOf, settle, stored } from './store-steps.ts';

/** Declares the cases of an Outbox. */
export function describeOutbox(store: () => Store): void {
  describe('Outbox', () => {
    it('claims due deliveries, oldest first, and none twice', async () => {
      const [a, b, c] = deliveries(3);
      if (!a || !b || !c) throw new Error('no deliveries were built');
      const due = [
        { ...a, dueAt: NOW },
        { ...b, dueAt: NOW - 5 },
        { ...c, dueAt: NOW + 1 },
      ];
      await store().journal.commit(aCommit({ deliveries: due }));
      const claimed = await store().outbox.claim(CLAIM);
      expect(claimed.map(({ id }) => id)).to.deep.equal([b.id, a.id]);
      expect(claimed.map(({ state }) => state)).to.deep.equal(['running', 'running']);
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      expect(await store().outbox.next('build')).to.equal(NOW + 1);
    });

    it('claims at most the limit, and only deliveries of the requested trigger', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(5) }));
      expect(await store().outbox.claim({ ...CLAIM, trigger: 'other' })).to.deep.equal([]);
      expect(await store().outbox.claim({ ...CLAIM, limit: 2 })).to.have.length(2);
    });

    it('claims one delivery of an involved object at a time', async () => {
      const same = deliveries(3, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      const [first, ...more] = await store().outbox.claim(CLAIM);
      expect(first?.id).to.equal(same[0]?.id);
      expect(more).to.deep.equal([]);
      expect(await store().outbox.next('build')).to.equal(null);
      await settle(store(), first?.id ?? '');
      expect((await store().outbox.claim(CLAIM))[0]?.id).to.equal(same[1]?.id);
    });

    it('claims deliveries of other objects while one object is blocked', async () => {
      const blocked = deliveries(500, { object: 'v1/Pod/shop/web' });
      const other = aDelivery({ id: idOf(900), object: 'v1/Pod/shop/other' });
      await store().journal.commit(aCommit({ deliveries: blocked }));
      await store().outbox.claim(CLAIM);
      await store().journal.commit(aCommit({ deliveries: [other] }));
      expect((await store().outbox.claim(CLAIM)).map(({ id }) => id)).to.deep.equal([other.id]);
    });

    it('stores an attempt before it is made and its outcome afterwards', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      const id = deliveries(1)[0]?.id ?? '';
      await store().outbox.claim(CLAIM);
      const answer = await store().outbox.attempt({ id, incarnation: 'one', now: NOW });
      const attempt = { number: 1, at: NOW, incarnation: 'one', outcome: null, durationMs: null };
      expect(answer).to.have.nested.property('delivery.attempts').deep.equal([attempt]);
      await settle(store(), id);
      const stored = await store().archive.get(id);
      const ended = { ...attempt, outcome: DELIVERED, durationMs: 5 };
      expect(stored?.attempts).to.deep.equal([ended]);
      expect(stored?.state).to.equal('delivered');
    });

    const acts: readonly [string, (store: Store, id: string) => Promise<unknown>][] = [
      ['attempt', (one, id) => one.outbox.attempt({ id, incarnation: 'two', now: NOW })],
      [
        'settle',
        (one, id) =>
          one.outbox.settle({
            id,
            incarnation: 'two',
            outcome: DELIVERED,
            durationMs: 1,
            next: { state: 'delivered', dead: null, dueAt: NOW, started: null },
            now: NOW,
          }),
      ],
      [
        'change',
        (one, id) =>
          one.outbox.change({
            id,
            from: ['held'],
            next: { state: 'discarded', dead: null, dueAt: NOW },
            now: NOW,
          }),
      ],
    ];
    for (const [act, run] of acts) {
      it(`answers a conflict if ${act} meets a claim of another incarnation`, async () => {
        await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
        const id = deliveries(1)[0]?.id ?? '';
        await store().outbox.claim(CLAIM);
        expect(await run(store(), id)).to.deep.equal({ done: false, state: 'running' });
        expect(await run(store(), idOf(99))).to.deep.equal({ done: false, state: null });
        expect((await store().archive.get(id))?.state).to.equal('running');
      });
    }

    it('makes a held delivery claimable after a change to waiting', async () => {
      const [held] = deliveries(1, { state: 'held' });
      await store().journal.commit(aCommit({ deliveries: held ? [held] : [] }));
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: held?.id ?? '', from: ['held'], next, now: NOW });
      expect(await store().outbox.claim(CLAIM)).to.have.length(1);
    });

    it('keeps the outcome of each attempt and what was started', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      const outcome = {
        outcome: 'retry',
        reason: 'throttled',
        detail: 'slow',
        afterMs: 9,
      } as const;
      const started = { kind: 'Job', namespace: 'ci', name: 'build-1' };
      await store().outbox.claim(CLAIM);
      await store().outbox.attempt({ id: idOf(0), incarnation: 'one', now: NOW });
      const first = { id: idOf(0), incarnation: 'one', outcome, durationMs: 3, now: NOW + 3 };
      const again = { state: 'waiting', dead: null, dueAt: NOW + 5, started: null } as const;
      await store().outbox.settle({ ...first, next: again });
      const two = { incarnation: 'one', now: NOW + 6 };
      await store().outbox.claim({ ...CLAIM, ...two });
      await store().outbox.attempt({ id: idOf(0), ...two });
      const after = await settle(store(), idOf(0), { started });
      expect(after).to.deep.equal(await stored(store(), idOf(0)));
      expect(after.started).to.deep.equal(started);
      expect(after.attempts).to.deep.equal([
        { number: 1, at: NOW, incarnation: 'one', outcome, durationMs: 3 },
        { number: 2, at: NOW + 6, incarnation: 'one', outcome: DELIVERED, durationMs: 5 },
      ]);
    });

    it('settles a delivery that was claimed but not attempted', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      await store().outbox.claim(CLAIM);
      expect((await settle(store(), idOf(0))).attempts).to.deep.equal([]);
    });

    it('answers a conflict to a second settlement', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      await attemptOnce(store(), idOf(0));
      const next = { state: 'waiting', dead: null, dueAt: NOW, started: null } as const;
      const late = { id: idOf(0), incarnation: 'one', outcome: DELIVERED, durationMs: 1, now: NOW };
      const answer = await store().outbox.settle({ ...late, next });
      expect(answer).to.deep.equal({ done: false, state: 'delivered' });
    });

    it('stores the time of a retry by a person, but not of other changes', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1) }));
      await attemptOnce(store(), idOf(0), { state: 'dead', dead: 'expired' });
      const back = { state: 'waiting', dead: null, dueAt: NOW + 2 } as const;
      const asked = {
        id: idOf(0),
        from: ['dead'],
        next: back,
        isRetry: true,
        now: NOW + 2,
      } as const;
      const answer = await store().outbox.change(asked);
      expect(answer).to.have.nested.property('delivery.retriedAt', NOW + 2);
      expect(answer).to.have.nested.property('delivery.dead', null);
      const [claimed] = await store().outbox.claim({ ...CLAIM, now: NOW + 2 });
      expect(claimed?.attempts).to.have.length(1);
      expect((await settle(store(), idOf(0))).retriedAt).to.equal(NOW + 2);
    });

    it('makes a waiting delivery due after a change of its due time', async () => {
      await store().journal.commit(aCommit({ deliveries: deliveries(1, { dueAt: NOW + 60_000 }) }));
      expect(await store().outbox.claim(CLAIM)).to.deep.equal([]);
      const next = { state: 'waiting', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: idOf(0), from: ['waiting'], next, now: NOW });
      expect(await store().outbox.next('build')).to.equal(NOW);
      expect(await store().outbox.claim(CLAIM)).to.have.length(1);
    });

    it('frees an object after its waiting delivery is discarded', async () => {
      const same = deliveries(2, { object: 'v1/Pod/shop/web' });
      await store().journal.commit(aCommit({ deliveries: same }));
      const next = { state: 'discarded', dead: null, dueAt: NOW } as const;
      await store().outbox.change({ id: idOf(0), from: ['waiting'], next, now: NOW });
      expect(idsOf(await store().outbox.claim(CLAIM))).to.deep.equal([idOf(1)]);
      await settle(store(), idOf(1));
      expect(await store().outbox.next('build')).to.equal(null);
    });
  });
}
