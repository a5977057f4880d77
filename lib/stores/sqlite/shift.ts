// The store's own time. A jump of the clock moves when everything unsettled is due, and with a
// million waiting no statement could write all of them at once. So their times are stored less one
// number, and only that number moves.

import type { Statements } from './statements.ts';

/** By how much the times of what is unsettled are more than what is stored. */
export class Shift {
  readonly #db: Statements;
  #ms = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** The time of the store at a moment of the wall clock. */
  toStored(at: number): number {
    return at - this.#ms;
  }

  /** The moment of the wall clock for a time of the store. */
  fromStored(at: number): number {
    return at + this.#ms;
  }

  /** Moves everything. */
  by(ms: number): void {
    this.#ms += ms;
    this.#db.run("UPDATE meta SET value = ? WHERE name = 'shift_ms'", this.#ms);
  }

  /** As it stands in the file: a transaction may have been undone. */
  reread(): void {
    this.#ms = this.#db.number("SELECT value FROM meta WHERE name = 'shift_ms'");
  }
}
