// A delivery: one or more accepted occurrences bound for one trigger, under an id that anyone can
// compute again, and the one document that every trigger hands over.

import { createHash } from 'node:crypto';
import type { RuleRef } from './decision.ts';
import { type EventObject, millisecondsOf, parseMicroTime, textAt } from './event.ts';
import type { Outcome, Started } from './trigger.ts';

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

/** What a delivery id stands for. */
export interface DeliveryKey {
  readonly clusterId: string;
  readonly ruleIdentity: string;
  readonly triggerIdentity: string;
  readonly eventNamespace: string;
  readonly eventName: string;
  /** Six digits and `Z`. */
  readonly firstTime: string;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LIMIT = 2 ** 48;
const ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * The id of the delivery with this key in this bucket.
 *
 * **Shape**: 26 characters. Time part: the first time in ms, 0 where it is missing or does not fit
 * 48 bits. Random part: the first 80 bits of SHA-256 over the JSON list of the seven strings.
 */
export function deliveryId(key: DeliveryKey, bucket: string): string {
  return idOf(ledgerParts(key), bucket);
}

/** The same from what the ledger is looked up by, as a delivery carries it. */
export function deliveryIdOf(key: string, bucket: string): string {
  const parts: unknown = JSON.parse(key);
  if (!Array.isArray(parts)) throw new TypeError(`not a key of the ledger: ${key}`);
  return idOf(parts.map(String), bucket);
}

/** What the ledger is looked up by: the id's input without the bucket. */
export function ledgerKey(key: DeliveryKey): string {
  return JSON.stringify(ledgerParts(key));
}

/** Whether a text has the form of a delivery id. */
export function isDeliveryId(text: string): boolean {
  return ID.test(text);
}

/** `<prefix>-<id>`: the name of the object that a delivery starts. */
export function objectName(prefix: string, id: string): string {
  return `${prefix}-${id}`;
}

/** The id's 128 bits, from which the trace context is made: 32 hexadecimal digits. */
export function idBits(id: string): string {
  let bits = 0n;
  for (const character of id) bits = bits * 32n + BigInt(ALPHABET.indexOf(character));
  return bits.toString(16).padStart(32, '0');
}

function idOf(parts: readonly string[], bucket: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([...parts, bucket]), 'utf8')
    .digest();
  const random = BigInt(`0x${digest.subarray(0, 10).toString('hex')}`);
  return `${encode(timePart(parts.at(-1) ?? ''), 10)}${encode(random, 16)}`;
}

function ledgerParts(key: DeliveryKey): readonly string[] {
  return [
    key.clusterId,
    key.ruleIdentity,
    key.triggerIdentity,
    key.eventNamespace,
    key.eventName,
    key.firstTime,
  ];
}

function timePart(firstTime: string): bigint {
  const micros = parseMicroTime(firstTime);
  if (micros === undefined) return 0n;
  const ms = millisecondsOf(micros);
  return ms >= 0 && ms < TIME_LIMIT ? BigInt(ms) : 0n;
}

function encode(value: bigint, length: number): string {
  let text = '';
  let rest = value;
  for (let place = 0; place < length; place += 1) {
    text = `${ALPHABET[Number(rest % 32n)] ?? ''}${text}`;
    rest /= 32n;
  }
  return text;
}

// The trace context of a delivery, the same at each attempt, so that a pipeline's spans hang
// together however often it was started. Nothing here records spans.
// Source: W3C Trace Context, §3.2 (version 00, sampled).

const SPAN_DIGITS = 16;

/** `00-<the id's 128 bits>-<its last 64 bits>-01`, in hexadecimal. */
export function traceparent(id: string): string {
  const bits = idBits(id);
  return `00-${bits}-${bits.slice(-SPAN_DIGITS)}-01`;
}
