// The index of deliveries that may be attempted now. Each trigger and involved object with a waiting
// or running delivery has a row. Its `look_at` is the earliest due time, or null while one is running.
// So neither a million waiting deliveries nor ten thousand of one blocked object slow a claim.
// Namespaces take turns by name, beginning after the last one. Times are stored times (ClockOffset).

import { type DueTimes, firstDue } from '../../../core/ports/store.ts';
import type { Statements } from './database.ts';

const JOIN = `
INSERT INTO queue (trigger, namespace, object, running, look_at) VALUES (?, ?, ?, 0, ?)
ON CONFLICT (trigger, object) DO UPDATE SET look_at =
  CASE WHEN running = 0 THEN min(ifnull(look_at, excluded.look_at), excluded.look_at) END
RETURNING id`;

const LOOK_AGAIN = `
UPDATE queue SET running = running + ?2, look_at = CASE WHEN running + ?2 = 0 THEN
  (SELECT min(due_at) FROM delivery WHERE queue = ?1 AND state = 'waiting') END
WHERE id = ?1`;

const TAKE = 'UPDATE queue SET running = running + 1, look_at = NULL WHERE id = ?';

// Usually the last delivery of an object ends, and this one statement is enough.
const LEAVE = `
DELETE FROM queue WHERE id = ?1 AND running + ?2 = 0 AND NOT EXISTS
  (SELECT 1 FROM delivery INDEXED BY delivery_order WHERE queue = ?1 AND state = 'waiting')`;

const DUE = `
SELECT id FROM queue INDEXED BY queue_turn
WHERE trigger = ? AND namespace = ? AND look_at <= ? ORDER BY look_at, id LIMIT ?`;

/** SQL for the first by name of some namespaces, with its earliest `look_at`. */
function firstNamespace(which: string): string {
  return `
SELECT namespace, look_at FROM queue INDEXED BY queue_turn
WHERE trigger = ?1 AND look_at IS NOT NULL AND ${which}
ORDER BY namespace, look_at LIMIT 1`;
}

// Each is one step in an index. One recursive statement for all steps costs as much as ten of them.
const BEHIND = firstNamespace('namespace > ?2');
const UP_TO = firstNamespace('namespace <= ?2');
const BETWEEN = firstNamespace('namespace > ?2 AND namespace <= ?3');

const LAST_TURN = 'SELECT namespace FROM turn WHERE trigger = ?';

const NOTE_TURN = `
INSERT INTO turn (trigger, namespace) VALUES (?, ?)
ON CONFLICT (trigger) DO UPDATE SET namespace = excluded.namespace
  WHERE namespace <> excluded.namespace`;

const IN_ORDER = `
SELECT seq, due_at AS dueAt, ended_at AS endedAt FROM delivery INDEXED BY delivery_order
WHERE queue = ? AND state = 'waiting' ORDER BY seq`;

/** Identifies the deliveries of a namespace, which share its turns. */
interface TurnKey {
  readonly trigger: string;
  /** The namespace of their Events. */
  readonly namespace: string;
}

/** A turn of a namespace; `now` is a stored time. */
export interface Turn extends TurnKey {
  readonly now: number;
}

/** Queues of involved objects by trigger. */
export class ReadyQueue {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Adds a waiting delivery and returns the id of its queue. */
  join({ trigger, namespace, object }: TurnKey & { object: string }, dueAt: number): number {
    return this.#db.number(JOIN, trigger, namespace, object, dueAt);
  }

  /** Updates a queue after a change; `running` is the change in the number of running ones. */
  lookAgain(queue: number, running: -1 | 0 | 1): void {
    if (running === 1) this.#db.run(TAKE, queue);
    else if (this.#db.run(LEAVE, queue, running) === 0) this.#db.run(LOOK_AGAIN, queue, running);
  }

  /** Namespaces with a due delivery, beginning with the next turn. */
  turns(trigger: string, now: number, limit: number): readonly string[] {
    const first = this.next(trigger);
    if (first === null || first > now) return [];
    const due: string[] = [];
    for (const { namespace, look_at: lookAt } of this.#namespaces(trigger)) {
      if (due.length === limit) break;
      if (lookAt <= now) due.push(namespace);
    }
    return due;
  }

  /** Stores that a namespace had the last turn. */
  passTurn(trigger: string, namespace: string): void {
    this.#db.run(NOTE_TURN, trigger, namespace);
  }

  /** Due queues of a namespace, the earliest due first. */
  due({ trigger, namespace, now }: Turn, limit: number): readonly number[] {
    return this.#db.numbers(DUE, trigger, namespace, now, limit);
  }

  /** The next due delivery of a namespace that keeps the order within its object. */
  nextInOrder(turn: Turn): number | null {
    for (;;) {
      const [queue] = this.due(turn, 1);
      if (queue === undefined) return null;
      const rows = this.#db.iterate(IN_ORDER, queue);
      const waiting = rows as Iterable<DueTimes & { readonly seq: number }>;
      const { due, lookAt } = firstDue(waiting, 'object', turn.now);
      if (due !== undefined) return due.seq;
      const at = Number.isFinite(lookAt) ? lookAt : null;
      this.#db.run('UPDATE queue SET look_at = ? WHERE id = ?', at, queue);
    }
  }

  /** The earliest stored time at which a delivery of the trigger may fall due. */
  next(trigger: string): number | null {
    const sql = 'SELECT min(look_at) at FROM queue WHERE trigger = ? AND look_at IS NOT NULL';
    const at = this.#db.value(sql, trigger);
    return typeof at === 'number' ? at : null;
  }

  /** Namespaces with a waiting delivery of a free object, beginning with the next turn. */
  *#namespaces(trigger: string): Iterable<NamespaceLook> {
    const last = this.#db.text(LAST_TURN, trigger) ?? '';
    const step = (sql: string, ...bounds: readonly string[]): NamespaceLook | undefined =>
      this.#db.get(sql, trigger, ...bounds) as NamespaceLook | undefined;
    for (let at = step(BEHIND, last); at !== undefined; at = step(BEHIND, at.namespace)) yield at;
    let at = step(UP_TO, last);
    for (; at !== undefined; at = step(BETWEEN, at.namespace, last)) yield at;
  }
}

interface NamespaceLook {
  readonly namespace: string;
  readonly look_at: number;
}

/**
 * Converts due times of unsettled deliveries to stored times, which are smaller by one offset. After a
 * clock jump only the offset changes, because rewriting a million due times would take too long.
 */
export class ClockOffset {
  readonly #db: Statements;
  #ms = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** Converts a time of the wall clock to a stored time. */
  toStored(at: number): number {
    return at - this.#ms;
  }

  /** Converts a stored time to a time of the wall clock. */
  fromStored(at: number): number {
    return at + this.#ms;
  }

  by(ms: number): void {
    this.#ms += ms;
    this.#db.run("UPDATE meta SET value = ? WHERE name = 'shift_ms'", this.#ms);
  }

  /** Reads the stored offset again after a rollback. */
  reread(): void {
    this.#ms = this.#db.number("SELECT value FROM meta WHERE name = 'shift_ms'");
  }
}
