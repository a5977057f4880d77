// The port Trigger: what starts something outside.

import type { Delivery } from './delivery.ts';

/** How a trigger takes several deliveries with one attempt. */
export interface Batching {
  /** Deliveries in one attempt at the most; at least 2. */
  readonly max: number;
  /** How long the first delivery of an attempt waits for others, in ms. */
  readonly waitMs: number;
}

/**
 * What becomes of a delivery whose answer was lost where the receiver can not tell a repetition: it
 * ends as `unknown`, or it is repeated and reported as possibly started twice.
 */
export type OnLostAnswer = 'atMostOnce' | 'atLeastOnce';

/** The content of an attempt as text without any secret, or why nothing would be sent. */
export type Preview =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/**
 * What starts something outside. One that holds something open may be disposed of, twice too.
 *
 * 1. One attempt: no retry, no sleep, no log.
 * 2. Idempotent by delivery id where the receiver can be.
 * 3. Expected failure is returned, never thrown; a throw is a bug.
 * 4. No secret in an outcome: detail, answer and what was started.
 * 5. `delivered` may carry what was started.
 * 6. An abort of the signal ends the attempt soon, with an outcome.
 */
export interface Trigger extends Partial<AsyncDisposable> {
  /** One outcome each, in the same order; one delivery a call unless there is a `batch`. */
  fire(deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * How long after an attempt the receiver still tells a repetition by its id, in ms: within it a
   * lost answer is repeated, after it `OnLostAnswer` decides. 0 where it never can.
   */
  readonly keyLifeMs: number;
  /** Absent: one delivery a call. */
  readonly batch?: Batching;
  /**
   * Whether it has another credential now than the one that its receiver did not accept. Asked while
   * nothing is attempted because of that; it may read files. Absent: only an attempt can show it.
   */
  isRenewed?(): Promise<boolean>;
}

// What one attempt of a delivery came to. Expected failure is a value here; a throw is a bug.

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
