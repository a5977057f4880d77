// A delivery: one or more accepted occurrences bound for one trigger, under an id that anyone can
// compute again, and the one document that every trigger hands over.

import type { RuleRef } from './decision.ts';
import { type EventObject, textAt } from './event.ts';
import type { Outcome, Started } from './outcome.ts';

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
export interface DeliveryDocument {
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
