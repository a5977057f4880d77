// When deliveries were made, as a number that never falls along the order of commits, so that a span
// of time is a span of rows, found by index. The clock may step back; by how much it ever did is
// kept, and a span is so much wider than asked for.

import type { Statements } from './database.ts';

/** The first and the last row of a span. */
interface Span {
  readonly first: number;
  readonly last: number;
}

const FIRST = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at >= ? ORDER BY made_at, seq LIMIT 1`;

const LAST = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at < ?
ORDER BY made_at DESC, seq DESC LIMIT 1`;

/** Times of making. */
export class Making {
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
  span(since: number | undefined, until: number | undefined): Span {
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
