// The rows of deliveries. They are added, changed and deleted only here, so that queues, state counts
// and bodies never disagree with them.

import { type Delivery, type DeliveryState, isUnsettled } from '../../../core/delivery.ts';
import type { DeliveryCount } from '../../../core/ports/store.ts';
import { dropOldest } from '../../store-kind.ts';
import type { DeliveryRow, NewRow, WholeRow } from '../protocol.ts';
import type { Statements } from './database.ts';
import { ClockOffset, ReadyQueue } from './ready-queue.ts';

/** The columns of a delivery, as DeliveryRow names them. */
export const DELIVERY_COLUMNS = `delivery.seq, id, trigger, namespace, object, state, dead, created_at AS createdAt,
due_at AS dueAt, queue, claim, attempts, attempt_count AS attemptCount, open_at AS openAt, started,
deaths, retried_at AS retriedAt`;

const INSERT = `
INSERT INTO delivery (id, trigger, namespace, rule, object, state, dead, created_at, due_at, queue, attempts,
  attempt_count, started, deaths, retried_at, settled_at, made_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`;

const UPDATE_ROW = `
UPDATE delivery SET state = ?, dead = ?, due_at = ?, queue = ?, claim = ?, attempts = ?,
  open_at = ?, ended_at = ifnull(?, ended_at), started = ?, deaths = ?, retried_at = ?,
  settled_at = ?
WHERE seq = ?`;

const OPEN_ATTEMPT = `
UPDATE delivery SET attempts = ?, attempt_count = ?, open_at = ? WHERE seq = ?`;

/** Ids kept of deleted deliveries, for a page that begins after one of them. */
const REMEMBERED = 10_000;

/** Changes of a row; absent fields stay. */
interface RowChange {
  readonly state: DeliveryState;
  readonly dead: Delivery['dead'];
  readonly dueAt: number;
  readonly now: number;
  readonly claim?: string;
  readonly attempts?: string;
  readonly openAt?: number | null;
  /** When the last attempt ended. */
  readonly endedAt?: number;
  readonly started?: string | null;
  readonly deaths?: number;
  readonly retriedAt?: number;
}

/** Reads and changes rows of deliveries. */
export class DeliveryRows {
  readonly queues: ReadyQueue;
  readonly stateCounts: StateCounts;
  readonly clockOffset: ClockOffset;
  readonly creationIndex: CreationIndex;
  readonly #db: Statements;
  readonly #deleted = new Map<string, number>();
  /** Rows of running deliveries by id, so that an attempt and its settlement read nothing. */
  readonly #running = new Map<string, DeliveryRow>();

  constructor(db: Statements) {
    this.#db = db;
    this.queues = new ReadyQueue(db);
    this.stateCounts = new StateCounts(db);
    this.clockOffset = new ClockOffset(db);
    this.creationIndex = new CreationIndex(db);
  }

  add(row: NewRow): void {
    const { id, trigger, namespace, rule, object, state, dead } = row;
    const { createdAt, attempts, attemptCount } = row;
    const dueAt = this.#storedDue(state, row.dueAt);
    const queue = state === 'waiting' ? this.queues.join(row, dueAt) : null;
    const settledAt = isUnsettled(state) ? null : createdAt;
    const seq = this.#db.number(
      INSERT,
      ...[id, trigger, namespace, rule, object, state, dead, createdAt, dueAt, queue, attempts],
      ...[attemptCount, row.started, row.deaths, row.retriedAt, settledAt],
      this.creationIndex.next(createdAt),
    );
    this.#db.run('INSERT INTO body (seq, text) VALUES (?, ?)', seq, row.body);
    this.stateCounts.note(trigger, state, 1);
  }

  find(id: string): DeliveryRow | undefined {
    const known = this.#running.get(id);
    return (
      known ?? this.toRow(this.#db.get(`SELECT ${DELIVERY_COLUMNS} FROM delivery WHERE id = ?`, id))
    );
  }

  /** Finds a row by its number in the order of commits. */
  at(seq: number): DeliveryRow | undefined {
    return this.toRow(
      this.#db.get(`SELECT ${DELIVERY_COLUMNS} FROM delivery WHERE delivery.seq = ?`, seq),
    );
  }

  whole(row: DeliveryRow): WholeRow {
    return { ...row, body: this.body(row.seq) };
  }

  findWhole(id: string): WholeRow | null {
    const row = this.find(id);
    return row === undefined ? null : this.whole(row);
  }

  body(seq: number): string {
    return this.#db.text('SELECT text FROM body WHERE seq = ?', seq) ?? '';
  }

  /** The number of a delivery in the order of commits, also if it was deleted recently. */
  placeOf(id: string): number | undefined {
    const seq = this.#db.value('SELECT seq FROM delivery WHERE id = ?', id);
    return typeof seq === 'number' ? seq : this.#deleted.get(id);
  }

  /** Changes a row to a state, which may be the same. */
  change(before: DeliveryRow, change: RowChange): DeliveryRow {
    const { seq, trigger } = before;
    const { state, dead, endedAt, now } = change;
    const dueAt = this.#storedDue(state, change.dueAt);
    const isQueued = state === 'waiting' || state === 'running';
    const queue = isQueued ? (before.queue ?? this.queues.join(before, dueAt)) : null;
    const after: DeliveryRow = {
      ...before,
      ...{ state, dead, dueAt: change.dueAt, queue, claim: change.claim ?? null },
      attempts: change.attempts ?? before.attempts,
      openAt: change.openAt === undefined ? before.openAt : change.openAt,
      started: change.started === undefined ? before.started : change.started,
      deaths: change.deaths ?? before.deaths,
      retriedAt: change.retriedAt ?? before.retriedAt,
    };
    this.#db.run(
      UPDATE_ROW,
      ...[state, dead, dueAt, queue, after.claim, after.attempts, after.openAt],
      endedAt === undefined ? null : this.clockOffset.toStored(endedAt),
      ...[after.started, after.deaths, after.retriedAt, isUnsettled(state) ? null : now, seq],
    );
    const wasRunning = before.state === 'running' ? 1 : 0;
    const running = ((state === 'running' ? 1 : 0) - wasRunning) as -1 | 0 | 1;
    this.#noteRunning(after);
    if (before.queue !== null) this.queues.lookAgain(before.queue, running);
    if (before.state !== state) {
      this.stateCounts.note(trigger, before.state, -1);
      this.stateCounts.note(trigger, state, 1);
    }
    return after;
  }

  /** Moves a delivery to another trigger; it must not be running. */
  moveTo(to: string, row: DeliveryRow): void {
    const { seq, trigger, state, queue: before } = row;
    const due = this.#storedDue(state, row.dueAt);
    const queue = before === null ? null : this.queues.join({ ...row, trigger: to }, due);
    this.#db.run('UPDATE delivery SET trigger = ?, queue = ? WHERE seq = ?', to, queue, seq);
    if (before !== null) this.queues.lookAgain(before, 0);
    this.stateCounts.note(trigger, state, -1);
    this.stateCounts.note(to, state, 1);
  }

  /** Stores a new attempt, which begins now, after the ended ones. */
  openAttempt(before: DeliveryRow, attempts: string, at: number): DeliveryRow {
    const attemptCount = before.attemptCount + 1;
    this.#db.run(OPEN_ATTEMPT, attempts, attemptCount, at, before.seq);
    const after = { ...before, attempts, attemptCount, openAt: at };
    this.#noteRunning(after);
    return after;
  }

  /** Adds to the due time of every unsettled delivery. */
  shiftBy(byMs: number): void {
    this.#running.clear();
    this.clockOffset.by(byMs);
  }

  /** Drops cached rows and counts after a transaction was rolled back. */
  rollback(): void {
    this.#running.clear();
    this.stateCounts.rollback();
  }

  forget({ seq, id, trigger, state }: Pick<DeliveryRow, 'seq' | 'id' | 'trigger' | 'state'>): void {
    this.#db.run('DELETE FROM delivery WHERE seq = ?', seq);
    this.#db.run('DELETE FROM body WHERE seq = ?', seq);
    this.stateCounts.note(trigger, state, -1);
    this.#deleted.set(id, seq);
    dropOldest(this.#deleted, REMEMBERED);
  }

  /** Converts a stored row to one with a due time on the wall clock. */
  toRow(stored: unknown): DeliveryRow | undefined {
    if (stored === undefined) return undefined;
    const row = stored as DeliveryRow;
    const { seq, id, trigger, namespace, object, state, dead } = row;
    const { createdAt, queue, claim, attempts } = row;
    const { attemptCount, openAt, started, deaths, retriedAt } = row;
    const dueAt = isUnsettled(state) ? this.clockOffset.fromStored(row.dueAt) : row.dueAt;
    // Field by field, because row objects of SQLite are slow to copy and to send.
    return {
      ...{ seq, id, trigger, namespace, object, state, dead },
      ...{ createdAt, dueAt, queue, claim, attempts },
      ...{ attemptCount, openAt, started, deaths, retriedAt },
    };
  }

  #noteRunning(row: DeliveryRow): void {
    if (row.state === 'running') this.#running.set(row.id, row);
    else this.#running.delete(row.id);
  }

  /** The stored due time; that of a settled delivery is not shifted. */
  #storedDue(state: DeliveryState, dueAt: number): number {
    return isUnsettled(state) ? this.clockOffset.toStored(dueAt) : dueAt;
  }
}

/**
 * Numbers of deliveries by trigger and state. They are counted once at the opening and then kept up to
 * date, so that a scrape does not count a million rows. Changes apply at the commit of their transaction.
 */
class StateCounts {
  readonly #counts = new Map<string, DeliveryCount>();
  #pending: DeliveryCount[] = [];

  constructor(db: Statements) {
    const sql = 'SELECT trigger, state, count(*) count FROM delivery GROUP BY trigger, state';
    for (const { trigger, state, count } of db.all(sql) as readonly DeliveryCount[]) {
      this.note(trigger, state, count);
    }
    this.commit();
  }

  /** Adds a number, which may be negative, when the transaction is committed. */
  note(trigger: string, state: DeliveryState, count: number): void {
    this.#pending.push({ trigger, state, count });
  }

  commit(): void {
    addTo(this.#counts, this.#pending);
    this.#pending = [];
  }

  rollback(): void {
    this.#pending = [];
  }

  /** All counts above 0, including pending changes. */
  get counts(): readonly DeliveryCount[] {
    if (this.#pending.length === 0) return [...this.#counts.values()];
    const sum = new Map(this.#counts);
    addTo(sum, this.#pending);
    return [...sum.values()];
  }
}

/** Adds changes to counts by state and trigger; a count of 0 is removed. */
function addTo(counts: Map<string, DeliveryCount>, changes: readonly DeliveryCount[]): void {
  for (const { trigger, state, count } of changes) {
    const place = `${state} ${trigger}`;
    const total = (counts.get(place)?.count ?? 0) + count;
    if (total === 0) counts.delete(place);
    else counts.set(place, { trigger, state, count: total });
  }
}

const FIRST_MADE = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at >= ? ORDER BY made_at, seq LIMIT 1`;

const LAST_MADE = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at < ?
ORDER BY made_at DESC, seq DESC LIMIT 1`;

/**
 * Creation times as numbers that never decrease in the order of commits, so that an index finds the
 * rows of a span of time. The clock may step back: its largest step is stored, and spans are widened
 * by it.
 */
class CreationIndex {
  readonly #db: Statements;
  #latest = 0;
  #backstepMs = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** The creation number of the next delivery; not below that of any other. */
  next(createdAt: number): number {
    this.#latest = Math.max(this.#latest, createdAt);
    const backstepMs = this.#latest - createdAt;
    if (backstepMs > this.#backstepMs) {
      this.#backstepMs = backstepMs;
      this.#db.run("UPDATE meta SET value = ? WHERE name = 'backstep_ms'", backstepMs);
    }
    return this.#latest;
  }

  /** The first and last of the rows made in a span of time; others may be between them. */
  span(since?: number, until?: number): { readonly first: number; readonly last: number } {
    const first = since === undefined ? 0 : this.#db.value(FIRST_MADE, since);
    const last =
      until === undefined
        ? Number.MAX_SAFE_INTEGER
        : this.#db.value(LAST_MADE, until + this.#backstepMs);
    return { first: Number(first ?? Number.MAX_SAFE_INTEGER), last: Number(last ?? -1) };
  }

  /** Reads the stored values again after a rollback. */
  reread(): void {
    this.#latest = this.#db.number('SELECT max(made_at) FROM delivery');
    this.#backstepMs = this.#db.number("SELECT value FROM meta WHERE name = 'backstep_ms'");
  }
}
