// Which waiting delivery may be attempted now, by index. A row for each trigger and involved object
// with something waiting or running says when to look at it: the earliest due time of what waits,
// null while one is running. So neither a million waiting nor ten thousand of one blocked object
// slow a claim. Times here are the store's own (shift.ts).
import type { ClaimRequest } from '../../core/store.ts';
import { OVERTAKE_MS } from '../overtaking.ts';
import type { Statements } from './statements.ts';

const JOIN = `
INSERT INTO queue (trigger, object, running, look_at) VALUES (?, ?, 0, ?)
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

const NEXT = `
SELECT id FROM queue WHERE trigger = ? AND look_at <= ? ORDER BY look_at, id LIMIT 1`;

const FIRST_DUE = `
SELECT seq FROM delivery INDEXED BY delivery_due
WHERE queue = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, seq LIMIT 1`;

const IN_ORDER = `
SELECT seq, due_at, ended_at FROM delivery INDEXED BY delivery_order
WHERE queue = ? AND state = 'waiting' ORDER BY seq`;

/** The queues of involved objects, for each trigger. */
export class Queues {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** A delivery waits, due at a time; answers its queue. */
  join(trigger: string, object: string, dueAt: number): number {
    return this.#db.number(JOIN, trigger, object, dueAt);
  }

  /** Something of this queue changed; `running` says by how much what runs became more. */
  lookAgain(queue: number, running: -1 | 0 | 1): void {
    if (running === 1) this.#db.run(TAKE, queue);
    else if (this.#db.run(LEAVE, queue, running) === 0) this.#db.run(LOOK_AGAIN, queue, running);
  }

  /** The next delivery that may be attempted, if any; `now` is the store's own time. */
  nextDue({ trigger, order, now }: Pick<ClaimRequest, 'trigger' | 'order' | 'now'>): number | null {
    for (;;) {
      const queue = this.#db.value(NEXT, trigger, now) as number | undefined;
      if (queue === undefined) return null;
      const { seq, lookAt } =
        order === 'object' ? this.#firstInOrder(queue, now) : this.#firstDue(queue, now);
      if (seq !== null) return seq;
      this.#db.run('UPDATE queue SET look_at = ? WHERE id = ?', lookAt, queue);
    }
  }

  /** When something may fall due next, on the store's own time. */
  next(trigger: string): number | null {
    const sql = 'SELECT min(look_at) at FROM queue WHERE trigger = ? AND look_at IS NOT NULL';
    return (this.#db.value(sql, trigger) as number | null | undefined) ?? null;
  }

  #firstDue(queue: number, now: number): Candidate {
    const seq = this.#db.value(FIRST_DUE, queue, now) as number | undefined;
    // A queue whose look is due has a delivery that is: its look is the least of their times.
    return { seq: seq ?? null, lookAt: null };
  }

  #firstInOrder(queue: number, now: number): Candidate {
    let lookAt: number | null = null;
    for (const row of this.#db.iterate(IN_ORDER, queue) as Iterable<Waiting>) {
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

interface Waiting {
  readonly seq: number;
  readonly due_at: number;
  readonly ended_at: number | null;
}

interface Candidate {
  readonly seq: number | null;
  /** When to look again where there is none. */
  readonly lookAt: number | null;
}
