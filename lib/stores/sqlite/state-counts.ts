// How many deliveries stand where: counted once at the opening, kept up since, so that nobody counts
// a million rows for a scrape. What a transaction changed counts only once it is committed.

import type { DeliveryState } from '../../core/delivery.ts';
import type { DeliveryCount } from '../../core/store.ts';
import type { Statements } from './database.ts';

/** Counts by trigger and state. */
export class Tally {
  readonly #counts = new Map<string, DeliveryCount>();
  #pending: DeliveryCount[] = [];

  constructor(db: Statements) {
    const sql = 'SELECT trigger, state, count(*) count FROM delivery GROUP BY trigger, state';
    for (const { trigger, state, count } of db.all(sql) as readonly DeliveryCount[]) {
      this.note(trigger, state, count);
    }
    this.commit();
  }

  /** Notes that so many more, or fewer, stand there. */
  note(trigger: string, state: DeliveryState, count: number): void {
    this.#pending.push({ trigger, state, count });
  }

  /** What was noted holds. */
  commit(): void {
    for (const { trigger, state, count } of this.#pending) {
      const place = `${state} ${trigger}`;
      const now = (this.#counts.get(place)?.count ?? 0) + count;
      if (now === 0) this.#counts.delete(place);
      else this.#counts.set(place, { trigger, state, count: now });
    }
    this.#pending = [];
  }

  /** What was noted was undone. */
  rollback(): void {
    this.#pending = [];
  }

  /** Where any stand, what is noted included. */
  get counts(): readonly DeliveryCount[] {
    if (this.#pending.length === 0) return [...this.#counts.values()];
    const sum = new Map(this.#counts);
    for (const { trigger, state, count } of this.#pending) {
      const place = `${state} ${trigger}`;
      sum.set(place, { trigger, state, count: (sum.get(place)?.count ?? 0) + count });
    }
    return [...sum.values()].filter(({ count }) => count > 0);
  }
}
