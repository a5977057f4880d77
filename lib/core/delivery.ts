// A delivery: one or more accepted occurrences for one trigger under one id, its attempts and their
// outcomes. Also the document that every trigger sends. Ids are computed in delivery-id.ts.

import type { RuleRef } from './decision.ts';
import { type JsonObject, textAt } from './json-object.ts';
import type { EventObject } from './occurrence.ts';

/** Every state of a delivery. */
export const DELIVERY_STATES = [
  'waiting',
  'held',
  'open',
  'running',
  'delivered',
  'refused',
  'unknown',
  'dead',
  'orphaned',
  'discarded',
] as const;

/** The states that a delivery leaves without a person's request. */
export const UNSETTLED_STATES = ['waiting', 'held', 'open', 'running'] as const;

/** The state of a delivery. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

/** Whether a delivery in this state leaves it without a person's request. */
export function isUnsettled(state: DeliveryState): boolean {
  return UNSETTLED.has(state);
}

/** Every reason why a delivery is a dead letter. */
export const DEAD_REASONS = ['expired', 'expired-held', 'shed', 'poison', 'bug'] as const;

/** The reason why a delivery is a dead letter. */
export type DeadReason = (typeof DEAD_REASONS)[number];

/** The reasons of dead letters that a limit held until then: they took no token. */
export const HELD_TO_THE_END = ['expired-held', 'shed'] as const satisfies readonly DeadReason[];

/** Checks whether a limit holds a delivery, or held it until it became a dead letter. */
export function isOnlyHeld({ state, dead }: Pick<Delivery, 'state' | 'dead'>): boolean {
  return state === 'held' || HELD_TO_THE_END.some((reason) => reason === dead);
}

/** The cluster of the occurrences. */
export type ClusterRef = {
  readonly id: string;
  /** `cluster:` of the configuration, for display only. */
  readonly name: string | null;
};

/** The part of an occurrence that a pipeline receives. */
export type DeliveredOccurrence = {
  readonly event: EventObject;
  readonly firstTime: string;
  readonly happenedAt: string;
  readonly count: number;
};

/** The document that a pipeline receives. It is the same at each attempt. */
interface DeliveryDocument
  extends Pick<Delivery, 'id' | 'cluster' | 'source' | 'trigger' | 'match'> {
  readonly rule: string | null;
  readonly occurrences: readonly DeliveredOccurrence[];
}

/** One attempt as it is stored. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly incarnation: string;
  /** Null while it runs, and forever if the process died before the outcome was stored. */
  readonly outcome: Outcome | null;
  readonly durationMs: number | null;
}

/** One or more accepted occurrences for one trigger. */
export interface Delivery {
  readonly id: string;
  /** The ledger's key; with the bucket it is the input of the id. */
  readonly key: string;
  readonly bucket: string;
  readonly cluster: ClusterRef;
  readonly source: string;
  readonly rule: RuleRef;
  readonly trigger: string;
  readonly match: Readonly<Record<string, string>>;
  /** At least one; more only if the rule groups. */
  readonly occurrences: readonly [DeliveredOccurrence, ...DeliveredOccurrence[]];
  /** `<apiVersion>/<kind>/<namespace>/<name>` of the involved object; lanes keep order per object. */
  readonly object: string;
  readonly state: DeliveryState;
  readonly dead: DeadReason | null;
  /** Wall clock, ms since 1970. */
  readonly createdAt: number;
  /** When the next attempt may be made; for a held delivery the time since it is held. */
  readonly dueAt: number;
  /** Every attempt so far. The last one of a running delivery has no outcome yet. */
  readonly attempts: readonly Attempt[];
  /** The object or run that it started, if known. */
  readonly started: Started | null;
  /** Consecutive process deaths during an attempt of this delivery. */
  readonly deaths: number;
  /** When a person last asked for a retry; earlier attempts do not count towards its age. */
  readonly retriedAt: number | null;
}

/** Converts a delivery to its document, in the field order that golden files pin. */
export function toDocument(delivery: Delivery): DeliveryDocument {
  const { id, cluster, source, rule, trigger, match } = delivery;
  const occurrences = delivery.occurrences.map(({ event, firstTime, happenedAt, count }) => {
    return { event, firstTime, happenedAt, count };
  });
  return { id, cluster, source, rule: rule.name, trigger, match, occurrences };
}

/** The document that templates read: that of the delivery, and its first Event. Events are not copied. */
export function toTemplateView(delivery: Delivery): JsonObject {
  return { ...toDocument(delivery), event: delivery.occurrences[0].event };
}

/**
 * The namespace of the first Event, between which lanes and limits share fairly. RBAC protects this
 * namespace; the involved object's is text from the Event's writer.
 */
export function eventNamespaceOf({ occurrences: [{ event }] }: Delivery): string {
  return textAt(event, 'metadata', 'namespace');
}

/** The number of the running or the last attempt; 0 before the first. */
export function attemptNumber(delivery: Delivery): number {
  return delivery.attempts.length;
}

/** The reason why an attempt may be repeated: it certainly started nothing. */
export type RetryReason =
  | 'throttled'
  | 'unavailable'
  | 'unreachable'
  | 'unauthorized'
  | 'forbidden'
  | 'namespace-terminating'
  | 'quota'
  | 'admission'
  | 'asked-to'
  | 'redirected'
  | 'not-found'
  | 'not-permitted'
  | 'not-sent'
  | 'secret-missing';

/** The reason why an attempt is not repeated: the receiver would answer the same again. */
export type RefusedReason =
  | 'invalid'
  | 'admission'
  | 'not-found'
  | 'name-taken'
  | 'not-renderable'
  | 'exit-code'
  | 'not-startable'
  | 'too-large'
  | 'gone';

/** The reason why it is unknown whether something was started. */
export type UnknownReason =
  | 'timeout'
  | 'redirected'
  | 'conflict'
  | 'stopped'
  | 'connection-lost'
  | 'server-error'
  | 'unexpected-answer'
  | 'signal'
  | 'process-died'
  | 'bug';

/** The object or run that an attempt started. */
export interface Started {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly url?: string;
}

/** The beginning of an answer, stored for people. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The beginning of the body, unchanged but without secrets; at most 512 characters. Untrusted. */
  readonly text: string;
}

/** An answer's statements about the receiver itself, independent of the delivery. */
export interface AboutReceiver {
  /** For how long it asked for no requests at all, in ms; absent if it did not ask. */
  readonly pauseMs?: number;
  /** Its answer; absent if none came or none is stored. */
  readonly answer?: Answer;
}

/** It was started. `note` says that it existed before, or that the answer is an unusual one. */
export interface Delivered extends AboutReceiver {
  readonly outcome: 'delivered';
  readonly started?: Started;
  readonly note?: 'existed' | 'existed, not verified' | 'answered 303';
}

interface NotDelivered<Name, Reason> extends AboutReceiver {
  readonly outcome: Name;
  readonly reason: Reason;
  /** For people: the action, its object and the finding. Never a secret. */
  readonly detail: string;
}

/** It was certainly not started; a retry may help. */
export interface Retry extends NotDelivered<'retry', RetryReason> {
  /** How long the receiver asked to wait before this delivery's retry, in ms. */
  readonly afterMs?: number;
}

/** It was certainly not started, and no retry helps. */
type Refused = NotDelivered<'refused', RefusedReason>;

/** The answer was lost: it may have been started. */
export type Unknown = NotDelivered<'unknown', UnknownReason>;

/** The outcome of one attempt. Expected failure is a value here; a throw is a bug. */
export type Outcome = Delivered | Retry | Refused | Unknown;

/** Every outcome of an attempt. */
export const OUTCOMES = [
  'delivered',
  'retry',
  'refused',
  'unknown',
] as const satisfies readonly Outcome['outcome'][];

/** Every reason why a lane pauses. */
export const PAUSE_REASONS = ['throttled', 'unauthorized'] as const;

/** The reason why a lane pauses: its receiver refuses all requests for now. */
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** The reason to pause after this outcome; null if there is none. */
export function pauseReasonOf(outcome: Outcome): PauseReason | null {
  if ((outcome.pauseMs ?? 0) > 0) return 'throttled';
  if (outcome.outcome !== 'retry') return null;
  const { reason } = outcome;
  return reason === 'throttled' || reason === 'unauthorized' ? reason : null;
}
