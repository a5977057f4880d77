// Which waiting delivery may be attempted now, by index. A row for each trigger and involved object
// with something waiting or running says when to look at it: the earliest due time of what waits,
// null while one is running. So neither a million waiting nor ten thousand of one blocked object
// slow a claim. Namespaces take turns in the order of their names, beginning behind the one that had
// the last turn. Times here are the store's own (shift.ts).

import { OVERTAKE_MS } from '../../store-kind.ts';
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

// What ends is mostly the last of its object: then one statement is enough.
const LEAVE = `
DELETE FROM queue WHERE id = ?1 AND running + ?2 = 0 AND NOT EXISTS
  (SELECT 1 FROM delivery INDEXED BY delivery_order WHERE queue = ?1 AND state = 'waiting')`;

const DUE = `
SELECT id FROM queue INDEXED BY queue_turn
WHERE trigger = ? AND namespace = ? AND look_at <= ? ORDER BY look_at, id LIMIT ?`;

/** Of these namespaces the first by name, with its earliest look. */
function firstNamespace(which: string): string {
  return `
SELECT namespace, look_at FROM queue INDEXED BY queue_turn
WHERE trigger = ?1 AND look_at IS NOT NULL AND ${which}
ORDER BY namespace, look_at LIMIT 1`;
}

// Steps by index. One recursive statement for all of them costs as much to begin as ten steps.
const BEHIND = firstNamespace('namespace > ?2');
const UP_TO = firstNamespace('namespace <= ?2');
const BETWEEN = firstNamespace('namespace > ?2 AND namespace <= ?3');

const LAST_TURN = 'SELECT namespace FROM turn WHERE trigger = ?';

const NOTE_TURN = `
INSERT INTO turn (trigger, namespace) VALUES (?, ?)
ON CONFLICT (trigger) DO UPDATE SET namespace = excluded.namespace
  WHERE namespace <> excluded.namespace`;

const IN_ORDER = `
SELECT seq, due_at, ended_at FROM delivery INDEXED BY delivery_order
WHERE queue = ? AND state = 'waiting' ORDER BY seq`;

/** The deliveries that share the turns of a namespace. */
interface TurnKey {
  readonly trigger: string;
  /** Of their Events. */
  readonly namespace: string;
}

/** A turn of a namespace; `now` is the store's own time. */
export interface Turn extends TurnKey {
  readonly now: number;
}

/** The queues of involved objects, for each trigger. */
export class ReadyQueue {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** A delivery waits, due at a time; answers its queue. */
  join({ trigger, namespace, object }: TurnKey & { object: string }, dueAt: number): number {
    return this.#db.number(JOIN, trigger, namespace, object, dueAt);
  }

  /** Something of this queue changed; `running` says by how much what runs became more. */
  lookAgain(queue: number, running: -1 | 0 | 1): void {
    if (running === 1) this.#db.run(TAKE, queue);
    else if (this.#db.run(LEAVE, queue, running) === 0) this.#db.run(LOOK_AGAIN, queue, running);
  }

  /** Namespaces of which something is due, the one whose turn comes next first. */
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

  /** Notes that a namespace had its turn. */
  passTurn(trigger: string, namespace: string): void {
    this.#db.run(NOTE_TURN, trigger, namespace);
  }

  /** Queues of a namespace that are due, the one that has been so for longest first. */
  due({ trigger, namespace, now }: Turn, limit: number): readonly number[] {
    return this.#db.numbers(DUE, trigger, namespace, now, limit);
  }

  /** The next delivery of a namespace in the order in which those of an object were made. */
  nextInOrder(turn: Turn): number | null {
    for (;;) {
      const [queue] = this.due(turn, 1);
      if (queue === undefined) return null;
      const { seq, lookAt } = this.#firstInOrder(queue, turn.now);
      if (seq !== null) return seq;
      this.#db.run('UPDATE queue SET look_at = ? WHERE id = ?', lookAt, queue);
    }
  }

  /** When something may fall due next, on the store's own time. */
  next(trigger: string): number | null {
    const sql = 'SELECT min(look_at) at FROM queue WHERE trigger = ? AND look_at IS NOT NULL';
    return (this.#db.value(sql, trigger) as number | null | undefined) ?? null;
  }

  /** Every namespace with something to look at, the one whose turn comes next first. */
  *#namespaces(trigger: string): Iterable<NamespaceLook> {
    const last = this.#db.text(LAST_TURN, trigger) ?? '';
    const step = (sql: string, ...bounds: readonly string[]): NamespaceLook | undefined =>
      this.#db.get(sql, trigger, ...bounds) as NamespaceLook | undefined;
    for (let at = step(BEHIND, last); at !== undefined; at = step(BEHIND, at.namespace)) yield at;
    let at = step(UP_TO, last);
    for (; at !== undefined; at = step(BETWEEN, at.namespace, last)) yield at;
  }

  #firstInOrder(queue: number, now: number): DueCandidate {
    let lookAt: number | null = null;
    for (const row of this.#db.iterate(IN_ORDER, queue) as Iterable<WaitingRow>) {
      const { seq, due_at: dueAt, ended_at: endedAt } = row;
      if (dueAt <= now) return { seq, lookAt: now };
      lookAt = lookAt === null ? dueAt : Math.min(lookAt, dueAt);
      // A delivery that was never attempted can not be overtaken.
      if (endedAt === null) return { seq: null, lookAt };
      const passableAt = endedAt + OVERTAKE_MS;
      if (passableAt > now) return { seq: null, lookAt: Math.min(lookAt, passableAt) };
    }
    return { seq: null, lookAt };
  }
}

interface NamespaceLook {
  readonly namespace: string;
  readonly look_at: number;
}

interface WaitingRow {
  readonly seq: number;
  readonly due_at: number;
  readonly ended_at: number | null;
}

interface DueCandidate {
  readonly seq: number | null;
  /** When to look again where there is none. */
  readonly lookAt: number | null;
}

/** By how much the times of what is unsettled are more than what is stored. */
export class ClockOffset {
  readonly #db: Statements;
  #ms = 0;

  constructor(db: Statements) {
    this.#db = db;
    this.reread();
  }

  /** The time of the store at a moment of the wall clock. */
  toStored(at: number): number {
    return at - this.#ms;
  }

  /** The moment of the wall clock for a time of the store. */
  fromStored(at: number): number {
    return at + this.#ms;
  }

  /** Moves everything. */
  by(ms: number): void {
    this.#ms += ms;
    this.#db.run("UPDATE meta SET value = ? WHERE name = 'shift_ms'", this.#ms);
  }

  /** As it stands in the file: a transaction may have been undone. */
  reread(): void {
    this.#ms = this.#db.number("SELECT value FROM meta WHERE name = 'shift_ms'");
  }
}
