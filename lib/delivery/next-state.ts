// The next state of a delivery after an attempt: pure, by outcome, retry policy and backoff. A lost
// answer is repeated only while the receiver recognizes the idempotency key (docs/guarantees.md).
// Attempts from before a user's retry do not count, except for what they may have started.

import type { Random } from '../core/clock.ts';
import type { Attempt, Delivery, Outcome, Retry, Unknown } from '../core/delivery.ts';
import type { Settlement } from '../core/ports/store.ts';
import type { OnLostAnswer } from '../core/ports/trigger.ts';
import { type BackoffLimits, backoffMs } from '../kit/async/backoff.ts';
import type { RetryAge } from './retry-age.ts';

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

/** Inputs of a next state, other than the attempt. */
export interface NextStateFacts {
  readonly policy: RetryPolicy;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  readonly random: Random;
  readonly ages: Pick<RetryAge, 'ageMs' | 'sinceMs'>;
}

/** How long the receiver recognizes an idempotency key, and the ages to compare with. */
export interface KeyFacts {
  readonly keyLifeMs: number;
  readonly ages: Pick<RetryAge, 'sinceMs'>;
}

/** Decides the state of a delivery after an attempt with this outcome. */
export function nextState(delivery: Delivery, outcome: Outcome, at: NextStateFacts): NextState {
  switch (outcome.outcome) {
    case 'delivered': {
      const { note = '', started = null } = outcome;
      return { ...SETTLED, state: 'delivered', started, why: note };
    }
    case 'refused':
      return { ...SETTLED, state: 'refused', why: outcome.detail };
    case 'retry':
    case 'unknown':
      return retried(delivery, outcome, at);
  }
}

const SETTLED = { dead: null, dueAt: 0, started: null } as const;

/** State of a delivery whose lost answer may not be followed by another attempt. */
export function leftUnknown(delivery: Delivery): NextState {
  const outcome = countedAttempts(delivery).find(isLost)?.outcome;
  const what = outcome?.outcome === 'unknown' ? outcome.detail : 'an answer was lost';
  const why = `${what}; the receiver does not recognize a repetition`;
  return { ...SETTLED, state: 'unknown', why };
}

/** State of a claimed delivery whose attempt could not be made. */
export function givenBack(delivery: Delivery, at: Omit<NextStateFacts, 'ages'>): NextState {
  const tried = countedAttempts(delivery).length + 1;
  const dueAt = at.now + backoffMs(tried, at.policy, at.random);
  const why = 'the store did not record the attempt, so it was not made';
  return { ...SETTLED, state: 'waiting', dueAt, why };
}

function retried(delivery: Delivery, outcome: Retry | Unknown, at: NextStateFacts): NextState {
  const { ages, now, policy } = at;
  const { detail: why } = outcome;
  const attempts = countedAttempts(delivery);
  const bugs = [...attempts, { outcome }].filter(isBug).length;
  if (bugs >= BUGS_AT_MOST) return { ...SETTLED, state: 'dead', dead: 'bug', why };
  const isExpired = ages.ageMs(attempts[0]?.at ?? now, now) >= policy.forMs;
  if (isExpired) return { ...SETTLED, state: 'dead', dead: 'expired', why };
  const own = backoffMs(attempts.length, policy, at.random);
  const asked = outcome.outcome === 'retry' ? (outcome.afterMs ?? 0) : 0;
  const dueAt = now + Math.max(own, asked);
  const current = outcome.outcome === 'unknown' ? attempts.at(-1) : undefined;
  const lostAt = (attempts.find(isLost) ?? current)?.at;
  const isKeyKnown = lostAt === undefined || ages.sinceMs(lostAt, dueAt) < policy.keyLifeMs;
  const isOver = !isKeyKnown && policy.onLostAnswer === 'atMostOnce';
  return isOver
    ? { ...SETTLED, state: 'unknown', why }
    : { ...SETTLED, state: 'waiting', dueAt, why };
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

function isBug({ outcome }: Pick<Attempt, 'outcome'>): boolean {
  return outcome?.outcome === 'unknown' && outcome.reason === 'bug';
}
