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
export interface Refused extends AboutReceiver {
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
