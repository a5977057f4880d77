// What an attempt's outcome makes of its delivery: a pure table of outcome and policy, with the
// backoff. See docs/guarantees.md: a lost answer is repeated only while the receiver can
// still tell a repetition by its id.
import type { Random } from '../core/clock.ts';
import type { Attempt, Delivery } from '../core/delivery.ts';
import type { Outcome, Retry, Unknown } from '../core/outcome.ts';
import type { Settlement } from '../core/store.ts';
import type { OnLostAnswer } from '../core/trigger.ts';
import { type BackoffLimits, backoffMs } from '../kit/backoff.ts';

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

/** What a next state depends on besides the attempt. */
export interface NextStateFacts {
  readonly policy: RetryPolicy;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  readonly random: Random;
  /** How much of a span of the wall clock nothing was let through: a delivery does not age then. */
  readonly pausedMs: (from: number, to: number) => number;
}

/** Where a delivery stands after an attempt with this outcome. */
export function nextState(delivery: Delivery, outcome: Outcome, at: NextStateFacts): NextState {
  switch (outcome.outcome) {
    case 'delivered':
      return settled('delivered', outcome.note ?? '', outcome.started ?? null);
    case 'refused':
      return settled('refused', outcome.detail, null);
    case 'retry':
      return again(delivery, outcome, at);
    case 'unknown':
      return lost(delivery, outcome, at);
  }
}

function settled(
  state: 'delivered' | 'refused' | 'unknown',
  why: string,
  started: NextState['started'],
): NextState {
  return { state, dead: null, dueAt: 0, started, why };
}

function lost(delivery: Delivery, outcome: Unknown, at: NextStateFacts): NextState {
  const bugs = delivery.attempts.filter(isBug).length + (outcome.reason === 'bug' ? 1 : 0);
  if (bugs >= BUGS_AT_MOST) return dead('bug', outcome.detail);
  return again(delivery, outcome, at);
}

function again(delivery: Delivery, outcome: Retry | Unknown, at: NextStateFacts): NextState {
  const first = delivery.attempts[0]?.at ?? at.now;
  const ageMs = at.now - first - at.pausedMs(first, at.now);
  if (ageMs >= at.policy.forMs) return dead('expired', outcome.detail);
  const own = backoffMs(delivery.attempts.length, at.policy, at.random);
  const asked = outcome.outcome === 'retry' ? (outcome.afterMs ?? 0) : 0;
  const dueAt = at.now + Math.max(own, asked);
  const current = delivery.attempts.at(-1);
  const lostAt = lostSince(delivery) ?? (outcome.outcome === 'unknown' ? current?.at : undefined);
  const isTold = lostAt === undefined || dueAt - lostAt < at.policy.keyLifeMs;
  if (!isTold && at.policy.onLostAnswer === 'atMostOnce') {
    return settled('unknown', outcome.detail, null);
  }
  return { state: 'waiting', dead: null, dueAt, started: null, why: outcome.detail };
}

/**
 * Whether an attempt now could start the same thing twice: an answer was lost, and the receiver no
 * longer tells a repetition by its id.
 */
export function mayDouble(
  delivery: Delivery,
  at: { readonly keyLifeMs: number; readonly now: number },
): boolean {
  const since = lostSince(delivery);
  return since !== undefined && at.now - since >= at.keyLifeMs;
}

/** Whether an attempt was made after a lost answer that the receiver could not tell any more. */
export function isPossiblyTwice(delivery: Delivery, keyLifeMs: number): boolean {
  const since = lostSince(delivery);
  const last = delivery.attempts.at(-1);
  return since !== undefined && last !== undefined && last.at > since
    ? last.at - since >= keyLifeMs
    : false;
}

/** When the first attempt was made whose answer was lost; undefined where none was. */
function lostSince(delivery: Delivery): number | undefined {
  return delivery.attempts.find(({ outcome }) => outcome?.outcome === 'unknown')?.at;
}

function dead(reason: 'bug' | 'expired', why: string): NextState {
  return { state: 'dead', dead: reason, dueAt: 0, started: null, why };
}

function isBug({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown' && outcome.reason === 'bug';
}
