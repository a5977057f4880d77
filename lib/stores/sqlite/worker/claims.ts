// The outbox in SQL: claims, attempts, settlements and changes by people and limits. A conflict is an
// answer. Ended attempts are one JSON text that is only appended to, so nothing here parses JSON.

import { type Attempt, isOnlyHeld } from '../../../core/delivery.ts';
import type { ClaimRequest, Settlement, StateChange } from '../../../core/ports/store.ts';
import type { ActRow, DeliveryRow, WholeRow, WithBody } from '../protocol.ts';
import type { PortParts } from './commit.ts';
import type { Statements } from './database.ts';
import { DELIVERY_COLUMNS, type DeliveryRows } from './delivery-rows.ts';
import type { Ledger } from './ledger.ts';
import type { Turn } from './ready-queue.ts';

// One statement for all deliveries of a claim, because a statement costs more than finding a row.
const DUE = `
WITH due AS (SELECT key AS place, value AS queue_id FROM json_each(?))
SELECT ${DELIVERY_COLUMNS}, body.text AS body FROM due
CROSS JOIN delivery ON delivery.seq = (
  SELECT seq FROM delivery INDEXED BY delivery_due
  WHERE queue = queue_id AND state = 'waiting' AND due_at <= ? ORDER BY due_at, seq LIMIT 1)
JOIN body ON body.seq = delivery.seq
ORDER BY place`;

/** A namespace with the number of deliveries that it may take. */
interface NamespaceShare extends Turn {
  readonly places: number;
}

/** Claims, attempts and settlements on rows. */
export class Claims {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;
  readonly #ledger: Ledger;

  constructor({ db, deliveries, ledger }: PortParts) {
    this.#db = db;
    this.#deliveries = deliveries;
    this.#ledger = ledger;
  }

  /**
   * Takes due deliveries, in turns. Every namespace with a due delivery gets an equal part of the
   * limit, and the others share what it does not use.
   */
  claim(request: ClaimRequest): readonly WholeRow[] {
    const { queues, clockOffset } = this.#deliveries;
    const { trigger, limit, order } = request;
    const now = clockOffset.toStored(request.now);
    const claimed: WholeRow[] = [];
    while (claimed.length < limit) {
      const left = limit - claimed.length;
      const turns = queues.turns(trigger, now, left);
      const last = turns.at(-1);
      if (last === undefined) break;
      queues.passTurn(trigger, last);
      const places = Math.floor(left / turns.length);
      const shares = turns.map((namespace) => ({ trigger, namespace, now, places }));
      const taken =
        order === 'none' ? this.#takeDue(shares, request) : this.#takeInOrder(shares, request);
      claimed.push(...taken);
      if (taken.length === 0 && order === 'none') break;
    }
    return claimed;
  }

  attempt(claim: Pick<Settlement, 'id' | 'incarnation' | 'now'> & WithBody): ActRow {
    const { id, incarnation, now, withBody } = claim;
    const before = this.#deliveries.find(id);
    if (before?.state !== 'running' || before.claim !== incarnation) return conflict(before);
    return this.#done(this.#deliveries.openAttempt(before, endedOf(before, null), now), withBody);
  }

  settle(settlement: Settlement & WithBody): ActRow {
    const { id, incarnation, outcome, durationMs, next, now, withBody } = settlement;
    const before = this.#deliveries.find(id);
    if (before?.state !== 'running' || before.claim !== incarnation) return conflict(before);
    const { openAt } = before;
    const ended = openAt === null ? {} : { endedAt: openAt + durationMs };
    const after = this.#deliveries.change(before, {
      ...{ state: next.state, dead: next.dead, dueAt: next.dueAt, now, ...ended },
      attempts: endedOf(before, { outcome, durationMs }),
      openAt: null,
      started: next.started === null ? null : JSON.stringify(next.started),
      deaths: 0,
    });
    return this.#done(after, withBody);
  }

  change({ id, from, next, isRetry, now, withBody }: StateChange & WithBody): ActRow {
    const before = this.#deliveries.find(id);
    if (before === undefined || !from.includes(before.state)) return conflict(before);
    if (isOnlyHeld(before)) this.#ledger.refire(id, now);
    const retried = isRetry ? { retriedAt: now, deaths: 0 } : {};
    const changes = { ...next, now, ...retried, attempts: endedOf(before, null), openAt: null };
    return this.#done(this.#deliveries.change(before, changes), withBody);
  }

  next(trigger: string): number | null {
    const { queues, clockOffset } = this.#deliveries;
    const at = queues.next(trigger);
    return at === null ? null : clockOffset.fromStored(at);
  }

  #takeDue(shares: readonly NamespaceShare[], request: ClaimRequest): readonly WholeRow[] {
    const deliveries = this.#deliveries;
    const due = inTurns(shares.map((one) => deliveries.queues.due(one, one.places)));
    const now = deliveries.clockOffset.toStored(request.now);
    const found = this.#db.all(DUE, JSON.stringify(due), now) as readonly WholeRow[];
    return found.flatMap((stored) => {
      const row = deliveries.toRow(stored);
      return row === undefined ? [] : [this.#take({ ...row, body: stored.body }, request)];
    });
  }

  /** Takes one by one, because the next delivery of an object may depend on the previous one. */
  #takeInOrder(shares: readonly NamespaceShare[], request: ClaimRequest): readonly WholeRow[] {
    const deliveries = this.#deliveries;
    const taken = shares.map((one) => {
      const rows: WholeRow[] = [];
      while (rows.length < one.places) {
        const seq = deliveries.queues.nextInOrder(one);
        const before = seq === null ? undefined : deliveries.at(seq);
        if (before === undefined) break;
        rows.push(this.#take(deliveries.whole(before), request));
      }
      return rows;
    });
    return inTurns(taken);
  }

  #take({ body, ...before }: WholeRow, { incarnation, now }: ClaimRequest): WholeRow {
    const { dead, dueAt } = before;
    const next = { state: 'running', dead, dueAt, now, claim: incarnation } as const;
    return { ...this.#deliveries.change(before, next), body };
  }

  #done(row: DeliveryRow, withBody: boolean): ActRow {
    return { done: true, row, body: withBody ? this.#deliveries.body(row.seq) : null };
  }
}

/** The ended attempts as text, with the open attempt and its outcome appended. */
export function endedOf(
  { attempts, attemptCount, openAt, claim }: DeliveryRow,
  ended: Pick<Attempt, 'outcome' | 'durationMs'> | null,
): string {
  if (openAt === null) return attempts;
  const { outcome, durationMs } = ended ?? { outcome: null, durationMs: null };
  const incarnation = claim ?? '';
  const attempt: Attempt = { number: attemptCount, at: openAt, incarnation, outcome, durationMs };
  return `${attempts}${attempts === '' ? '' : ','}${JSON.stringify(attempt)}`;
}

/** Interleaves lists: the first of each, then the second of each, and so on. */
function inTurns<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  const places = Array.from({ length: longest }, (_, place) => place);
  return places.flatMap((place) => lists.flatMap((list) => list.slice(place, place + 1)));
}

function conflict(before: DeliveryRow | undefined): ActRow {
  return { done: false, state: before?.state ?? null };
}
