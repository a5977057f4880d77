// Documents of deliveries: a summary for lists, and a complete one. Their types follow from their schemas.

import {
  type Attempt,
  DELIVERY_STATES,
  type DeadReason,
  type Delivery,
  type DeliveryState,
  OUTCOMES,
  type Outcome,
} from '../core/delivery.ts';
import { stringAt } from '../core/json-object.ts';
import type { DecisionRecord } from '../core/ports/store.ts';
import { ACTS, possibleActs } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import type { PauseStanding } from '../telemetry/gateway-state.ts';
import { cut, TRAIL } from './decision-documents.ts';
import { timeOf } from './time.ts';
import * as s from './typed-schema.ts';

const STARTED = s.recordWith({ kind: s.TEXT, namespace: s.TEXT, name: s.TEXT }, { url: s.TEXT });

const ANSWER = s.described(
  s.record({ status: s.plain<number>({ type: 'integer' }), text: s.TEXT }),
  'Answer of an `http` receiver: the status, and the first 512 characters of the body without secrets.',
);
const REASON = s.openText<string>(s.TEXT.json);
const FAILED = { afterMs: s.NUMBER, pauseMs: s.NUMBER, answer: ANSWER };

/** The outcome of an attempt. OpenAPI shows one record; a client tells success and failure apart. */
export const OUTCOME: s.Schema<Outcome> = {
  json: s.recordWith(
    { outcome: s.words(OUTCOMES) },
    {
      reason: s.described(s.TEXT, 'From a closed set; absent if it was delivered.'),
      detail: s.TEXT,
      afterMs: s.described(
        s.NUMBER,
        'Delay of the next attempt that the receiver asked for, in ms.',
      ),
      pauseMs: s.described(s.NUMBER, 'Time in which the receiver wants no request at all, in ms.'),
      started: STARTED,
      note: s.described(s.TEXT, 'A remark: the object existed already, or the answer is unusual.'),
      answer: ANSWER,
    },
  ).json,
  open: s.anyOf(
    s.recordWith(
      { outcome: s.words(['delivered']) },
      { started: STARTED, note: s.TEXT, answer: ANSWER },
    ),
    s.recordWith(
      { outcome: s.words(['retry', 'refused', 'unknown']), reason: REASON, detail: s.TEXT },
      FAILED,
    ),
  ).open,
};

/** Why a trigger makes no attempts now. */
export const PAUSED = s.described(
  s.nullable(
    s.record({
      reason: s.openWords(['breaker', 'throttled', 'unauthorized']),
      until: s.described(s.TIME_OR_NULL, 'Time of the next trial attempt; in the past if due.'),
      why: s.TEXT,
    }),
  ),
  'Why its trigger makes no attempts now; null: the trigger is not paused, or no gateway runs.',
);

const ATTEMPT = s.record({
  number: s.described(s.NUMBER, 'From 1.'),
  at: s.TIME_OR_NULL,
  incarnation: s.described(s.TEXT, 'Id of the process that made it.'),
  outcome: s.described(s.nullable(OUTCOME), 'Null while it runs.'),
  durationMs: s.plain<number | null>({ type: ['number', 'null'] }),
});

const STATE = s.words(DELIVERY_STATES);
const ACT = s.words(ACTS);
/** Actions on a delivery. */
export const POSSIBLE_ACTS = s.list(s.openWords(ACTS));

const SUMMARY = {
  id: s.TEXT,
  state: STATE,
  dead: s.described(
    s.openText<DeadReason | null>(s.TEXT_OR_NULL.json),
    'Why it is a dead letter; null if it is none.',
  ),
  trigger: s.TEXT,
  rule: s.record({ index: s.NUMBER, name: s.TEXT_OR_NULL }),
  object: s.described(s.TEXT, '`<apiVersion>/<Kind>/<namespace>/<name>` of the involved object.'),
  event: s.described(
    s.record({ namespace: s.TEXT, name: s.TEXT, reason: s.TEXT, type: s.TEXT, count: s.NUMBER }),
    'Of its first Event.',
  ),
  createdAt: s.TIME_OR_NULL,
  dueAt: s.described(
    s.TIME_OR_NULL,
    'Time of the next attempt; if held, the time since which it is held; null if it runs or is settled.',
  ),
  held: s.described(
    s.nullable(
      s.record({
        budget: s.described(
          s.openWords(['perObject', 'total']),
          'The budget of `limits` that holds it.',
        ),
        releaseAt: s.described(
          s.TIME_OR_NULL,
          'Time at which it starts if nothing else starts first.',
        ),
        expiresAt: s.described(
          s.TIME_OR_NULL,
          'Time at which it becomes a dead letter if still held.',
        ),
      }),
    ),
    'Forecast of when the limit lets it start; null: it is not held.',
  ),
  paused: PAUSED,
  attemptCount: s.NUMBER,
  lastAttempt: s.nullable(ATTEMPT),
  lastFailure: s.described(s.nullable(ATTEMPT), 'The last attempt that did not deliver it.'),
  started: s.described(
    s.nullable(STARTED),
    'The object or build that it started; null if none is known.',
  ),
  deaths: s.described(s.NUMBER, 'Number of processes in a row that died during an attempt of it.'),
  retriedAt: s.described(s.TIME_OR_NULL, 'Time at which a person last asked for another attempt.'),
  acts: s.described(POSSIBLE_ACTS, 'Actions that are possible now.'),
};

/** A delivery in lists. */
export const DELIVERY = s.record(SUMMARY);

/** A complete delivery. */
export const WHOLE_DELIVERY = s.record({
  ...SUMMARY,
  bucket: s.described(s.TEXT, 'Distinguishes it from other deliveries of its series: see `again`.'),
  cluster: s.record({ id: s.TEXT, name: s.TEXT_OR_NULL }),
  source: s.TEXT,
  match: s.described(
    s.plain<Readonly<Record<string, string>>>({
      type: 'object',
      additionalProperties: s.TEXT.json,
    }),
    'Values captured by the patterns of its rule.',
  ),
  occurrences: s.list(
    s.record({
      event: s.described(s.JSON_OBJECT, 'The Event, without `metadata.managedFields`.'),
      firstTime: s.TEXT,
      happenedAt: s.TEXT,
      count: s.NUMBER,
    }),
  ),
  attempts: s.list(ATTEMPT),
  decision: s.described(
    s.nullable(s.record({ at: s.TIME_OR_NULL, trail: TRAIL })),
    'Why it was made, by the rules of that time; null if no longer known.',
  ),
});

/** Result of an action. */
export const ACTED = s.record({
  act: ACT,
  id: s.described(s.TEXT, 'Id of the delivery in the request.'),
  from: s.described(STATE, 'State of that delivery before the action.'),
  delivery: s.described(
    s.named('Delivery', DELIVERY),
    'The delivery after the action; for a rerun, the new one.',
  ),
});

/** Type of `DELIVERY`. */
export type DeliverySummary = s.ValueOf<typeof DELIVERY>;
/** Type of `WHOLE_DELIVERY`. */
export type WholeDelivery = s.ValueOf<typeof WHOLE_DELIVERY>;
/** Type of `ACTED`. */
export type ActedDocument = s.ValueOf<typeof ACTED>;
/** One attempt. */
export type AttemptDocument = s.ValueOf<typeof ATTEMPT>;
/** The forecast of a held delivery. */
export type HeldDocument = NonNullable<DeliverySummary['held']>;
/** The pause of a trigger. */
export type PauseDocument = NonNullable<DeliverySummary['paused']>;

/** Facts that only a running gateway knows; an absent one is unknown. */
export interface GatewayFacts {
  /** Names of the configured triggers. */
  readonly triggers?: ReadonlySet<string>;
  /** Forecast of the start of a held delivery. */
  readonly forecast?: (id: string) => HeldForecast | null;
  /** Why a trigger makes no attempts now; null if it is not paused. */
  readonly pause?: (trigger: string) => PauseStanding | null;
}

/** States in which `dueAt` is meaningful. */
const DUE: ReadonlySet<DeliveryState> = new Set(['waiting', 'held', 'open']);

/** Makes the summary of a delivery. */
export function toSummary(delivery: Delivery, facts: GatewayFacts): DeliverySummary {
  const { attempts, occurrences, rule } = delivery;
  const [{ event, count }] = occurrences;
  const lastFailure = attempts.findLast(
    ({ outcome }) => outcome !== null && outcome.outcome !== 'delivered',
  );
  return {
    id: delivery.id,
    state: delivery.state,
    dead: delivery.dead,
    trigger: delivery.trigger,
    rule: { index: rule.index, name: rule.name },
    object: cut(delivery.object),
    event: {
      namespace: cut(stringAt(event, 'metadata', 'namespace')),
      name: cut(stringAt(event, 'metadata', 'name')),
      reason: cut(stringAt(event, 'reason')),
      type: cut(stringAt(event, 'type')),
      count,
    },
    createdAt: timeOf(delivery.createdAt),
    dueAt: DUE.has(delivery.state) ? timeOf(delivery.dueAt) : null,
    held: toHeld(delivery, facts),
    paused: delivery.state === 'waiting' ? toPause(facts.pause?.(delivery.trigger)) : null,
    attemptCount: attempts.length,
    lastAttempt: toAttempt(attempts.at(-1)),
    lastFailure: toAttempt(lastFailure),
    started: delivery.started,
    deaths: delivery.deaths,
    retriedAt: timeOf(delivery.retriedAt),
    acts: possibleActs(delivery, facts.triggers),
  };
}

/** Makes the document of a complete delivery; the decision is null if it is no longer known. */
export function toWhole(
  delivery: Delivery,
  decision: DecisionRecord | null,
  facts: GatewayFacts,
): WholeDelivery {
  const { bucket, cluster, source, match, occurrences, attempts } = delivery;
  return {
    ...toSummary(delivery, facts),
    object: delivery.object,
    bucket,
    cluster,
    source,
    match,
    occurrences,
    attempts: attempts.flatMap((attempt) => toAttempt(attempt) ?? []),
    decision: decision === null ? null : { at: timeOf(decision.at), trail: decision.trail },
  };
}

function toHeld({ id, state }: Delivery, { forecast }: GatewayFacts): HeldDocument | null {
  const found = state === 'held' ? (forecast?.(id) ?? null) : null;
  if (found === null) return null;
  const { budget, releaseAt, expiresAt } = found;
  return { budget, releaseAt: timeOf(releaseAt), expiresAt: timeOf(expiresAt) };
}

/** Makes the document of a pause; null if the trigger is not paused, or no gateway runs. */
export function toPause(pause: PauseStanding | null | undefined): PauseDocument | null {
  return pause ? { ...pause, until: timeOf(pause.until) } : null;
}

function toAttempt(attempt: Attempt | undefined): AttemptDocument | null {
  return attempt === undefined ? null : { ...attempt, at: timeOf(attempt.at) };
}
