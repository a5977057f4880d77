// Gateways that break their promises, to prove that the harness finds it. Each has a store with one
// realistic mistake. breakages.spec.ts runs the main run with each and expects a finding of the
// accounting; nothing else uses them.

import type { Journal, Outbox, Store, Upkeep } from '../../../../lib/core/ports/store.ts';
import { systemClock } from '../../../../lib/kit/system.ts';
import { NEVER } from '../../../support/never.ts';

/** Long enough that many kills happen in this time. */
const MEANWHILE_MS = 40;

/** Possible breakages. */
export const BREAKAGES = {
  /** Positions are durable a moment before the deliveries that they stand for. */
  'position-first': (store) =>
    withJournal(store, {
      commit: async (commit) => {
        await store.journal.commit({ ...commit, deliveries: [], ledger: [], decisions: [] });
        await systemClock.sleep(MEANWHILE_MS, NEVER);
        return store.journal.commit(commit);
      },
    }),
  /** Started deliveries are forgotten. */
  'no-ledger': (store) =>
    withJournal(store, {
      lookup: async () => new Map(),
      commit: (commit) => store.journal.commit({ ...commit, ledger: [] }),
    }),
  /** Deliveries of earlier runs are not recovered. */
  'no-begin': (store) =>
    withUpkeep(store, { begin: async () => ({ lost: [], unattempted: 0, paths: [] }) }),
  /** An attempt is recorded only when it has ended. */
  'attempt-unrecorded': (store) =>
    withOutbox(store, {
      attempt: async ({ id, incarnation, now }) => {
        const delivery = await store.archive.get(id);
        if (delivery === null) return { done: false, state: null };
        const number = delivery.attempts.length + 1;
        const open = { number, at: now, incarnation, outcome: null, durationMs: null };
        return { done: true, delivery: { ...delivery, attempts: [...delivery.attempts, open] } };
      },
      settle: async (settlement) => {
        const { id, incarnation, now } = settlement;
        await store.outbox.attempt({ id, incarnation, now });
        return store.outbox.settle(settlement);
      },
    }),
  /** The outcome is recorded before the attempt. */
  'outcome-first': (store) =>
    withOutbox(store, {
      attempt: async (claim) => {
        const answer = await store.outbox.attempt(claim);
        if (!answer.done) return answer;
        const next = { state: 'delivered', dead: null, dueAt: 0, started: null } as const;
        const outcome = { outcome: 'delivered' } as const;
        await store.outbox.settle({ ...claim, outcome, durationMs: 0, next });
        return answer;
      },
      settle: async ({ id }) => {
        const delivery = await store.archive.get(id);
        return delivery === null ? { done: false, state: null } : { done: true, delivery };
      },
    }),
} as const satisfies Readonly<Record<string, (store: Store) => Store>>;

/** Its name. */
export type BreakageName = keyof typeof BREAKAGES;

function withJournal(store: Store, changed: Partial<Journal>): Store {
  return changedIn(store, 'journal', changed);
}

function withOutbox(store: Store, changed: Partial<Outbox>): Store {
  return changedIn(store, 'outbox', changed);
}

function withUpkeep(store: Store, changed: Partial<Upkeep>): Store {
  return changedIn(store, 'upkeep', changed);
}

function changedIn<Name extends 'journal' | 'outbox' | 'upkeep'>(
  store: Store,
  name: Name,
  changed: Partial<Store[Name]>,
): Store {
  const port = overlaid(store[name], changed);
  return overlaid(store, { [name]: port });
}

/** The same object with some members replaced. */
function overlaid<Whole extends object>(whole: Whole, changed: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get: (target, name) => {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
