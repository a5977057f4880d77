// What an attempt's outcome makes of its delivery: a pure table of outcome and policy, with the
// backoff. See docs/guarantees.md: a lost answer is repeated only while the receiver can still tell
// a repetition by its id. Attempts of before a person's retry count for nothing here but for one
// thing: what they may have started is still there.

import type { Random } from '../core/clock.ts';
import type { Attempt, Delivery, Outcome, Retry, Unknown } from '../core/delivery.ts';
import type { Settlement } from '../core/store.ts';
import type { OnLostAnswer } from '../core/trigger.ts';
import { type BackoffLimits, backoffMs } from '../kit/async/backoff.ts';

/** How a trigger's failed attempts are repeated. */
export interface RetryPolicy extends BackoffLimits {
  /** From the first attempt on, in ms; then it is a dead letter. */
  readonly forMs: number;
  /** See the port Trigger. */
  readonly keyLifeMs: number;
  readonly onLostAnswer: OnLostAnswer;
}

/** Where a delivery goes, and why, for people. */
export type NextState = Settlement['next'] & { readonly why: string };

/** Throws of a trigger after which its delivery is a dead letter: it will throw again. */
const BUGS_AT_MOST = 5;

/** How long ago moments of the wall clock were; see Aging. */
interface Ages {
  /** For how long a delivery has been tried, in ms. */
  ageMs(first: number, now: number): number;
  /** How long ago it was for the receiver, in ms. */
  sinceMs(moment: number, now: number): number;
}

/** What a next state depends on besides the attempt. */
export interface NextStateFacts {
  readonly policy: RetryPolicy;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  readonly random: Random;
  readonly ages: Ages;
}

/** What the memory of a receiver depends on. */
export interface KeyFacts {
  readonly keyLifeMs: number;
  readonly ages: Pick<Ages, 'sinceMs'>;
}

/** Where a delivery stands after an attempt with this outcome. */
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

/** Where a delivery stands whose lost answer may not be followed by an attempt any more. */
export function leftUnknown(delivery: Delivery): NextState {
  const outcome = countedAttempts(delivery).find(isLost)?.outcome;
  const what = outcome?.outcome === 'unknown' ? outcome.detail : 'an answer was lost';
  return settledAs('unknown', `${what}; the receiver does not tell a repetition`, null);
}

/** Where a delivery stands that was claimed, and whose attempt could not be made. */
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
  const isTold = lostAt === undefined || ages.sinceMs(lostAt, dueAt) < policy.keyLifeMs;
  if (!isTold && policy.onLostAnswer === 'atMostOnce') {
    return settledAs('unknown', outcome.detail, null);
  }
  return { state: 'waiting', dead: null, dueAt, started: null, why: outcome.detail };
}

/**
 * Whether an attempt now could start the same thing twice without anyone having asked for it: an
 * answer was lost, and the receiver no longer tells a repetition by its id.
 */
export function mayDouble(delivery: Delivery, at: KeyFacts & { readonly now: number }): boolean {
  const since = countedAttempts(delivery).find(isLost)?.at;
  return since !== undefined && at.ages.sinceMs(since, at.now) >= at.keyLifeMs;
}

/**
 * Whether two attempts may each have started something: one whose answer was lost, and one after it
 * that the receiver could not tell from it any more.
 */
export function isPossiblyTwice({ attempts }: Delivery, at: KeyFacts): boolean {
  const first = attempts.findIndex(isLost);
  const since = attempts[first]?.at;
  if (since === undefined) return false;
  return attempts
    .slice(first + 1)
    .some((one) => mayHaveStarted(one) && at.ages.sinceMs(since, one.at) >= at.keyLifeMs);
}

/** Those since a person last asked for another attempt, or all. */
function countedAttempts({ attempts, retriedAt }: Delivery): readonly Attempt[] {
  return retriedAt === null ? attempts : attempts.filter(({ at }) => at >= retriedAt);
}

function isLost({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown';
}

/** What is told to be retried or refused certainly started nothing. */
function mayHaveStarted({ outcome }: Attempt): boolean {
  return outcome?.outcome !== 'retry' && outcome?.outcome !== 'refused';
}

function dead(reason: 'bug' | 'expired', why: string): NextState {
  return { state: 'dead', dead: reason, dueAt: 0, started: null, why };
}

function isBug({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown' && outcome.reason === 'bug';
}
