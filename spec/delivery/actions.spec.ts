// Actions of a user: every action from every state, and the parts of a rerun.

import { expect } from 'chai';
import {
  DELIVERY_STATES,
  type DeadReason,
  type Delivery,
  type DeliveryState,
  HELD_TO_THE_END,
} from '../../lib/core/delivery.ts';
import { deliveryId } from '../../lib/core/delivery-id.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { ACTS, type Acted, type ActName, act, possibleActs } from '../../lib/delivery/actions.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, aDelivery, NOW } from '../support/builders.ts';
import { FailingStore } from '../support/doubles/store.ts';

const LATER = NOW + 60_000;
const KEY = {
  clusterId: 'c1',
  ruleIdentity: 'crash-loop',
  triggerIdentity: 'build',
  identity: ['shop', 'web-1.17f1e2d3c4b5a697', '2026-01-31T11:58:00.000000Z'],
};

/** A store with one delivery, brought to a state as the gateway would. */
async function storedIn(
  state: DeliveryState,
  dead: DeadReason | null = null,
): Promise<{ store: Store; delivery: Delivery }> {
  const store = createMemoryStore();
  const isHeld = state === 'held';
  const delivery = aDelivery({ state: isHeld ? 'held' : 'waiting' });
  await store.journal.commit(aCommit({ deliveries: [delivery] }));
  if (state === 'waiting' || isHeld) return { store, delivery };
  if (state === 'running') {
    const request = { trigger: 'build', incarnation: 'one', now: NOW, limit: 1 } as const;
    await store.outbox.claim({ ...request, order: 'none' });
    return { store, delivery };
  }
  const next = { state, dead, dueAt: NOW } as const;
  await store.outbox.change({ id: delivery.id, from: ['waiting'], next, now: NOW });
  return { store, delivery };
}

function doing(store: Store, name: ActName, id: string): Promise<Acted> {
  return act(name, id, { ...store, now: LATER });
}

const FROM: Record<ActName, readonly DeliveryState[]> = {
  retry: ['waiting', 'refused', 'unknown', 'dead', 'orphaned', 'discarded'],
  rerun: DELIVERY_STATES,
  release: ['held'],
  discard: ['waiting', 'held', 'open', 'refused', 'unknown', 'dead', 'orphaned'],
};
const TO: Record<ActName, DeliveryState> = {
  retry: 'waiting',
  rerun: 'waiting',
  release: 'waiting',
  discard: 'discarded',
};

describe('an action of a user', () => {
  for (const name of ACTS) {
    for (const state of DELIVERY_STATES) {
      const isDone = FROM[name].includes(state);
      it(`${name} of one that is ${state} is ${isDone ? 'done' : 'refused'}`, async () => {
        const { store, delivery } = await storedIn(state, state === 'dead' ? 'expired' : null);
        const acted = await doing(store, name, delivery.id);
        if (!isDone) {
          expect(acted).to.deep.equal({ done: false, why: 'state', state });
          expect((await store.archive.get(delivery.id))?.state).to.equal(state);
          return;
        }
        expect(acted).to.include({ done: true, from: state });
        expect(acted.done && acted.delivery.state).to.equal(TO[name]);
        expect(acted.done && acted.delivery.dueAt).to.equal(LATER);
        expect(acted.done && acted.delivery.dead).to.equal(null);
        const stored = await store.archive.get(acted.done ? acted.delivery.id : '');
        expect(stored).to.deep.equal(acted.done && acted.delivery);
      });
    }

    it(`${name} of one that is not there finds none`, async () => {
      const store = createMemoryStore();
      const acted = await doing(store, name, 'nobody');
      expect(acted).to.deep.equal({ done: false, why: 'not-found', state: null });
    });
  }

  for (const dead of HELD_TO_THE_END) {
    it(`releases a delivery that a limit held and that is dead (${dead})`, async () => {
      const { store, delivery } = await storedIn('dead', dead);
      const stored = await store.archive.get(delivery.id);
      expect(possibleActs(stored ?? delivery)).to.include('release');
      expect(await doing(store, 'release', delivery.id)).to.include({ done: true, from: 'dead' });
    });
  }

  it('records the time of a retry, so that earlier attempts no longer count', async () => {
    const { store, delivery } = await storedIn('unknown');
    const acted = await doing(store, 'retry', delivery.id);
    expect(acted.done && acted.delivery.retriedAt).to.equal(LATER);
  });

  for (const name of ACTS) {
    const isDone = name === 'discard';
    it(`${name} is ${isDone ? 'done' : 'refused'} if its trigger is not configured`, async () => {
      const { store, delivery } = await storedIn(name === 'release' ? 'held' : 'orphaned');
      const triggers = new Set(['another']);
      const acted = await act(name, delivery.id, { ...store, now: LATER, triggers });
      const { state } = delivery;
      const stands = name === 'release' ? state : 'orphaned';
      if (isDone) expect(acted).to.include({ done: true });
      else expect(acted).to.deep.equal({ done: false, why: 'no-trigger', state: stands });
      expect(possibleActs(delivery, triggers)).to.deep.equal(['discard']);
    });
  }

  it('changes nothing if the delivery was changed meanwhile', async () => {
    const { store, delivery } = await storedIn('refused');
    const get = store.archive.get.bind(store.archive);
    store.archive.get = async (id) => {
      const found = await get(id);
      await act('discard', id, { ...store, archive: { ...store.archive, get }, now: NOW });
      return found;
    };
    const acted = await doing(store, 'retry', delivery.id);
    expect(acted).to.deep.equal({ done: false, why: 'state', state: 'discarded' });
  });
});

describe('a rerun', () => {
  const idOfRerun = (number: number): string =>
    deliveryId(KEY, `${aDelivery().bucket}/rerun-${number}`);

  async function idsOfReruns(store: Store, of: readonly string[]): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const id of of) {
      const acted = await doing(store, 'rerun', id);
      if (acted.done) ids.push(acted.delivery.id);
    }
    return ids;
  }

  it('is a new delivery without attempts', async () => {
    const { store, delivery } = await storedIn('delivered');
    const acted = await doing(store, 'rerun', delivery.id);
    expect(acted.done && acted.delivery).to.deep.equal({
      ...delivery,
      id: idOfRerun(1),
      bucket: `${delivery.bucket}/rerun-1`,
      createdAt: LATER,
      dueAt: LATER,
    });
    expect((await store.archive.get(delivery.id))?.state).to.equal('delivered');
  });

  it('takes the next number each time, also for a rerun of a rerun', async () => {
    const { store, delivery } = await storedIn('delivered');
    const ids = await idsOfReruns(store, [delivery.id, delivery.id, idOfRerun(2), idOfRerun(1)]);
    expect(ids).to.deep.equal([1, 2, 3, 4].map(idOfRerun));
  });

  it('takes no number that was used before, even by a deleted delivery', async () => {
    const store = createMemoryStore();
    const seventh = { id: idOfRerun(7), bucket: `${aDelivery().bucket}/rerun-7` };
    await store.journal.commit(aCommit({ deliveries: [aDelivery(seventh)] }));
    expect(await idsOfReruns(store, [seventh.id])).to.deep.equal([idOfRerun(8)]);
  });

  it('carries the decision of the original', async () => {
    const store = createMemoryStore();
    const delivery = aDelivery();
    const decision = { id: delivery.id, at: NOW, trail: [] };
    await store.journal.commit(aCommit({ deliveries: [delivery], decisions: [decision] }));
    await doing(store, 'rerun', delivery.id);
    expect(await store.archive.decision(idOfRerun(1))).to.deep.equal({
      ...decision,
      id: idOfRerun(1),
    });
  });

  it('is not made if the store is full', async () => {
    const { store, delivery } = await storedIn('refused');
    const failing = new FailingStore(store);
    failing.fill();
    const acted = await doing(failing.store, 'rerun', delivery.id);
    expect(acted).to.deep.equal({ done: false, why: 'full', state: 'refused' });
  });
});
