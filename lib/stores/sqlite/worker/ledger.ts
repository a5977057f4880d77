// The ledger in SQL: the series that were started, found by key, by delivery id and by Event. Only a
// sweep (maintenance.ts) deletes entries.

import { HELD_TO_THE_END } from '../../../core/delivery.ts';
import type { CompleteList, PathKey } from '../../../core/ports/source.ts';
import type { LedgerEntry, Retirement } from '../../../core/ports/store.ts';
import { hashesOf } from '../../../kit/data/key-filter.ts';
import { successorOf } from '../../store-kind.ts';
import type { LedgerKeys, SeenKeys } from '../protocol.ts';
import type { Statements } from './database.ts';

const COLUMNS = `key, path.path, event_key AS eventKey, object, ledger.id, life,
fired_at AS firedAt, fired_happened_at AS firedHappenedAt, fired_count AS firedCount,
last_happened_at AS lastHappenedAt, last_count AS lastCount`;

const LOOKUP = `SELECT ${COLUMNS} FROM ledger JOIN path ON path.id = ledger.path WHERE key = ?`;

// Most writes change only the last state, and this statement touches no index.
const MOVE_LAST = `
UPDATE ledger SET last_happened_at = ?, last_count = ?
WHERE key = ? AND path = ? AND event_key = ? AND id = ? AND life = ? AND fired_at = ?
  AND fired_happened_at = ? AND fired_count = ? AND gone_at IS NULL AND object = ?`;

const WRITE = `
INSERT INTO ledger (key, path, event_key, object, id, life, fired_at, fired_happened_at,
  fired_count, last_happened_at, last_count, gone_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT (key) DO UPDATE SET path = excluded.path, event_key = excluded.event_key,
  object = excluded.object, id = excluded.id, life = excluded.life, fired_at = max(fired_at, excluded.fired_at),
  fired_happened_at = excluded.fired_happened_at, fired_count = excluded.fired_count,
  last_happened_at = excluded.last_happened_at, last_count = excluded.last_count, gone_at = NULL`;

const SEEN = `
UPDATE ledger SET gone_at = NULL WHERE path = ? AND event_key = ? AND gone_at IS NOT NULL`;

const ANY_GONE = 'SELECT 1 FROM ledger INDEXED BY ledger_gone WHERE gone_at IS NOT NULL LIMIT 1';

const GONE = `
UPDATE ledger SET gone_at = ? WHERE path = ? AND event_key = ? AND gone_at IS NULL`;

const MOVE_TO_PATH = 'UPDATE ledger SET path = ? WHERE path = ? AND event_key = ?';

const EVENTS_OF = `
SELECT DISTINCT event_key FROM ledger INDEXED BY ledger_event
WHERE path = ? AND event_key > ? ORDER BY event_key LIMIT ?`;

const FIRED = `
SELECT fired_at AS at, ledger.object FROM ledger LEFT JOIN delivery ON delivery.id = ledger.id
WHERE fired_at >= ? AND ifnull(state, '') <> 'held' AND ifnull(dead, '') NOT IN (${HELD_TO_THE_END.map((reason) => `'${reason}'`).join()})`;

const KEYS = `
SELECT seq, key, event_key AS eventKey FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?`;

/** Entries per piece: about 20 ms of the worker's time. */
const KEYS_PIECE = 10_000;

type KeyRow = Pick<LedgerEntry, 'key' | 'eventKey'> & { readonly seq: number };

/** Events read together, so that the keys of a path are never all in memory. */
const PAGE = 500;

/** Reads and changes rows of the ledger. */
export class Ledger {
  readonly #db: Statements;
  /** The row ids of watch paths. */
  readonly #paths = new Map<string, number>();
  /** Paths that are known not to be retired. */
  readonly #read = new Set<string>();

  constructor(db: Statements) {
    this.#db = db;
  }

  lookup(keys: readonly string[]): ReadonlyMap<string, LedgerEntry> {
    const found = keys.flatMap(
      (key) => (this.#db.get(LOOKUP, key) as LedgerEntry | undefined) ?? [],
    );
    return new Map(found.map((entry) => [entry.key, entry]));
  }

  /** The hashes of all keys of the next entries after this one. */
  keys(after: number): LedgerKeys {
    const rows = this.#db.all(KEYS, after, KEYS_PIECE) as readonly KeyRow[];
    const hashes = new Uint32Array(rows.length * 4);
    for (const [at, { key, eventKey }] of rows.entries()) {
      const [own, event] = [hashesOf(key), hashesOf(eventKey)];
      hashes.set([own.first, own.second, event.first, event.second], at * 4);
    }
    const next = rows.length < KEYS_PIECE ? null : (rows.at(-1)?.seq ?? null);
    return { hashes, next };
  }

  has(id: string): boolean {
    return this.#db.get('SELECT 1 FROM ledger WHERE id = ?', id) !== undefined;
  }

  /** Stores a complete entry. A state of its Event was read, so the Event exists. */
  write(entry: LedgerEntry): void {
    const { key, eventKey, object, id, life } = entry;
    const { firedAt, firedHappenedAt, firedCount, lastHappenedAt, lastCount } = entry;
    const path = this.#pathOf(entry.path);
    this.#noteRead(entry.path);
    const fired = [firedAt, firedHappenedAt, firedCount];
    const last = [lastHappenedAt, lastCount];
    const moved = this.#db.run(MOVE_LAST, ...last, key, path, eventKey, id, life, ...fired, object);
    if (moved > 0) return;
    this.#db.run(WRITE, key, path, eventKey, object, id, life, ...fired, ...last);
  }

  /** Marks Events as existing, because a state of each was read. */
  markSeen(seen: readonly SeenKeys[]): void {
    if (seen.length === 0 || this.#db.get(ANY_GONE) === undefined) return;
    for (const { path, keys } of seen) {
      const stored = this.#pathOf(path);
      for (const key of keys) this.#db.run(SEEN, stored, key);
    }
  }

  /** Marks an Event as deleted: the retention of its entries begins. */
  markGone({ path, key }: PathKey, readMs: number): void {
    this.#db.run(GONE, readMs, this.#pathOf(path), key);
  }

  /** Marks all other Events of a path as deleted. */
  markListed({ path, keys }: CompleteList, readMs: number): void {
    const stored = this.#pathOf(path);
    for (const eventKey of this.#eventsOf(stored)) {
      if (!keys.has(eventKey)) this.#db.run(GONE, readMs, stored, eventKey);
    }
  }

  /** Moves the entries of a path to its successors; the retention of the others begins. */
  retire({ path, successors, readMs }: Retirement): void {
    const stored = this.#pathOf(path);
    this.#read.delete(path);
    this.#db.run('UPDATE path SET is_retired = 1 WHERE id = ?', stored);
    for (const eventKey of this.#eventsOf(stored)) {
      const successor = successorOf(successors, eventKey);
      if (successor === undefined) this.#db.run(GONE, readMs, stored, eventKey);
      else if (successor !== path) {
        this.#db.run(MOVE_TO_PATH, this.#pathOf(successor), stored, eventKey);
        this.#noteRead(successor);
      }
    }
  }

  /** The watch paths of all entries, except retired paths. */
  get paths(): readonly string[] {
    const sql = `
      SELECT path FROM path WHERE is_retired = 0
      AND EXISTS (SELECT 1 FROM ledger INDEXED BY ledger_event WHERE ledger.path = path.id)`;
    return this.#db.texts(sql);
  }

  /** Sets the start of the entry with this delivery id, at the release of a held delivery. */
  refire(id: string, firedAt: number): void {
    this.#db.run('UPDATE ledger SET fired_at = ? WHERE id = ?', firedAt, id);
  }

  firedSince(since: number): readonly { readonly at: number; readonly object: string }[] {
    return this.#db.all(FIRED, since) as readonly { at: number; object: string }[];
  }

  /** Drops cached paths after a transaction was rolled back. */
  rollback(): void {
    this.#paths.clear();
    this.#read.clear();
  }

  #noteRead(path: string): void {
    if (this.#read.has(path)) return;
    this.#read.add(path);
    this.#db.run('UPDATE path SET is_retired = 0 WHERE path = ? AND is_retired = 1', path);
  }

  *#eventsOf(path: number): Iterable<string> {
    let behind = '';
    for (;;) {
      const page = this.#db.texts(EVENTS_OF, path, behind, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      behind = page.at(-1) ?? behind;
    }
  }

  #pathOf(path: string): number {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const found = this.#db.number('SELECT id FROM path WHERE path = ?', path);
    const stored =
      found > 0
        ? found
        : this.#db.number('INSERT INTO path (path, is_retired) VALUES (?, 0) RETURNING id', path);
    this.#paths.set(path, stored);
    return stored;
  }
}
