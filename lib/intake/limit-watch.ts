// Observes that a budget begins to hold deliveries and which rule uses it up, that a trigger begins
// to shed, and the end of both. Each is observed once, not for each delivery. It decides nothing.

import type { Budget, LimitUser, Observe } from '../core/observation.ts';
import { type Rate, renderRate } from '../kit/text/quantity.ts';
import type { HeldDeliveries } from './held-deliveries.ts';
import type { HeldDelivery } from './held-in-namespace.ts';

/** The configured rates; null is no limit. */
export type Limits = Readonly<Record<Budget, Rate | null>>;

interface LimitWatchParts {
  readonly limits: Limits;
  readonly heldAtMost: number;
  readonly observe: Observe;
}

interface LimitState {
  /** Whether any delivery waits for the budget. */
  readonly holds: Readonly<Record<Budget, boolean>>;
  readonly held: HeldDeliveries;
  readonly now: number;
}

/** Shedding has ended if nothing was shed for this long: at the bound it stops and starts often. */
const CALM_MS = 60_000;

const BUDGETS = ['perObject', 'total'] as const satisfies readonly Budget[];

interface Shedding {
  /** New deliveries that were not accepted. */
  dropped: number;
  /** Held deliveries that were evicted for new deliveries of shorter queues. */
  gaveWay: number;
  lastAt: number;
  isReported: boolean;
}

/** Observes the holding and shedding of the limits. */
export class LimitWatch {
  readonly #parts: LimitWatchParts;
  readonly #use: BudgetUse;
  readonly #holding = new Set<Budget>();
  /** By trigger. */
  readonly #shedding = new Map<string, Shedding>();

  constructor(parts: LimitWatchParts) {
    this.#parts = parts;
    this.#use = new BudgetUse(parts.limits.total?.perMs ?? 0);
  }

  /** Notes which rule and namespace took a token of the total budget. */
  spent(user: TokenUser, now: number): void {
    if (this.#parts.limits.total !== null) this.#use.note(user, now);
  }

  /** Notes that a delivery was shed: a new one was not accepted, or a held one was evicted. */
  shed(trigger: string, how: 'dropped' | 'gaveWay', now: number): void {
    const before = this.#shedding.get(trigger) ?? { dropped: 0, gaveWay: 0, isReported: false };
    this.#shedding.set(trigger, { ...before, [how]: before[how] + 1, lastAt: now });
  }

  /** Observes what changed since the last call. */
  look(state: LimitState): void {
    for (const budget of BUDGETS) this.#lookAtBudget(budget, state);
    for (const [trigger, shedding] of this.#shedding) {
      if (!shedding.isReported) {
        shedding.isReported = true;
        this.#observeShedding(trigger, { ...shedding, state: 'began' }, state.held);
      } else if (state.now - shedding.lastAt >= CALM_MS) {
        this.#shedding.delete(trigger);
        this.#observeShedding(trigger, { ...shedding, state: 'ended' }, state.held);
      }
    }
  }

  /** Time until the end of shedding may be observed, in ms; infinite if nothing is shed. */
  msUntilCalm(now: number): number {
    const ends = [...this.#shedding.values()].map(({ lastAt }) => lastAt + CALM_MS - now);
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  #lookAtBudget(budget: Budget, { holds, held, now }: LimitState): void {
    const rate = this.#parts.limits[budget];
    if (rate === null || holds[budget] === this.#holding.has(budget)) return;
    const observed = { kind: 'budget', budget, rate: renderRate(rate) } as const;
    if (!holds[budget]) {
      this.#holding.delete(budget);
      this.#parts.observe({ ...observed, state: 'free', user: null });
      return;
    }
    this.#holding.add(budget);
    const user = budget === 'total' ? this.#use.biggestUser(now) : null;
    this.#parts.observe({ ...observed, state: 'used-up', user: user ?? firstUser(held, budget) });
  }

  #observeShedding(
    trigger: string,
    { state, dropped, gaveWay }: Shedding & { state: 'began' | 'ended' },
    held: HeldDeliveries,
  ): void {
    const { heldAtMost: bound, observe } = this.#parts;
    const queue = held.longestOf(trigger);
    const [last] = queue?.youngest(1) ?? [];
    const longest =
      queue === undefined || last === undefined
        ? null
        : { namespace: last.namespace, rule: last.rule, held: queue.size };
    observe({ kind: 'shedding', trigger, state, bound, dropped, gaveWay, longest });
  }
}

type TokenUser = Omit<HeldDelivery, 'id' | 'since'>;

/** Tokens taken by rule, trigger and namespace in this period of the budget and the last one. */
class BudgetUse {
  readonly #perMs: number;
  #began = Number.NEGATIVE_INFINITY;
  #now = new Map<string, LimitUser>();
  #before: ReadonlyMap<string, LimitUser> = new Map();

  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  note({ rule, trigger, namespace }: TokenUser, now: number): void {
    this.#turnOver(now);
    const key = [rule.index, trigger, namespace].join('\n');
    const taken = (this.#now.get(key)?.taken ?? 0) + 1;
    this.#now.set(key, { rule, trigger, namespace, object: null, taken });
  }

  /** The user that took most tokens; null if none is known. */
  biggestUser(now: number): LimitUser | null {
    this.#turnOver(now);
    const sums = [...this.#now, ...this.#before].map(([key, user]) => {
      const taken = (this.#now.get(key)?.taken ?? 0) + (this.#before.get(key)?.taken ?? 0);
      return { ...user, taken };
    });
    return sums.reduce<LimitUser | null>((a, b) => (a === null || b.taken > a.taken ? b : a), null);
  }

  #turnOver(now: number): void {
    if (now - this.#began < this.#perMs) return;
    const isNext = now - this.#began < 2 * this.#perMs;
    this.#before = isNext ? this.#now : new Map();
    this.#now = new Map();
    this.#began = now;
  }
}

/** The first delivery that waits for a budget: after a start its users are not known. */
function firstUser({ queues }: HeldDeliveries, budget: Budget): LimitUser | null {
  const blocked = queues.find(({ blockedObjects }) => blockedObjects > 0);
  const first = (budget === 'perObject' ? blocked : queues[0])?.oldest;
  if (first === undefined) return null;
  const { rule, trigger, namespace, object } = first;
  return { rule, trigger, namespace, object: budget === 'perObject' ? object : null, taken: 0 };
}
