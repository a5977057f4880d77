// One open database with its prepared statements: each SQL text is compiled once. It knows nothing
// of tables.

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

/** A database and its statements. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #isForGood: boolean | null = null;
  #pageBytes: number | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs a statement for what it changes; answers how many rows that were. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#of(sql).run(...values).changes);
  }

  /** The first row, undefined where there is none; who asks knows its columns. */
  get(sql: string, ...values: readonly SQLInputValue[]): unknown {
    return this.#of(sql).get(...values);
  }

  /** Every row; only where their number has a bound. */
  all(sql: string, ...values: readonly SQLInputValue[]): readonly unknown[] {
    return this.#of(sql).all(...values);
  }

  /** Row by row; the statement must not be run again meanwhile. */
  iterate(sql: string, ...values: readonly SQLInputValue[]): Iterable<unknown> {
    return this.#of(sql).iterate(...values);
  }

  /** The first column of the first row; undefined where there is no row. */
  value(sql: string, ...values: readonly SQLInputValue[]): SQLOutputValue | undefined {
    const row = this.#of(sql).get(...values);
    for (const column in row) return row[column];
    return undefined;
  }

  /** The first column of every row. */
  column(sql: string, ...values: readonly SQLInputValue[]): readonly unknown[] {
    return this.#of(sql)
      .all(...values)
      .flatMap((row) => Object.values(row).slice(0, 1));
  }

  /** The text in the first column of the first row; undefined if there is none. */
  text(sql: string, ...values: readonly SQLInputValue[]): string | undefined {
    const value = this.value(sql, ...values);
    return typeof value === 'string' ? value : undefined;
  }

  /** The numbers in the first column. */
  numbers(sql: string, ...values: readonly SQLInputValue[]): readonly number[] {
    return this.column(sql, ...values).filter((value) => typeof value === 'number');
  }

  /** The number that a statement answers; 0 where it answers none. */
  number(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.value(sql, ...values) ?? 0);
  }

  /** Runs statements that answer nothing, as they are. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Does something whole or not at all; what is for good is on the disk before this returns. */
  transaction<T>(act: () => T, { isForGood }: { readonly isForGood: boolean }): T {
    if (isForGood !== this.#isForGood) {
      this.exec(`PRAGMA synchronous = ${isForGood ? 'FULL' : 'NORMAL'}`);
      this.#isForGood = isForGood;
    }
    this.run('BEGIN IMMEDIATE');
    try {
      const made = act();
      this.run('COMMIT');
      return made;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Undoes what is not committed; SQLite may have done so by itself. */
  rollback(): void {
    if (this.#database.isTransaction) this.run('ROLLBACK');
  }

  /** Pages in use, in bytes: what a file has free inside is used before it grows. */
  get usedBytes(): number {
    this.#pageBytes ??= this.number('PRAGMA page_size');
    const pages = this.number('PRAGMA page_count') - this.number('PRAGMA freelist_count');
    return pages * this.#pageBytes;
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
