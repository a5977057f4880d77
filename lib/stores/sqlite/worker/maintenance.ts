// Recovery of unfinished work, retired paths and the sweep. A sweep runs in pieces, so that other calls
// are answered in between; each call names the end of the previous piece.

import { type Outcome, UNSETTLED_STATES } from '../../../core/delivery.ts';
import type {
  Recovery,
  RecoveryRequest,
  RenamedTrigger,
  Retirement,
  SweepBounds,
} from '../../../core/ports/store.ts';
import type { DeliveryRow, SweepAnswer, SweepPlace, WholeRow } from '../protocol.ts';
import { endedOf } from './claims.ts';
import type { Commits, PortParts } from './commit.ts';
import type { DeliveryRows } from './delivery-rows.ts';

/** After this many consecutive deaths during its attempts, the delivery is taken for the cause. */
const POISONED = 3;

/** Rows of each kind in a piece of a sweep: some milliseconds. */
const PIECE = 500;

const RUNNING = `
SELECT id FROM delivery WHERE trigger = ? AND state = 'running' AND claim IS NOT ?`;

// Excludes unsettled deliveries with a lost answer. Attempts are text made by JSON.stringify.
const OF_TRIGGER = `
SELECT seq FROM delivery INDEXED BY delivery_state WHERE trigger = ?
  AND (settled_at IS NOT NULL OR instr(attempts, '"outcome":{"outcome":"unknown"') = 0) LIMIT ?`;

const DIED: Outcome = {
  outcome: 'unknown',
  reason: 'process-died',
  detail: 'the process ended before the outcome was stored',
};

/**
 * Resets the count of deliveries that were not running at this death. Those with two deaths keep
 * theirs, because their next attempt runs alone.
 */
const NOT_IN_A_ROW = "UPDATE delivery SET deaths = 0 WHERE deaths = 1 AND state = 'waiting'";

const UNSETTLED = UNSETTLED_STATES.map((state) => `'${state}'`).join();

const GONE_ENTRIES = `
SELECT ledger.seq, gone_at, delivery.state IN (${UNSETTLED}) AS isNeeded
FROM ledger INDEXED BY ledger_gone LEFT JOIN delivery ON delivery.id = ledger.id
WHERE gone_at IS NOT NULL AND (gone_at, ledger.seq) > (?, ?) AND gone_at < ?
  AND ledger.path NOT IN (SELECT id FROM path WHERE path IN (SELECT value FROM json_each(?)))
ORDER BY gone_at, ledger.seq LIMIT ?`;

const SETTLED = `
SELECT seq, id, trigger, state FROM delivery INDEXED BY delivery_settled
WHERE settled_at IS NOT NULL AND settled_at < ? ORDER BY settled_at, seq LIMIT ?`;

interface GoneEntry {
  readonly seq: number;
  readonly gone_at: number;
  readonly isNeeded: 0 | 1 | null;
}

/** Recovers, retires and sweeps. */
export class Maintenance {
  readonly #parts: PortParts;
  readonly #journal: Commits;
  readonly #deliveries: DeliveryRows;

  constructor(parts: PortParts, journal: Commits) {
    this.#parts = parts;
    this.#journal = journal;
    this.#deliveries = parts.deliveries;
  }

  begin(request: RecoveryRequest): Omit<Recovery, 'lost'> & { readonly lost: readonly WholeRow[] } {
    const { incarnation, now, renamed = [] } = request;
    const lost: string[] = [];
    let unattempted = 0;
    const left = this.#runningOfOthers(incarnation);
    if (left.length > 0) this.#parts.db.run(NOT_IN_A_ROW);
    for (const before of left) {
      if (before.openAt === null) {
        unattempted += 1;
        this.#deliveries.change(before, { state: 'waiting', dead: null, dueAt: before.dueAt, now });
      } else lost.push(this.#lose(before, now).id);
    }
    // Only now, because no delivery of the old name is running any more.
    for (const one of renamed) this.#rename(one);
    const whole = lost.flatMap((id) => this.#deliveries.findWhole(id) ?? []);
    return { lost: whole, unattempted, paths: this.#paths() };
  }

  /** Moves the entries of a path to its successors. Its position stays until a sweep. */
  retire(retirement: Retirement): void {
    const { path, readMs } = retirement;
    this.#parts.ledger.retire(retirement);
    const sql = 'UPDATE position SET retired_at = ? WHERE path = ? AND retired_at IS NULL';
    this.#parts.db.run(sql, readMs, path);
  }

  /** Deletes the next piece of outdated records. */
  sweep(
    { goneBefore, settledBefore, unread = [] }: SweepBounds,
    from: SweepPlace | null,
  ): SweepAnswer {
    const { db, history } = this.#parts;
    const place = from ?? { goneAt: -Infinity, seq: 0 };
    if (from === null) {
      db.run('DELETE FROM position WHERE retired_at < ?', goneBefore);
      history.sweep();
    }
    const at = [place.goneAt, place.seq, goneBefore, JSON.stringify(unread)];
    const gone = db.all(GONE_ENTRIES, ...at, PIECE) as readonly GoneEntry[];
    const free = gone.filter(({ isNeeded }) => isNeeded !== 1);
    for (const { seq } of free) db.run('DELETE FROM ledger WHERE seq = ?', seq);
    const settled = db.all(SETTLED, settledBefore, PIECE);
    for (const row of settled) this.#journal.forget(row as DeliveryRow);
    const isLast = gone.length < PIECE && settled.length < PIECE;
    const last = gone.at(-1);
    const next = last === undefined ? place : { goneAt: last.gone_at, seq: last.seq };
    return { forgotten: free.length, next: isLast ? null : next };
  }

  #rename({ from, to }: RenamedTrigger): void {
    let some: readonly number[];
    do {
      some = this.#parts.db.numbers(OF_TRIGGER, from, PIECE);
      for (const seq of some) {
        const row = this.#deliveries.at(seq);
        if (row !== undefined) this.#deliveries.moveTo(to, row);
      }
    } while (some.length === PIECE);
  }

  #runningOfOthers(incarnation: string): readonly DeliveryRow[] {
    const triggers = this.#deliveries.stateCounts.counts.filter(({ state }) => state === 'running');
    return triggers
      .flatMap(({ trigger }) => this.#parts.db.texts(RUNNING, trigger, incarnation))
      .flatMap((id) => this.#deliveries.find(id) ?? []);
  }

  #lose(before: DeliveryRow, now: number): DeliveryRow {
    const deaths = before.deaths + 1;
    const attempts = endedOf(before, { outcome: DIED, durationMs: null });
    const openAt = null;
    const ended = { attempts, openAt, deaths, dueAt: now, now, endedAt: before.openAt ?? now };
    if (deaths < POISONED) {
      return this.#deliveries.change(before, { ...ended, state: 'waiting', dead: null });
    }
    return this.#deliveries.change(before, { ...ended, state: 'dead', dead: 'poison' });
  }

  #paths(): readonly string[] {
    const sql = 'SELECT DISTINCT path FROM position WHERE retired_at IS NULL';
    return [...new Set([...this.#parts.db.texts(sql), ...this.#parts.ledger.paths])];
  }
}
