// Opens the files: ours or nobody's yet, of a format that this program can work with, locked for as
// long as this process lives. A file of another program is never written to.

import { closeSync, openSync } from 'node:fs';
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from 'node:sqlite';
import type { OpenFailure } from '../protocol.ts';
import { failureOf } from '../sqlite-errors.ts';
import { APPLICATION_ID, FORMAT, STEPS } from './schema.ts';

/** The second file. */
export type HistoryFile = Statements;

/** How long to wait for a lock: a command may have the file open for a moment, a gateway keeps it. */
const BUSY_MS = 2_000;

/** Of the file in memory, in KiB: what a busy store comes back to, far below a backlog. */
const CACHE_KIB = 16 * 1024;
const HISTORY_CACHE_KIB = 2 * 1024;

/** After a checkpoint the log is cut back to so many bytes. */
const LOG_BYTES = 16 * 1024 * 1024;

/** Pages in the log before they are moved to the file: 16 MiB, so that hot pages move once. */
const CHECKPOINT_PAGES = 4_000;

/** Up to so many pages a whole check takes some tens of milliseconds. */
const CHECKED_PAGES = 8_192;

/** Marks the second file as ours: "SluH" in ASCII. */
const HISTORY_APPLICATION_ID = 0x53_6c_75_48;

const HISTORY = `
CREATE TABLE IF NOT EXISTS decision (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, trail TEXT NOT NULL
);
PRAGMA application_id = ${HISTORY_APPLICATION_ID}`;

/** Thrown where a file can not be worked with. */
class Unfit extends Error {
  readonly found: OpenFailure;

  constructor(found: OpenFailure) {
    super(found.what);
    this.found = found;
  }
}

/** The main file, open, in the newest format. */
export function openMain(path: string): Statements {
  const db = connect(path, CACHE_KIB);
  try {
    checkOwner(db);
    // In the file before its log exists: whoever reads only the first bytes knows it for ours.
    if (db.number('PRAGMA application_id') === 0)
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    setUp(db, 'FULL');
    migrate(db);
    checkWhole(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The second file, open. */
export function openHistory(path: string): HistoryFile {
  // Made by us, so that nobody else can read it; what belongs to it is made with the same rights.
  closeSync(openSync(path, 'a', 0o600));
  const db = connect(path, HISTORY_CACHE_KIB);
  try {
    setUp(db, 'NORMAL');
    db.exec(HISTORY);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What is wrong with a file, as it can cross threads. */
export function foundIn(error: unknown): OpenFailure {
  if (error instanceof Unfit) return error.found;
  const { code, result, message } = failureOf(error);
  if (code === 'store-unusable') return { what: 'damaged', detail: message };
  return { what: 'failed', result, detail: message };
}

function connect(path: string, cacheKib: number): Statements {
  const db = new Statements(new DatabaseSync(path, { timeout: BUSY_MS }));
  // Before anything is read: then the lock is kept from the first look on, by this process alone.
  db.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF',
  );
  db.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA cell_size_check = ON`);
  return db;
}

function setUp(db: Statements, synchronous: 'FULL' | 'NORMAL'): void {
  db.get('PRAGMA journal_mode = WAL');
  db.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA journal_size_limit = ${LOG_BYTES}`);
  db.get(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
}

function checkOwner(db: Statements): void {
  const applicationId = db.number('PRAGMA application_id');
  if (applicationId === APPLICATION_ID) return;
  const isEmpty = db.number('SELECT count(*) FROM sqlite_schema') === 0;
  if (applicationId !== 0 || !isEmpty) throw new Unfit({ what: 'foreign', applicationId });
}

function migrate(db: Statements): void {
  const format = db.number('PRAGMA user_version');
  if (format > FORMAT) {
    const minimumReader = db.number("SELECT value FROM meta WHERE name = 'minimum_reader'");
    if (minimumReader > FORMAT) throw new Unfit({ what: 'newer', format, minimumReader });
    return;
  }
  if (format === FORMAT) return;
  db.transaction(
    () => {
      for (const step of STEPS.slice(format)) db.exec(step);
      db.exec(`PRAGMA user_version = ${FORMAT}`);
    },
    { isForGood: true },
  );
}

/** A look at all of a small file; of a large one what every start reads: its counts. */
function checkWhole(db: Statements): void {
  if (db.number('PRAGMA page_count') > CHECKED_PAGES) return;
  const found = db.value('PRAGMA quick_check(1)');
  if (found !== 'ok') throw new Unfit({ what: 'damaged', detail: String(found) });
}

// One open database with its prepared statements: each SQL text is compiled once. It knows nothing
// of tables.

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
