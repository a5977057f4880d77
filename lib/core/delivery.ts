// A delivery: one or more accepted occurrences bound for one trigger, under an id that anyone can
// compute again, and the one document that every trigger hands over.

import type { RuleRef } from './decision.ts';
import { type EventObject, textAt } from './event.ts';

/** Every state a delivery can be in. */
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

/** The states from which a delivery goes on by itself. */
export const UNSETTLED_STATES = ['waiting', 'held', 'open', 'running'] as const;

/** Where a delivery stands. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery is a dead letter. */
export type DeadReason = 'expired' | 'expired-held' | 'shed' | 'poison' | 'bug';

/** Why a delivery is a dead letter that a limit held until then: no token was taken for it. */
export const HELD_TO_THE_END = ['expired-held', 'shed'] as const satisfies readonly DeadReason[];

/** Whether a limit held a delivery and holds it still, or did until it was a dead letter. */
export function isOnlyHeld({ state, dead }: Pick<Delivery, 'state' | 'dead'>): boolean {
  return state === 'held' || HELD_TO_THE_END.some((reason) => reason === dead);
}

/** The cluster that the occurrences come from. */
export interface ClusterRef {
  readonly id: string;
  /** `cluster:` of the configuration, for display only. */
  readonly name: string | null;
}

/** What of an occurrence a pipeline receives. */
export interface DeliveredOccurrence {
  readonly event: EventObject;
  readonly firstTime: string;
  readonly happenedAt: string;
  readonly count: number;
}

/** The document that a pipeline receives; the same at each attempt. */
interface DeliveryDocument {
  readonly id: string;
  readonly cluster: ClusterRef;
  readonly source: string;
  readonly rule: string | null;
  readonly trigger: string;
  readonly match: Readonly<Record<string, string>>;
  readonly occurrences: readonly DeliveredOccurrence[];
}

/** One attempt as it is remembered. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly incarnation: string;
  /** Null while it runs, and for ever where the process died before it could be written. */
  readonly outcome: Outcome | null;
  readonly durationMs: number | null;
}

/** One or more accepted occurrences bound for one trigger. */
export interface Delivery {
  readonly id: string;
  /** The ledger's key, and the bucket that completes it to what the id stands for. */
  readonly key: string;
  readonly bucket: string;
  readonly cluster: ClusterRef;
  readonly source: string;
  readonly rule: RuleRef;
  readonly trigger: string;
  readonly match: Readonly<Record<string, string>>;
  /** At least one; more only where a rule groups. */
  readonly occurrences: readonly [DeliveredOccurrence, ...DeliveredOccurrence[]];
  /** `<apiVersion>/<kind>/<namespace>/<name>` of the involved object: what a lane keeps apart. */
  readonly object: string;
  readonly state: DeliveryState;
  readonly dead: DeadReason | null;
  /** Wall clock, ms since 1970. */
  readonly createdAt: number;
  /** When the next attempt may be made, or for a held one since when it is held. */
  readonly dueAt: number;
  /** Every attempt so far; the last one of a running delivery has no outcome yet. */
  readonly attempts: readonly Attempt[];
  /** What it started, where that is known. */
  readonly started: Started | null;
  /** Unclean process deaths in a row during which its attempt was running. */
  readonly deaths: number;
  /** When a person last asked for another attempt; attempts of before do not count against it. */
  readonly retriedAt: number | null;
}

/** The document of a delivery, in the field order that golden files pin. */
export function toDocument(delivery: Delivery): DeliveryDocument {
  return {
    id: delivery.id,
    cluster: delivery.cluster,
    source: delivery.source,
    rule: delivery.rule.name,
    trigger: delivery.trigger,
    match: delivery.match,
    occurrences: delivery.occurrences.map(({ event, firstTime, happenedAt, count }) => ({
      event,
      firstTime,
      happenedAt,
      count,
    })),
  };
}

/**
 * The namespace of its first Event: what lanes and limits share fairly. RBAC protects that one; the
 * involved object is text of the Event's writer.
 */
export function eventNamespaceOf({ occurrences: [{ event }] }: Delivery): string {
  return textAt(event, 'metadata', 'namespace');
}

/** The number of the attempt that is being made, or that was made last; 0 before the first. */
export function attemptNumber(delivery: Delivery): number {
  return delivery.attempts.length;
}

// Delivery ids: lower-case ULIDs that anyone can compute again from what they stand for, so that a
// replay after a crash makes the same id and the receiver can tell.
// Source: https://github.com/ulid/spec (canonical encoding, Crockford's base 32).

// The trace context of a delivery, the same at each attempt, so that a pipeline's spans hang
// together however often it was started. Nothing here records spans.
// Source: W3C Trace Context, §3.2 (version 00, sampled).

/** Why an attempt may be repeated: nothing was started, and that is certain. */
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

/** Why an attempt is not repeated: the receiver will say the same again. */
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

/** Why nobody knows whether something was started. */
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

/** What an attempt started. */
export interface Started {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly url?: string;
}

/** Beginning of an answer, kept for people. */
export interface Answer {
  /** Of HTTP. */
  readonly status: number;
  /** The beginning of its body as it came, without secrets; at most 512 characters. Untrusted. */
  readonly text: string;
}

/** What a receiver says about itself, whatever it says about the delivery. */
export interface AboutReceiver {
  /** For how long it wants no request at all, in ms; absent when it asked for nothing. */
  readonly pauseMs?: number;
  /** Its answer; absent if none came, or none that is kept. */
  readonly answer?: Answer;
}

/** It is there. `note` says that it was there before us, or that the answer is an unusual one. */
export interface Delivered extends AboutReceiver {
  readonly outcome: 'delivered';
  readonly started?: Started;
  readonly note?: 'existed' | 'existed, not verified' | 'answered 303';
}

/** It is certainly not there; trying again may help. */
export interface Retry extends AboutReceiver {
  readonly outcome: 'retry';
  readonly reason: RetryReason;
  /** For people: doing what, to which object, found what. Never a secret. */
  readonly detail: string;
  /** What the receiver asked to wait with this delivery, in ms. */
  readonly afterMs?: number;
}

/** It is certainly not there and never will be. */
interface Refused extends AboutReceiver {
  readonly outcome: 'refused';
  readonly reason: RefusedReason;
  readonly detail: string;
}

/** A lost answer. */
export interface Unknown extends AboutReceiver {
  readonly outcome: 'unknown';
  readonly reason: UnknownReason;
  readonly detail: string;
}

/** What one attempt came to. */
export type Outcome = Delivered | Retry | Refused | Unknown;

/** Why a lane makes no attempts because of what its receiver said about itself. */
export type PauseReason = 'throttled' | 'unauthorized';

/** Why nothing more should be sent to the receiver for now; null when it may be. */
export function pauseReasonOf(outcome: Outcome): PauseReason | null {
  if ((outcome.pauseMs ?? 0) > 0) return 'throttled';
  if (outcome.outcome !== 'retry') return null;
  const { reason } = outcome;
  return reason === 'throttled' || reason === 'unauthorized' ? reason : null;
}
