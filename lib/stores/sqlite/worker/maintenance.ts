// Beginning, forgetting and moving times. A sweep comes in pieces, so that other calls go on between
// them; whoever asks says where the piece before ended.

import { type Outcome, UNSETTLED_STATES } from '../../../core/delivery.ts';
import type { RecoveryRequest, RenamedTrigger, Retirement } from '../../../core/store.ts';
import type {
  Calls,
  DeliveryRow,
  SweepAnswer,
  SweepAsk,
  SweepPlace,
  WholeRow,
} from '../protocol.ts';
import { endedOf } from './claims.ts';
import type { Commits, JournalParts } from './commit.ts';
import type { DeliveryRows } from './delivery-rows.ts';

/** A third death in a row during an attempt of one delivery: it is the delivery. */
const POISONED = 3;

/** Rows that a piece of a sweep looks at, of each kind: some milliseconds. */
const PIECE = 500;

const RUNNING = `
SELECT id FROM delivery WHERE trigger = ? AND state = 'running' AND claim IS NOT ?`;

// Attempts are JSON as JSON.stringify writes it; an unsettled one with a lost answer stays.
const OF_TRIGGER = `
SELECT seq FROM delivery INDEXED BY delivery_state WHERE trigger = ?
  AND (settled_at IS NOT NULL OR instr(attempts, '"outcome":{"outcome":"unknown"') = 0) LIMIT ?`;

const DIED: Outcome = {
  outcome: 'unknown',
  reason: 'process-died',
  detail: 'the process ended before the answer was written down',
};

/** It died without the attempt of these. Who stands at two is attempted alone next, whatever dies first. */
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

const FROM_THE_START: SweepPlace = { goneAt: -Infinity, seq: 0 };

/** What keeps a store in order. */
export class Maintenance {
  readonly #parts: JournalParts;
  readonly #journal: Commits;
  readonly #deliveries: DeliveryRows;

  constructor(parts: JournalParts, journal: Commits) {
    this.#parts = parts;
    this.#journal = journal;
    this.#deliveries = parts.deliveries;
  }

  /** Gives back what every other incarnation had claimed. */
  begin({ incarnation, now, renamed = [] }: RecoveryRequest): Calls['begin']['answer'] {
    const lost: string[] = [];
    let unattempted = 0;
    const left = this.#runningOfOthers(incarnation);
    if (left.length > 0) this.#parts.db.run(NOT_IN_A_ROW);
    for (const before of left) {
      if (before.openAt === null) {
        unattempted += 1;
        this.#deliveries.move(before, { state: 'waiting', dead: null, dueAt: before.dueAt, now });
      } else lost.push(this.#lose(before, now).id);
    }
    // Now nothing runs that a lane of the old name would have to end.
    for (const one of renamed) this.#rename(one);
    return { lost: lost.flatMap((id) => this.#whole(id)), unattempted, paths: this.#paths() };
  }

  /** Hands over the entries of a path; its position stays until a sweep. */
  retire(retirement: Retirement): void {
    const { path, readMs } = retirement;
    this.#parts.ledger.retire(retirement);
    const sql = 'UPDATE position SET retired_at = ? WHERE path = ? AND retired_at IS NULL';
    this.#parts.db.run(sql, readMs, path);
  }

  /** Forgets a piece of what may be forgotten. */
  sweep({ goneBefore, settledBefore, unread = [], from }: SweepAsk): SweepAnswer {
    const { db, history } = this.#parts;
    const place = from ?? FROM_THE_START;
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
    const next: SweepPlace = {
      goneAt: last?.gone_at ?? place.goneAt,
      seq: last?.seq ?? place.seq,
    };
    return { forgotten: free.length, next: isLast ? null : next };
  }

  #rename({ from, to }: RenamedTrigger): void {
    let some: readonly unknown[];
    do {
      some = this.#parts.db.column(OF_TRIGGER, from, PIECE);
      for (const seq of some) {
        const row = this.#deliveries.at(seq as number);
        if (row !== undefined) this.#deliveries.handTo(to, row);
      }
    } while (some.length === PIECE);
  }

  #whole(id: string): readonly WholeRow[] {
    const row = this.#deliveries.find(id);
    return row === undefined ? [] : [this.#deliveries.whole(row)];
  }

  #runningOfOthers(incarnation: string): readonly DeliveryRow[] {
    const triggers = this.#deliveries.tally.counts.filter(({ state }) => state === 'running');
    return triggers
      .flatMap(({ trigger }) => this.#parts.db.column(RUNNING, trigger, incarnation))
      .flatMap((id) => this.#deliveries.find(id as string) ?? []);
  }

  #lose(before: DeliveryRow, now: number): DeliveryRow {
    const deaths = before.deaths + 1;
    const attempts = endedOf(before, { outcome: DIED, durationMs: null });
    const openAt = null;
    const ended = { attempts, openAt, deaths, dueAt: now, now, endedAt: before.openAt ?? now };
    if (deaths < POISONED) {
      return this.#deliveries.move(before, { ...ended, state: 'waiting', dead: null });
    }
    return this.#deliveries.move(before, { ...ended, state: 'dead', dead: 'poison' });
  }

  #paths(): readonly string[] {
    const sql = 'SELECT DISTINCT path FROM position WHERE retired_at IS NULL';
    const read = this.#parts.db.column(sql) as readonly string[];
    return [...new Set([...read, ...this.#parts.ledger.paths])];
  }
}
