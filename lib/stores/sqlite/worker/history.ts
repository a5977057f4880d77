// The decisions of deliveries, in a second file beside the main one. It is written after the answers
// and without waiting for the disk, so a crash may lose recent decisions. No other data depends on it.
// A damaged history is renamed and replaced; the main file never is.

import { existsSync, renameSync } from 'node:fs';
import type { DecisionRow, DeliveryRow, HistoryNote } from '../protocol.ts';
import { failureOf } from '../sqlite-errors.ts';
import { openHistory, type Statements } from './database.ts';

const WRITE = `
INSERT INTO decision (id, at, trail) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, trail = excluded.trail`;

const FORGET = 'DELETE FROM decision WHERE id = ?';

const NEXT = 'SELECT seq, id FROM decision WHERE seq > ? ORDER BY seq LIMIT ?';

/** Decisions checked in each sweep. */
const PIECE = 500;

/** The most damaged files that are kept, so that a failing disk is not filled with them. */
const DAMAGED_AT_MOST = 9;

/** Stores decisions for as long as their deliveries exist. */
export class History {
  readonly #path: string;
  readonly #note: (note: HistoryNote) => void;
  /** Checks whether a delivery with this id exists. */
  readonly #isKept: (id: string) => boolean;
  #file: Statements | null = null;
  /** The file is damaged and could not be renamed, so only a person can repair it. */
  #isDamaged = false;
  #isOpen = false;
  /** Null after a change. */
  #usedBytes: number | null = null;
  #sweptTo = 0;

  constructor(path: string, isKept: (id: string) => boolean, note: (note: HistoryNote) => void) {
    this.#path = path;
    this.#isKept = isKept;
    this.#note = note;
    this.#tryTo((): void => {
      this.#file = openHistory(path);
    });
  }

  get usedBytes(): number {
    return this.#tryTo(() => (this.#usedBytes ??= this.#file?.usedBytes ?? 0)) ?? 0;
  }

  add({ id, at, trail }: DecisionRow): void {
    this.#write((file) => file.run(WRITE, id, at, trail));
  }

  forget(id: string): void {
    this.#write((file) => file.run(FORGET, id));
  }

  find(id: string): DecisionRow | null {
    const sql = 'SELECT id, at, trail FROM decision WHERE id = ?';
    return this.#tryTo(() => this.#file?.get(sql, id) as DecisionRow | undefined) ?? null;
  }

  /** Checks the next decisions in a cycle and deletes those without a delivery. */
  sweep(): void {
    // Retries once per sweep, which runs each minute: the disk may have space again.
    if (this.#file === null && !this.#isDamaged) this.#reopen();
    this.#write((file) => {
      const some = file.all(NEXT, this.#sweptTo, PIECE) as readonly Pick<
        DeliveryRow,
        'seq' | 'id'
      >[];
      for (const { id } of some) {
        if (!this.#isKept(id)) file.run(FORGET, id);
      }
      this.#sweptTo = some.length < PIECE ? 0 : (some.at(-1)?.seq ?? 0);
    });
  }

  /** Commits the changes since the last flush. */
  flush(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#tryTo(() => this.#file?.run('COMMIT'));
  }

  close(): void {
    this.flush();
    this.#tryTo(() => this.#file?.close());
    this.#file = null;
  }

  #write(act: (file: Statements) => unknown): void {
    this.#tryTo(() => {
      if (this.#file === null) return;
      if (!this.#isOpen) this.#file.run('BEGIN IMMEDIATE');
      this.#isOpen = true;
      this.#usedBytes = null;
      act(this.#file);
    });
  }

  /** Absorbs every failure: it may lose decisions, but no other data. */
  #tryTo<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      const { code, message } = failureOf(error);
      this.#drop();
      this.#isDamaged = code === 'store-unusable';
      const movedTo = this.#isDamaged ? this.#setAside() : null;
      if (movedTo !== null) this.#reopen();
      this.#note({ file: this.#path, movedTo, why: message });
      return undefined;
    }
  }

  #drop(): void {
    this.#isOpen = false;
    this.#usedBytes = null;
    try {
      this.#file?.close();
    } catch {
      // The file is abandoned, so a failure to close it does not matter.
    }
    this.#file = null;
  }

  #reopen(): void {
    try {
      this.#file = openHistory(this.#path);
      this.#isDamaged = false;
    } catch {
      // The reason was already reported. The gateway continues without a history.
    }
  }

  #setAside(): string | null {
    const places = Array.from({ length: DAMAGED_AT_MOST }, (_, place) => place + 1);
    const names = places.map((place) => `${this.#path}.damaged-${place}`);
    const movedTo = names.find((name) => !existsSync(name));
    if (movedTo === undefined) return null;
    try {
      for (const part of ['', '-wal', '-shm', '-journal']) {
        if (existsSync(this.#path + part)) renameSync(this.#path + part, movedTo + part);
      }
      return movedTo;
    } catch {
      return null;
    }
  }
}
