// Deliveries as work: claims, attempts, settlements and what people and limits change. A conflict is
// an answer. Attempts that have ended are one text that only grows, so nothing here parses JSON.
import type { Attempt } from '../../core/delivery.ts';
import type { ClaimRequest, Settlement, StateChange } from '../../core/store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Ledger } from './ledger.ts';
import type { ActRow, DeliveryRow, WholeRow, WithBody } from './messages.ts';

type OpenAsk = { readonly id: string; readonly incarnation: string; readonly now: number };

/** The outbox as rows. */
export class Outbox {
  readonly #deliveries: Deliveries;
  readonly #ledger: Ledger;

  constructor(deliveries: Deliveries, ledger: Ledger) {
    this.#deliveries = deliveries;
    this.#ledger = ledger;
  }

  /** Takes what is due. */
  claim(request: ClaimRequest): readonly WholeRow[] {
    const { trigger, incarnation, limit, order, now } = request;
    const deliveries = this.#deliveries;
    const at = deliveries.shift.toStored(now);
    const take = ({ body, ...before }: WholeRow): WholeRow => {
      const { dead, dueAt } = before;
      const next = { state: 'running', dead, dueAt, now, claim: incarnation } as const;
      return { ...deliveries.move(before, next), body };
    };
    const claimed = order === 'none' ? deliveries.due(trigger, at, limit).map(take) : [];
    while (claimed.length < limit) {
      const seq = deliveries.queues.nextDue({ trigger, order, now: at });
      const before = seq === null ? undefined : deliveries.at(seq);
      if (before === undefined) break;
      claimed.push(take(deliveries.whole(before)));
    }
    return claimed;
  }

  /** Notes that an attempt begins. */
  attempt({ id, incarnation, now, withBody }: OpenAsk & WithBody): ActRow {
    const before = this.#deliveries.find(id);
    if (before?.state !== 'running' || before.claim !== incarnation) return conflict(before);
    return this.#done(this.#deliveries.openAttempt(before, endedOf(before, null), now), withBody);
  }

  /** Notes what an attempt came to. */
  settle({
    id,
    incarnation,
    outcome,
    durationMs,
    next,
    now,
    withBody,
  }: Settlement & WithBody): ActRow {
    const before = this.#deliveries.find(id);
    if (before?.state !== 'running' || before.claim !== incarnation) return conflict(before);
    const { openAt } = before;
    const ended = openAt === null ? {} : { endedAt: openAt + durationMs };
    const after = this.#deliveries.move(before, {
      ...{ state: next.state, dead: next.dead, dueAt: next.dueAt, now, ...ended },
      attempts: endedOf(before, { outcome, durationMs }),
      openAt: null,
      started: next.started === null ? null : JSON.stringify(next.started),
      deaths: 0,
    });
    return this.#done(after, withBody);
  }

  /** Changes a state without an attempt. */
  change({ id, from, next, isRetry, now, withBody }: StateChange & WithBody): ActRow {
    const before = this.#deliveries.find(id);
    if (before === undefined || !from.includes(before.state)) return conflict(before);
    if (before.state === 'held' || before.dead === 'expired-held') this.#ledger.refire(id, now);
    const asked = isRetry ? { retriedAt: now, deaths: 0 } : {};
    const attempts = endedOf(before, null);
    const after = this.#deliveries.move(before, { ...next, now, ...asked, attempts, openAt: null });
    return this.#done(after, withBody);
  }

  /** When something may fall due next. */
  next(trigger: string): number | null {
    const { queues, shift } = this.#deliveries;
    const at = queues.next(trigger);
    return at === null ? null : shift.fromStored(at);
  }

  #done(row: DeliveryRow, withBody: boolean): ActRow {
    return { done: true, row, body: withBody ? this.#deliveries.body(row.seq) : null };
  }
}

/** The attempts that have ended, the open one with what it came to among them. */
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

function conflict(before: DeliveryRow | undefined): ActRow {
  return { done: false, state: before?.state ?? null };
}
