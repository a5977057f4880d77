// Says that a budget begins to hold deliveries and who uses it up, that a trigger begins to shed, and
// that either ended. Each is said once, never for each delivery. It decides nothing.

import type { Budget, LimitUser, Observe } from '../core/observation.ts';
import { type Rate, renderRate } from '../kit/text/quantity.ts';
import type { HeldDeliveries } from './held-deliveries.ts';
import type { HeldDelivery } from './held-in-namespace.ts';

/** Dependencies of the watch. */
interface LimitWatchParts {
  readonly limits: Readonly<Record<Budget, Rate | null>>;
  readonly heldAtMost: number;
  readonly observe: Observe;
}

/** How the limits stand. */
interface LimitState {
  /** Which budgets have something wait for them. */
  readonly holds: Readonly<Record<Budget, boolean>>;
  readonly held: HeldDeliveries;
  readonly now: number;
}

/** Shedding is over when nothing was shed for so long: at the bound it comes and goes. */
const CALM_MS = 60_000;

const BUDGETS = ['perObject', 'total'] as const satisfies readonly Budget[];

interface Shedding {
  /** Newcomers that were not taken. */
  dropped: number;
  /** Held deliveries that were given up for newcomers of shorter queues. */
  gaveWay: number;
  lastAt: number;
  isReported: boolean;
}

/** Follows what the limits hold and shed. */
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

  /** Notes who took a token of all. */
  spent(user: BudgetUser, now: number): void {
    if (this.#parts.limits.total !== null) this.#use.note(user, now);
  }

  /** Notes that a newcomer was shed. */
  dropped(trigger: string, now: number): void {
    this.#shed(trigger, now).dropped += 1;
  }

  /** Notes that a held delivery gave way. */
  evicted(trigger: string, now: number): void {
    this.#shed(trigger, now).gaveWay += 1;
  }

  /** Says what changed. */
  look(state: LimitState): void {
    for (const budget of BUDGETS) this.#lookAtBudget(budget, state);
    for (const [trigger, shedding] of this.#shedding) {
      if (!shedding.isReported) {
        shedding.isReported = true;
        this.#tellShedding(trigger, { ...shedding, state: 'began' }, state.held);
      } else if (state.now - shedding.lastAt >= CALM_MS) {
        this.#shedding.delete(trigger);
        this.#tellShedding(trigger, { ...shedding, state: 'ended' }, state.held);
      }
    }
  }

  /** How long until the end of shedding may have to be said, in ms; endless if nothing is shed. */
  msUntilCalm(now: number): number {
    const ends = [...this.#shedding.values()].map(({ lastAt }) => lastAt + CALM_MS - now);
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  #shed(trigger: string, now: number): Shedding {
    const shedding = this.#shedding.get(trigger);
    const noted = shedding ?? { dropped: 0, gaveWay: 0, lastAt: now, isReported: false };
    noted.lastAt = now;
    this.#shedding.set(trigger, noted);
    return noted;
  }

  #lookAtBudget(budget: Budget, { holds, held, now }: LimitState): void {
    const rate = this.#parts.limits[budget];
    if (rate === null || holds[budget] === this.#holding.has(budget)) return;
    const told = { kind: 'budget', budget, rate: renderRate(rate) } as const;
    if (!holds[budget]) {
      this.#holding.delete(budget);
      this.#parts.observe({ ...told, state: 'free', user: null });
      return;
    }
    this.#holding.add(budget);
    const user = budget === 'total' ? this.#use.biggestUser(now) : null;
    this.#parts.observe({ ...told, state: 'used-up', user: user ?? firstUser(held, budget) });
  }

  #tellShedding(
    trigger: string,
    { state, dropped, gaveWay }: Omit<Shedding, 'isTold'> & { state: 'began' | 'ended' },
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

type BudgetUser = Omit<HeldDelivery, 'id' | 'since'>;

/** Who took how many tokens in this period of the budget and in the one before. */
class BudgetUse {
  readonly #perMs: number;
  #began = Number.NEGATIVE_INFINITY;
  #now = new Map<string, LimitUser>();
  #before: ReadonlyMap<string, LimitUser> = new Map();

  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  note({ rule, trigger, namespace }: BudgetUser, now: number): void {
    this.#turnOver(now);
    const key = [rule.index, trigger, namespace].join('\n');
    const taken = (this.#now.get(key)?.taken ?? 0) + 1;
    this.#now.set(key, { rule, trigger, namespace, object: null, taken });
  }

  /** Who took most; null if no one is known to have taken any. */
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

/** Of what waits for a budget the first: after a start it is not known who took its tokens. */
function firstUser({ queues }: HeldDeliveries, budget: Budget): LimitUser | null {
  const blocked = queues.find(({ blockedObjects }) => blockedObjects > 0);
  const first = (budget === 'perObject' ? blocked : queues[0])?.oldest;
  if (first === undefined) return null;
  const { rule, trigger, namespace, object } = first;
  return { rule, trigger, namespace, object: budget === 'perObject' ? object : null, taken: 0 };
}
