// The deliveries: the one place where a row of them is made, moved from state to state or taken out,
// so that queues, tally and body never disagree with it.

import { type Delivery, type DeliveryState, UNSETTLED_STATES } from '../../../core/delivery.ts';
import type { DeliveryCount } from '../../../core/store.ts';
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

const MOVE = `
UPDATE delivery SET state = ?, dead = ?, due_at = ?, queue = ?, claim = ?, attempts = ?,
  open_at = ?, ended_at = ifnull(?, ended_at), started = ?, deaths = ?, retried_at = ?,
  settled_at = ?
WHERE seq = ?`;

const OPEN_ATTEMPT = `
UPDATE delivery SET attempts = ?, attempt_count = ?, open_at = ? WHERE seq = ?`;

/** Ids of deliveries that went lately, for a page that begins behind one of them. */
const REMEMBERED = 10_000;

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

/** Whether a delivery goes on by itself. */
function isUnsettled(state: DeliveryState): boolean {
  return UNSETTLED.has(state);
}

/** What of a delivery a move may change; what is absent stays. */
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

/** Deliveries as rows. */
export class DeliveryRows {
  readonly queues: ReadyQueue;
  readonly tally: StateCounts;
  readonly shift: ClockOffset;
  readonly making: CreationIndex;
  readonly #db: Statements;
  readonly #gone = new Map<string, number>();
  /** Running ones by id, as they stand: an attempt and its end read nothing again. */
  readonly #atWork = new Map<string, DeliveryRow>();

  constructor(db: Statements) {
    this.#db = db;
    this.queues = new ReadyQueue(db);
    this.tally = new StateCounts(db);
    this.shift = new ClockOffset(db);
    this.making = new CreationIndex(db);
  }

  /** Puts a new one in. */
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
      this.making.next(createdAt),
    );
    this.#db.run('INSERT INTO body (seq, text) VALUES (?, ?)', seq, row.body);
    this.tally.note(trigger, state, 1);
  }

  /** By its id. */
  find(id: string): DeliveryRow | undefined {
    const known = this.#atWork.get(id);
    return (
      known ?? this.toRow(this.#db.get(`SELECT ${DELIVERY_COLUMNS} FROM delivery WHERE id = ?`, id))
    );
  }

  /** By its place in the order of commits. */
  at(seq: number): DeliveryRow | undefined {
    return this.toRow(
      this.#db.get(`SELECT ${DELIVERY_COLUMNS} FROM delivery WHERE delivery.seq = ?`, seq),
    );
  }

  /** With its body. */
  whole(row: DeliveryRow): WholeRow {
    return { ...row, body: this.body(row.seq) };
  }

  /** The rest of a delivery, as JSON. */
  body(seq: number): string {
    return this.#db.value('SELECT text FROM body WHERE seq = ?', seq) as string;
  }

  /** The place of one that is there, or went lately. */
  placeOf(id: string): number | undefined {
    const seq = this.#db.value('SELECT seq FROM delivery WHERE id = ?', id);
    return (seq as number | undefined) ?? this.#gone.get(id);
  }

  /** Moves one to a state, which may be the same. */
  move(before: DeliveryRow, move: RowChange): DeliveryRow {
    const { seq, trigger } = before;
    const { state, dead, endedAt, now } = move;
    const dueAt = this.#storedDue(state, move.dueAt);
    const isQueued = state === 'waiting' || state === 'running';
    const queue = isQueued ? (before.queue ?? this.queues.join(before, dueAt)) : null;
    const after: DeliveryRow = {
      ...before,
      ...{ state, dead, dueAt: move.dueAt, queue, claim: move.claim ?? null },
      attempts: move.attempts ?? before.attempts,
      openAt: move.openAt === undefined ? before.openAt : move.openAt,
      started: move.started === undefined ? before.started : move.started,
      deaths: move.deaths ?? before.deaths,
      retriedAt: move.retriedAt ?? before.retriedAt,
    };
    this.#db.run(
      MOVE,
      ...[state, dead, dueAt, queue, after.claim, after.attempts, after.openAt],
      endedAt === undefined ? null : this.shift.toStored(endedAt),
      ...[after.started, after.deaths, after.retriedAt, isUnsettled(state) ? null : now, seq],
    );
    const wasRunning = before.state === 'running' ? 1 : 0;
    const running = ((state === 'running' ? 1 : 0) - wasRunning) as -1 | 0 | 1;
    this.#noteAtWork(after);
    if (before.queue !== null) this.queues.lookAgain(before.queue, running);
    if (before.state !== state) {
      this.tally.note(trigger, before.state, -1);
      this.tally.note(trigger, state, 1);
    }
    return after;
  }

  /** Hands one on which nobody works to another trigger. */
  handTo(to: string, row: DeliveryRow): void {
    const { seq, trigger, state, queue: before } = row;
    const due = this.#storedDue(state, row.dueAt);
    const queue = before === null ? null : this.queues.join({ ...row, trigger: to }, due);
    this.#db.run('UPDATE delivery SET trigger = ?, queue = ? WHERE seq = ?', to, queue, seq);
    if (before !== null) this.queues.lookAgain(before, 0);
    this.tally.note(trigger, state, -1);
    this.tally.note(to, state, 1);
  }

  /** Notes that an attempt begins; what there was before stays. */
  openAttempt(before: DeliveryRow, attempts: string, at: number): DeliveryRow {
    const attemptCount = before.attemptCount + 1;
    this.#db.run(OPEN_ATTEMPT, attempts, attemptCount, at, before.seq);
    const after = { ...before, attempts, attemptCount, openAt: at };
    this.#noteAtWork(after);
    return after;
  }

  /** Everything unsettled is due so much later. */
  shiftBy(byMs: number): void {
    this.#atWork.clear();
    this.shift.by(byMs);
  }

  /** What a transaction changed was undone: what is remembered of it does not hold. */
  rollback(): void {
    this.#atWork.clear();
    this.tally.rollback();
  }

  /** Takes a settled one out. */
  forget({ seq, id, trigger, state }: Pick<DeliveryRow, 'seq' | 'id' | 'trigger' | 'state'>): void {
    this.#db.run('DELETE FROM delivery WHERE seq = ?', seq);
    this.#db.run('DELETE FROM body WHERE seq = ?', seq);
    this.tally.note(trigger, state, -1);
    this.#gone.set(id, seq);
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= REMEMBERED) break;
      this.#gone.delete(oldest);
    }
  }

  /** A row as it is told, its time due on the wall clock. */
  toRow(stored: unknown): DeliveryRow | undefined {
    if (stored === undefined) return undefined;
    const row = stored as DeliveryRow;
    const { seq, id, trigger, namespace, object, state, dead } = row;
    const { createdAt, queue, claim, attempts } = row;
    const { attemptCount, openAt, started, deaths, retriedAt } = row;
    const dueAt = isUnsettled(state) ? this.shift.fromStored(row.dueAt) : row.dueAt;
    // Field by field: what SQLite hands out is slow to copy and to send.
    return {
      ...{ seq, id, trigger, namespace, object, state, dead },
      ...{ createdAt, dueAt, queue, claim, attempts },
      ...{ attemptCount, openAt, started, deaths, retriedAt },
    };
  }

  #noteAtWork(row: DeliveryRow): void {
    if (row.state === 'running') this.#atWork.set(row.id, row);
    else this.#atWork.delete(row.id);
  }

  /** When a settled one was due does not move any more. */
  #storedDue(state: DeliveryState, dueAt: number): number {
    return isUnsettled(state) ? this.shift.toStored(dueAt) : dueAt;
  }
}

// The store's own time. A jump of the clock moves when everything unsettled is due, and with a
// million waiting no statement could write all of them at once. So their times are stored less one
// number, and only that number moves.

// How many deliveries stand where: counted once at the opening, kept up since, so that nobody counts
// a million rows for a scrape. What a transaction changed counts only once it is committed.

/** Counts by trigger and state. */
export class StateCounts {
  readonly #counts = new Map<string, DeliveryCount>();
  #pending: DeliveryCount[] = [];

  constructor(db: Statements) {
    const sql = 'SELECT trigger, state, count(*) count FROM delivery GROUP BY trigger, state';
    for (const { trigger, state, count } of db.all(sql) as readonly DeliveryCount[]) {
      this.note(trigger, state, count);
    }
    this.commit();
  }

  /** Notes that so many more, or fewer, stand there. */
  note(trigger: string, state: DeliveryState, count: number): void {
    this.#pending.push({ trigger, state, count });
  }

  /** What was noted holds. */
  commit(): void {
    for (const { trigger, state, count } of this.#pending) {
      const place = `${state} ${trigger}`;
      const now = (this.#counts.get(place)?.count ?? 0) + count;
      if (now === 0) this.#counts.delete(place);
      else this.#counts.set(place, { trigger, state, count: now });
    }
    this.#pending = [];
  }

  /** What was noted was undone. */
  rollback(): void {
    this.#pending = [];
  }

  /** Where any stand, what is noted included. */
  get counts(): readonly DeliveryCount[] {
    if (this.#pending.length === 0) return [...this.#counts.values()];
    const sum = new Map(this.#counts);
    for (const { trigger, state, count } of this.#pending) {
      const place = `${state} ${trigger}`;
      sum.set(place, { trigger, state, count: (sum.get(place)?.count ?? 0) + count });
    }
    return [...sum.values()].filter(({ count }) => count > 0);
  }
}

// When deliveries were made, as a number that never falls along the order of commits, so that a span
// of time is a span of rows, found by index. The clock may step back; by how much it ever did is
// kept, and a span is so much wider than asked for.

/** The first and the last row of a span. */
interface CreationSpan {
  readonly first: number;
  readonly last: number;
}

const FIRST_MADE = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at >= ? ORDER BY made_at, seq LIMIT 1`;

const LAST_MADE = `
SELECT seq FROM delivery INDEXED BY delivery_made WHERE made_at < ?
ORDER BY made_at DESC, seq DESC LIMIT 1`;

/** Times of making. */
export class CreationIndex {
  readonly #db: Statements;
  #latest = 0;
  #backstepMs = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** The number for a delivery made at a moment, behind all others. */
  next(createdAt: number): number {
    this.#latest = Math.max(this.#latest, createdAt);
    const backstepMs = this.#latest - createdAt;
    if (backstepMs > this.#backstepMs) {
      this.#backstepMs = backstepMs;
      this.#db.run("UPDATE meta SET value = ? WHERE name = 'backstep_ms'", backstepMs);
    }
    return this.#latest;
  }

  /** Rows that were made in a span of time, and perhaps others; none outside was. */
  span(since: number | undefined, until: number | undefined): CreationSpan {
    const first = since === undefined ? 0 : this.#db.value(FIRST_MADE, since);
    const last =
      until === undefined
        ? Number.MAX_SAFE_INTEGER
        : this.#db.value(LAST_MADE, until + this.#backstepMs);
    return { first: Number(first ?? Number.MAX_SAFE_INTEGER), last: Number(last ?? -1) };
  }

  /** As it stands in the file: a transaction may have been undone. */
  reread(): void {
    this.#latest = this.#db.number('SELECT max(made_at) FROM delivery');
    this.#backstepMs = this.#db.number("SELECT value FROM meta WHERE name = 'backstep_ms'");
  }
}
