// The journal in SQL: commits of positions, ledger, new deliveries and gaps. Inside the transaction it
// checks ids against deliveries and ledger, and deletes settled deliveries if the file is full.

import type { Gap, Position, Positions } from '../../../core/ports/source.ts';
import type { Committed, StoreUsage } from '../../../core/ports/store.ts';
import { GAPS_KEPT } from '../../store-kind.ts';
import type { DeliveryRow, NewRow, PackedCommit } from '../protocol.ts';
import type { Statements } from './database.ts';
import type { DeliveryRows } from './delivery-rows.ts';
import type { History } from './history.ts';
import type { Ledger } from './ledger.ts';

const WRITE_POSITION = `
INSERT INTO position (source, path, resource_version, at) VALUES (?, ?, ?, ?)
ON CONFLICT (source, path) DO UPDATE SET resource_version = excluded.resource_version,
  at = excluded.at, retired_at = NULL`;

const POSITIONS = `
SELECT path, resource_version AS resourceVersion, at FROM position WHERE source = ? ORDER BY path`;

const WRITE_GAP = `
INSERT INTO gap (source, path, loss, why, from_version, from_at, to_version, to_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

const OLDEST_SETTLED = `
SELECT seq, id, trigger, state FROM delivery INDEXED BY delivery_settled
WHERE settled_at IS NOT NULL ORDER BY settled_at, seq LIMIT ?`;

/** Settled deliveries deleted together to make room: a few more than a usual batch adds. */
const EVICTED = 100;

/** Dependencies of the ports in the worker. */
export interface PortParts {
  readonly db: Statements;
  readonly deliveries: DeliveryRows;
  readonly ledger: Ledger;
  readonly history: History;
  /** 0: no bound. */
  readonly maxBytes: number;
}

/** Commits, positions and gaps. */
export class Commits {
  readonly #parts: PortParts;

  constructor(parts: PortParts) {
    this.#parts = parts;
  }

  /** The positions of a source, including retired paths. */
  positions(source: string): Positions {
    const rows = this.#parts.db.all(POSITIONS, source) as readonly (Position & {
      readonly path: string;
    })[];
    return new Map(rows.map(({ path, resourceVersion, at }) => [path, { resourceVersion, at }]));
  }

  allPositions(): ReadonlyMap<string, Positions> {
    const sources = this.#parts.db.texts('SELECT DISTINCT source FROM position ORDER BY source');
    return new Map(sources.map((source) => [source, this.positions(source)]));
  }

  /** Stores the whole commit, or nothing if the store is full. */
  commit(commit: PackedCommit): Committed {
    const { deliveries, history, ledger } = this.#parts;
    const ids = commit.deliveries.map(({ id }) => id);
    const existing = new Set(ids.filter((id) => this.#isKnown(id)));
    const fresh = distinct(commit.deliveries.filter(({ id }) => !existing.has(id)));
    if (fresh.length > 0 && !this.#makeRoom()) return { done: false, usage: this.usage };
    for (const row of fresh) deliveries.add(row);
    for (const decision of commit.decisions) if (!existing.has(decision.id)) history.add(decision);
    for (const entry of commit.ledger) ledger.write(entry);
    ledger.markSeen(commit.seen);
    for (const gone of commit.gone) ledger.markGone(gone, commit.readMs);
    for (const listed of commit.listed) ledger.markListed(listed, commit.readMs);
    for (const [source, moved] of commit.positions) {
      for (const [path, { resourceVersion, at }] of moved) {
        this.#parts.db.run(WRITE_POSITION, source, path, resourceVersion, at);
      }
    }
    this.addGaps(commit.gaps);
    return { done: true, existing, usage: this.usage };
  }

  /** Adds gaps and deletes the oldest. */
  addGaps(gaps: readonly Gap[]): void {
    const { db } = this.#parts;
    for (const { source, path, loss, why, from, to } of gaps) {
      const bounds = [from?.resourceVersion ?? null, from?.at ?? null, to.resourceVersion, to.at];
      db.run(WRITE_GAP, source, path, loss, why, ...bounds);
    }
    if (gaps.length === 0) return;
    db.run('DELETE FROM gap WHERE seq <= (SELECT max(seq) FROM gap) - ?', GAPS_KEPT);
  }

  gaps(limit: number): readonly Gap[] {
    return this.#parts.db.all('SELECT * FROM gap ORDER BY seq DESC LIMIT ?', limit).map((row) => {
      const { source, path, loss, why, from_version, from_at, to_version, to_at } = row as GapRow;
      const from =
        from_version === null || from_at === null
          ? null
          : { resourceVersion: from_version, at: from_at };
      const to = { resourceVersion: to_version, at: to_at };
      return { source, path, loss, why, from, to };
    });
  }

  /** The size of the store, including the history. */
  get usage(): StoreUsage {
    const { db, history, maxBytes } = this.#parts;
    return { bytes: db.usedBytes + history.usedBytes, maxBytes };
  }

  /** Deletes a settled delivery and its decision. */
  forget(settled: Pick<DeliveryRow, 'seq' | 'id' | 'trigger' | 'state'>): void {
    this.#parts.deliveries.forget(settled);
    this.#parts.history.forget(settled.id);
  }

  #isKnown(id: string): boolean {
    const sql = 'SELECT 1 FROM delivery WHERE id = ?';
    return this.#parts.db.get(sql, id) !== undefined || this.#parts.ledger.has(id);
  }

  /** Deletes settled deliveries while the store is full; returns whether there is room. */
  #makeRoom(): boolean {
    const { db, maxBytes } = this.#parts;
    while (maxBytes > 0 && this.usage.bytes >= maxBytes) {
      const oldest = db.all(OLDEST_SETTLED, EVICTED);
      if (oldest.length === 0) return false;
      for (const row of oldest) this.forget(row as DeliveryRow);
    }
    return true;
  }
}

interface GapRow extends Pick<Gap, 'source' | 'path' | 'loss' | 'why'> {
  readonly from_version: string | null;
  readonly from_at: number | null;
  readonly to_version: string;
  readonly to_at: number;
}

/** A batch never has a delivery twice; if it did, the first one would count. */
function distinct(rows: readonly NewRow[]): readonly NewRow[] {
  const ids = new Set<string>();
  return rows.filter(({ id }) => ids.size < ids.add(id).size);
}
