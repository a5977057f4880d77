// The next state of a delivery after an attempt: pure, by outcome, retry policy and backoff. A lost
// answer is repeated only while the receiver recognizes the idempotency key (docs/guarantees.md).
// Attempts from before a user's retry do not count, except for what they may have started.

import type { Random } from '../core/clock.ts';
import type { Attempt, Delivery, Outcome, Retry, Unknown } from '../core/delivery.ts';
import type { Settlement } from '../core/store.ts';
import type { OnLostAnswer } from '../core/trigger.ts';
import { type BackoffLimits, backoffMs } from '../kit/async/backoff.ts';

/** Retry policy of a trigger. */
export interface RetryPolicy extends BackoffLimits {
  /** Time from the first attempt, in ms, after which the delivery is a dead letter. */
  readonly forMs: number;
  /** See the port Trigger. */
  readonly keyLifeMs: number;
  readonly onLostAnswer: OnLostAnswer;
}

/** Next state of a delivery, with the reason for people. */
export type NextState = Settlement['next'] & { readonly why: string };

/** After this many throws of its trigger a delivery is a dead letter: it will throw again. */
const BUGS_AT_MOST = 5;

/** Time since moments of the wall clock; see `RetryAge`. */
interface Ages {
  /** How long a delivery has been tried, in ms. */
  ageMs(first: number, now: number): number;
  /** Time since a moment for the receiver, in ms. */
  sinceMs(moment: number, now: number): number;
}

/** Inputs of a next state, other than the attempt. */
export interface NextStateFacts {
  readonly policy: RetryPolicy;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  readonly random: Random;
  readonly ages: Ages;
}

/** How long the receiver recognizes an idempotency key, and the ages to compare with. */
export interface KeyFacts {
  readonly keyLifeMs: number;
  readonly ages: Pick<Ages, 'sinceMs'>;
}

/** Decides the state of a delivery after an attempt with this outcome. */
export function nextState(delivery: Delivery, outcome: Outcome, at: NextStateFacts): NextState {
  switch (outcome.outcome) {
    case 'delivered':
      return settledAs('delivered', outcome.note ?? '', outcome.started ?? null);
    case 'refused':
      return settledAs('refused', outcome.detail, null);
    case 'retry':
      return retried(delivery, outcome, at);
    case 'unknown':
      return afterLostAnswer(delivery, outcome, at);
  }
}

/** State of a delivery whose lost answer may not be followed by another attempt. */
export function leftUnknown(delivery: Delivery): NextState {
  const outcome = countedAttempts(delivery).find(isLost)?.outcome;
  const what = outcome?.outcome === 'unknown' ? outcome.detail : 'an answer was lost';
  const why = `${what}; the receiver does not recognize a repetition`;
  return settledAs('unknown', why, null);
}

/** State of a claimed delivery whose attempt could not be made. */
export function givenBack(delivery: Delivery, at: Omit<NextStateFacts, 'ages'>): NextState {
  const tried = countedAttempts(delivery).length + 1;
  const dueAt = at.now + backoffMs(tried, at.policy, at.random);
  const why = 'the store did not record the attempt, so it was not made';
  return { state: 'waiting', dead: null, dueAt, started: null, why };
}

function settledAs(
  state: 'delivered' | 'refused' | 'unknown',
  why: string,
  started: NextState['started'],
): NextState {
  return { state, dead: null, dueAt: 0, started, why };
}

function afterLostAnswer(delivery: Delivery, outcome: Unknown, at: NextStateFacts): NextState {
  const before = countedAttempts(delivery).filter(isBug).length;
  const bugs = before + (outcome.reason === 'bug' ? 1 : 0);
  if (bugs >= BUGS_AT_MOST) return dead('bug', outcome.detail);
  return retried(delivery, outcome, at);
}

function retried(delivery: Delivery, outcome: Retry | Unknown, at: NextStateFacts): NextState {
  const { ages, now, policy } = at;
  const attempts = countedAttempts(delivery);
  const first = attempts[0]?.at ?? now;
  if (ages.ageMs(first, now) >= policy.forMs) return dead('expired', outcome.detail);
  const own = backoffMs(attempts.length, policy, at.random);
  const asked = outcome.outcome === 'retry' ? (outcome.afterMs ?? 0) : 0;
  const dueAt = now + Math.max(own, asked);
  const current = outcome.outcome === 'unknown' ? attempts.at(-1) : undefined;
  const lostAt = (attempts.find(isLost) ?? current)?.at;
  const isKeyKnown = lostAt === undefined || ages.sinceMs(lostAt, dueAt) < policy.keyLifeMs;
  if (!isKeyKnown && policy.onLostAnswer === 'atMostOnce') {
    return settledAs('unknown', outcome.detail, null);
  }
  return { state: 'waiting', dead: null, dueAt, started: null, why: outcome.detail };
}

/**
 * Whether an attempt now could start the same thing twice without a user's request. It could if an
 * answer was lost and the receiver does not, or no longer, recognize the idempotency key.
 */
export function mayDouble(delivery: Delivery, at: KeyFacts & { readonly now: number }): boolean {
  const since = countedAttempts(delivery).find(isLost)?.at;
  return since !== undefined && at.ages.sinceMs(since, at.now) >= at.keyLifeMs;
}

/**
 * Whether two attempts may each have started something. They may if the answer of one was lost and
 * the receiver could no longer recognize a later one as a repetition.
 */
export function isPossiblyTwice({ attempts }: Delivery, at: KeyFacts): boolean {
  const first = attempts.findIndex(isLost);
  const since = attempts[first]?.at;
  if (since === undefined) return false;
  return attempts
    .slice(first + 1)
    .some((one) => mayHaveStarted(one) && at.ages.sinceMs(since, one.at) >= at.keyLifeMs);
}

/** Attempts since a user's last retry, or all. */
function countedAttempts({ attempts, retriedAt }: Delivery): readonly Attempt[] {
  return retriedAt === null ? attempts : attempts.filter(({ at }) => at >= retriedAt);
}

function isLost({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown';
}

/** An attempt that was refused or must be retried has certainly started nothing. */
function mayHaveStarted({ outcome }: Attempt): boolean {
  return outcome?.outcome !== 'retry' && outcome?.outcome !== 'refused';
}

function dead(reason: 'bug' | 'expired', why: string): NextState {
  return { state: 'dead', dead: reason, dueAt: 0, started: null, why };
}

function isBug({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown' && outcome.reason === 'bug';
}
