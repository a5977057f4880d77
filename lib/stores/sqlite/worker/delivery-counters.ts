// How many deliveries stand where: counted once at the opening, kept up since, so that nobody counts
// a million rows for a scrape. What a transaction changed counts only once it is committed.

import type { DeliveryState } from '../../../core/delivery.ts';
import type { DeliveryCount } from '../../../core/store.ts';
import type { Statements } from './database.ts';

/** Counts by trigger and state. */
export class StateCounts {
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

// When deliveries were made, as a number that never falls along the order of commits, so that a span
// of time is a span of rows, found by index. The clock may step back; by how much it ever did is
// kept, and a span is so much wider than asked for.

/** The first and the last row of a span. */
interface CreationSpan {
  readonly first: number;
  readonly last: number;
}

const FIRST = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at >= ? ORDER BY made_at, seq LIMIT 1`;

const LAST = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at < ?
ORDER BY made_at DESC, seq DESC LIMIT 1`;

/** Times of making. */
export class CreationIndex {
  readonly #db: Statements;
  #latest = 0;
  #backstepMs = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** The number for a delivery made at a moment, behind all others. */
  next(createdAt: number): number {
    this.#latest = Math.max(this.#latest, createdAt);
    const backstepMs = this.#latest - createdAt;
    if (backstepMs > this.#backstepMs) {
      this.#backstepMs = backstepMs;
      this.#db.run("UPDATE meta SET value = ? WHERE name = 'backstep_ms'", backstepMs);
    }
    return this.#latest;
  }

  /** Rows that were made in a span of time, and perhaps others; none outside was. */
  span(since: number | undefined, until: number | undefined): CreationSpan {
    const first = since === undefined ? 0 : this.#db.value(FIRST, since);
    const last =
      until === undefined
        ? Number.MAX_SAFE_INTEGER
        : this.#db.value(LAST, until + this.#backstepMs);
    return { first: Number(first ?? Number.MAX_SAFE_INTEGER), last: Number(last ?? -1) };
  }

  /** As it stands in the file: a transaction may have been undone. */
  reread(): void {
    this.#latest = this.#db.number('SELECT max(made_at) FROM delivery');
    this.#backstepMs = this.#db.number("SELECT value FROM meta WHERE name = 'backstep_ms'");
  }
}
