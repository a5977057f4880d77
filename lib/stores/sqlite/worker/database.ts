// Opens the main file and the history, and prepares statements. A file must be empty or a Sluice file
// of a supported format, and stays locked until the process ends. Foreign files are never changed.

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

/** How long to wait for a lock. A command holds it for a moment; a gateway keeps it. */
const BUSY_MS = 2_000;

/** Page cache in KiB: enough for the pages that a busy store reuses, far below a backlog. */
const CACHE_KIB = 16 * 1024;
const HISTORY_CACHE_KIB = 2 * 1024;

/** Size to which a checkpoint truncates the log, in bytes. */
const LOG_BYTES = 16 * 1024 * 1024;

/** Pages in the log before a checkpoint: 16 MiB, so that a frequent page is copied once. */
const CHECKPOINT_PAGES = 4_000;

/** Files up to this number of pages are checked completely, in some tens of milliseconds. */
const CHECKED_PAGES = 8_192;

/** Marks a history of Sluice: "SluH" in ASCII. */
const HISTORY_APPLICATION_ID = 0x53_6c_75_48;

const HISTORY = `
CREATE TABLE IF NOT EXISTS decision (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, trail TEXT NOT NULL
);
PRAGMA application_id = ${HISTORY_APPLICATION_ID}`;

class UnusableFile extends Error {
  readonly found: OpenFailure;

  constructor(found: OpenFailure) {
    super(found.what);
    this.found = found;
  }
}

/** Opens the main file and migrates it to the newest format. */
export function openMain(path: string): Statements {
  return connect(path, CACHE_KIB, (db) => {
    checkOwner(db);
    // Before the log exists, so that the first bytes of the file identify it.
    if (db.number('PRAGMA application_id') === 0)
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    setUp(db, 'FULL');
    migrate(db);
    checkWhole(db);
  });
}

/** Opens the history. */
export function openHistory(path: string): Statements {
  // Created with mode 600; SQLite creates its log with the same mode.
  closeSync(openSync(path, 'a', 0o600));
  return connect(path, HISTORY_CACHE_KIB, (db) => {
    setUp(db, 'NORMAL');
    db.exec(HISTORY);
  });
}

/** Converts a thrown error to the reason why a file cannot be opened. */
export function openFailureOf(error: unknown): OpenFailure {
  if (error instanceof UnusableFile) return error.found;
  const { code, result, message } = failureOf(error);
  if (code === 'store-unusable') return { what: 'damaged', detail: message };
  return { what: 'failed', result, detail: message };
}

function connect(path: string, cacheKib: number, prepare: (db: Statements) => void): Statements {
  const db = new Statements(new DatabaseSync(path, { timeout: BUSY_MS }));
  // Before the first read, so that this process keeps the lock from then on.
  db.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF',
  );
  db.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA cell_size_check = ON`);
  try {
    prepare(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
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
  if (applicationId !== 0 || !isEmpty) throw new UnusableFile({ what: 'foreign', applicationId });
}

function migrate(db: Statements): void {
  const format = db.number('PRAGMA user_version');
  if (format > FORMAT) {
    const minimumReader = db.number("SELECT value FROM meta WHERE name = 'minimum_reader'");
    if (minimumReader > FORMAT) throw new UnusableFile({ what: 'newer', format, minimumReader });
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

/** Checks all of a small file. Of a large file the start checks only the pages that it reads. */
function checkWhole(db: Statements): void {
  if (db.number('PRAGMA page_count') > CHECKED_PAGES) return;
  const found = db.value('PRAGMA quick_check(1)');
  if (found !== 'ok') throw new UnusableFile({ what: 'damaged', detail: String(found) });
}

/** A database with its prepared statements; each SQL text is compiled once. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #isForGood: boolean | null = null;
  #pageBytes: number | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs a statement and returns the number of changed rows. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#of(sql).run(...values).changes);
  }

  /** The first row; undefined if there is none. */
  get(sql: string, ...values: readonly SQLInputValue[]): unknown {
    return this.#of(sql).get(...values);
  }

  /** All rows, for statements with a bounded number of them. */
  all(sql: string, ...values: readonly SQLInputValue[]): readonly unknown[] {
    return this.#of(sql).all(...values);
  }

  /** The rows one by one. The statement must not be run again before the end. */
  iterate(sql: string, ...values: readonly SQLInputValue[]): Iterable<unknown> {
    return this.#of(sql).iterate(...values);
  }

  /** The first column of the first row; undefined if there is no row. */
  value(sql: string, ...values: readonly SQLInputValue[]): SQLOutputValue | undefined {
    const row = this.#of(sql).get(...values);
    for (const column in row) return row[column];
    return undefined;
  }

  /** The text in the first column of the first row; undefined if there is none. */
  text(sql: string, ...values: readonly SQLInputValue[]): string | undefined {
    const value = this.value(sql, ...values);
    return typeof value === 'string' ? value : undefined;
  }

  /** The numbers in the first column of all rows. */
  numbers(sql: string, ...values: readonly SQLInputValue[]): readonly number[] {
    return this.#column(sql, values).filter((value) => typeof value === 'number');
  }

  /** The texts in the first column of all rows. */
  texts(sql: string, ...values: readonly SQLInputValue[]): readonly string[] {
    return this.#column(sql, values).filter((value) => typeof value === 'string');
  }

  /** The number in the first column of the first row; 0 if there is none. */
  number(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.value(sql, ...values) ?? 0);
  }

  /** Runs statements without parameters and rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs `act` in a transaction. If `isForGood`, it waits until the disk has the changes. */
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

  /** Rolls back an open transaction; SQLite may have done so already. */
  rollback(): void {
    if (this.#database.isTransaction) this.run('ROLLBACK');
  }

  /** Used pages in bytes, without free pages, which are reused before the file grows. */
  get usedBytes(): number {
    this.#pageBytes ??= this.number('PRAGMA page_size');
    const pages = this.number('PRAGMA page_count') - this.number('PRAGMA freelist_count');
    return pages * this.#pageBytes;
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #column(sql: string, values: readonly SQLInputValue[]): readonly SQLOutputValue[] {
    return this.#of(sql)
      .all(...values)
      .flatMap((row) => Object.values(row).slice(0, 1));
  }

  #of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
