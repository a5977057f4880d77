// What an attempt's outcome makes of its delivery: a pure table of outcome and policy, with the
// backoff. See docs/guarantees.md: a lost answer is repeated only while the receiver can
// still tell a repetition by its id.
import type { Random } from '../core/clock.ts';
import type { Attempt, Delivery } from '../core/delivery.ts';
import type { Outcome, Retry, Unknown } from '../core/outcome.ts';
import type { Settlement } from '../core/store.ts';
import { type BackoffLimits, backoffMs } from '../kit/backoff.ts';

/** How a trigger's failed attempts are repeated. */
export interface RetryPolicy extends BackoffLimits {
  /** From the first attempt on, in ms; then it is a dead letter. */
  readonly forMs: number;
  /** See the port Trigger. */
  readonly keyLifeMs: number;
}

/** Where a delivery goes, and why, for people. */
export type NextState = Settlement['next'] & { readonly why: string };

/** Throws of a trigger after which its delivery is a dead letter: it will throw again. */
const BUGS_AT_MOST = 5;

/** Where a delivery stands after an attempt with this outcome. */
export function nextState(
  delivery: Delivery,
  outcome: Outcome,
  at: { readonly policy: RetryPolicy; readonly now: number; readonly random: Random },
): NextState {
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

type At = Parameters<typeof nextState>[2];

function settled(
  state: 'delivered' | 'refused' | 'unknown',
  why: string,
  started: NextState['started'],
): NextState {
  return { state, dead: null, dueAt: 0, started, why };
}

function lost(delivery: Delivery, outcome: Unknown, at: At): NextState {
  const bugs = delivery.attempts.filter(isBug).length + (outcome.reason === 'bug' ? 1 : 0);
  if (bugs >= BUGS_AT_MOST) return dead('bug', outcome.detail);
  const since = delivery.attempts.find(isLost)?.at ?? at.now;
  if (at.now - since >= at.policy.keyLifeMs) return settled('unknown', outcome.detail, null);
  return again(delivery, outcome, at);
}

function again(delivery: Delivery, outcome: Retry | Unknown, at: At): NextState {
  const first = delivery.attempts[0]?.at ?? at.now;
  if (at.now - first >= at.policy.forMs) return dead('expired', outcome.detail);
  const own = backoffMs(delivery.attempts.length, at.policy, at.random);
  const asked = outcome.outcome === 'retry' ? (outcome.afterMs ?? 0) : 0;
  return {
    state: 'waiting',
    dead: null,
    dueAt: at.now + Math.max(own, asked),
    started: null,
    why: outcome.detail,
  };
}

function dead(reason: 'bug' | 'expired', why: string): NextState {
  return { state: 'dead', dead: reason, dueAt: 0, started: null, why };
}

/** The attempt just made has no outcome yet and counts as lost. */
function isLost({ outcome }: Attempt): boolean {
  return outcome === null || outcome.outcome === 'unknown';
}

function isBug({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown' && outcome.reason === 'bug';
}
