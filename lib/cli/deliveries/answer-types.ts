// Type guards for the documents of deliveries, which may come from another program or another version.
// Unknown further keys, and new words that commands only print, are accepted, so that a command can ask a
// newer gateway. The schemas of the API are closed, and the compiler cannot compare them with the types.

import type { TrailEntry } from '../../core/decision.ts';
import {
  type Answer,
  type ClusterRef,
  DELIVERY_STATES,
  type DeadReason,
  type DeliveredOccurrence,
  type DeliveryState,
  type Outcome,
  type Started,
} from '../../core/delivery.ts';
import { isJsonObject, type Json } from '../../core/event.ts';
import { ACTS, type ActName } from '../../delivery/actions.ts';
import type {
  AttemptDocument,
  DeliverySummary,
  HeldDocument,
  PauseDocument,
  WholeDelivery,
} from '../../views/delivery-documents.ts';

/** A type guard. */
export type Is<T> = (value: unknown) => value is T;

/** A page of deliveries. */
export interface ListedPage<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly total: number | null;
}

/** Result of an action. */
export interface ActedAnswer {
  readonly act: ActName;
  readonly id: string;
  readonly from: DeliveryState;
  readonly delivery: DeliverySummary;
}

const isText: Is<string> = (value): value is string => typeof value === 'string';
const isNumber: Is<number> = (value): value is number => typeof value === 'number';
const isJson: Is<Json> = (value): value is Json => value !== undefined;
const isTextOrNull = orNull(isText);
const isTextIfAny = ifAny(isText);
const isTexts: Is<Readonly<Record<string, string>>> = (
  value,
): value is Readonly<Record<string, string>> =>
  isJsonObject(value) && Object.values(value).every(isText);

const isStarted = record<Started>({
  kind: isText,
  namespace: isText,
  name: isText,
  url: isTextIfAny,
});

const isStartedIfAny = ifAny(isStarted);
const isAnswerIfAny = ifAny(record<Answer>({ status: isNumber, text: isText }));
const isFailure = oneOf(['retry', 'refused', 'unknown']);
const isNumberIfAny = ifAny(isNumber);

const isAttempt = record<AttemptDocument>({
  number: isNumber,
  at: isTextOrNull,
  incarnation: isText,
  outcome: orNull(isOutcome),
  durationMs: orNull(isNumber),
});

const SUMMARY = {
  id: isText,
  state: oneOf(DELIVERY_STATES),
  dead: orNull(openWord<DeadReason>()),
  trigger: isText,
  rule: record<DeliverySummary['rule']>({ index: isNumber, name: isTextOrNull }),
  object: isText,
  event: record<DeliverySummary['event']>({
    namespace: isText,
    name: isText,
    reason: isText,
    type: isText,
    count: isNumber,
  }),
  createdAt: isTextOrNull,
  dueAt: isTextOrNull,
  held: orNull(
    record<HeldDocument>({
      budget: openWord(),
      releaseAt: isTextOrNull,
      expiresAt: isTextOrNull,
    }),
  ),
  paused: orNull(
    record<PauseDocument>({
      reason: openWord(),
      until: isTextOrNull,
      why: isText,
    }),
  ),
  attemptCount: isNumber,
  lastAttempt: orNull(isAttempt),
  lastFailure: orNull(isAttempt),
  started: orNull(isStarted),
  deaths: isNumber,
  retriedAt: isTextOrNull,
  acts: listOf(openWord<ActName>()),
} as const;

/** Whether a value is the summary of a delivery. */
export const isSummary = record<DeliverySummary>(SUMMARY);

/** Whether a value is a complete delivery. */
export const isWhole = record<WholeDelivery>({
  ...SUMMARY,
  bucket: isText,
  cluster: record<ClusterRef>({ id: isText, name: isTextOrNull }),
  source: isText,
  match: isTexts,
  occurrences: listOf(
    record<DeliveredOccurrence>({
      event: isJsonObject,
      firstTime: isText,
      happenedAt: isText,
      count: isNumber,
    }),
  ),
  attempts: listOf(isAttempt),
  decision: orNull(
    record<NonNullable<WholeDelivery['decision']>>({
      at: isTextOrNull,
      trail: listOf(
        record<TrailEntry>({
          index: isNumber,
          name: isTextOrNull,
          field: isText,
          wanted: isJson,
          found: isJson,
        }),
      ),
    }),
  ),
});

/** Whether a value is the result of an action. */
export const isActed = record<ActedAnswer>({
  act: oneOf(ACTS),
  id: isText,
  from: oneOf(DELIVERY_STATES),
  delivery: isSummary,
});

/** Makes the guard of a page of such items. */
export function isPageOf<Item>(is: Is<Item>): Is<ListedPage<Item>> {
  return record<ListedPage<Item>>({
    items: listOf(is),
    next: isTextOrNull,
    total: orNull(isNumber),
  });
}

function isOutcome(value: unknown): value is Outcome {
  if (!isJsonObject(value)) return false;
  const { outcome, reason, detail, afterMs, pauseMs, started, note, answer } = value;
  if (!isAnswerIfAny(answer)) return false;
  if (outcome === 'delivered') return isStartedIfAny(started) && isTextIfAny(note);
  if (!isNumberIfAny(afterMs) || !isNumberIfAny(pauseMs)) return false;
  return isFailure(outcome) && openWord()(reason) && isText(detail);
}

/** Guards every key of an object type; the compiler insists on one guard for each. */
function record<T extends object>(guards: { readonly [K in keyof T]-?: Is<T[K]> }): Is<T> {
  return (value): value is T => {
    if (!isJsonObject(value)) return false;
    for (const key in guards) if (!guards[key](value[key])) return false;
    return true;
  };
}

function listOf<T>(is: Is<T>): Is<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(is);
}

function oneOf<T extends string>(words: readonly T[]): Is<T> {
  return (value): value is T => words.some((word) => word === value);
}

/** Accepts a new word in a closed set that commands only print: a newer gateway may have more. */
function openWord<T extends string>(): Is<T> {
  return (value): value is T => isText(value) && /^[\w-]+$/.test(value);
}

function orNull<T>(is: Is<T>): Is<T | null> {
  return (value): value is T | null => value === null || is(value);
}

/** Guards an optional key. */
function ifAny<T>(is: Is<T>): Is<T> {
  return (value): value is T => value === undefined || is(value);
}
