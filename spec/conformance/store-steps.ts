// The steps that most specs of stores share: claim, attempt, settle, and what is stored then.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { ClaimRequest, Committed, Store } from '../../lib/core/ports/store.ts';
import { NOW } from '../support/builders.ts';
import { DELIVERED } from '../support/doubles/trigger.ts';

/** The known ids in the answer of a commit. */
export function existingOf(committed: Committed): ReadonlySet<string> {
  if (!committed.done) throw new Error('it is full');
  return committed.existing;
}

/** A claim of up to ten. */
export const CLAIM: ClaimRequest = {
  trigger: 'build',
  incarnation: 'one',
  now: NOW,
  limit: 10,
  order: 'none',
};

/** Settles a delivery that the incarnation `one` has claimed. */
export async function settle(
  store: Store,
  id: string,
  next: Partial<Delivery> = {},
): Promise<Delivery> {
  const answer = await store.outbox.settle({
    id,
    incarnation: 'one',
    outcome: DELIVERED,
    durationMs: 5,
    next: { state: 'delivered', dead: null, dueAt: NOW, started: null, ...next },
    now: NOW,
  });
  if (!answer.done) throw new Error(`delivery ${id} is ${answer.state}`);
  return answer.delivery;
}

/** Claims, attempts and settles a delivery. */
export async function attemptOnce(
  store: Store,
  id: string,
  next: Partial<Delivery> = {},
): Promise<Delivery> {
  const claimed = await store.outbox.claim({ ...CLAIM, now: NOW + 1_000, limit: 1_000 });
  expect(idsOf(claimed)).to.include(id);
  await store.outbox.attempt({ id, incarnation: 'one', now: NOW });
  return settle(store, id, next);
}

/** A delivery that must exist. */
export async function stored(store: Store, id: string): Promise<Delivery> {
  const found = await store.archive.get(id);
  if (found === null) throw new Error(`no delivery ${id}`);
  return found;
}

/** Their ids. */
export function idsOf(many: readonly Delivery[]): readonly string[] {
  return many.map(({ id }) => id);
}
