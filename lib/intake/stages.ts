// The stages between an accepted occurrence and its commit, in their order. Each stage returns a
// ruling on a request, or null; a request without a ruling is started. They do no I/O. Guards are
// in guard.ts, limits in limiter.ts.

import { millisecondsOf, parseMicroTime } from '../core/micro-time.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { LedgerEntry } from '../core/ports/store.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import { type GuardFacts, guardForeign, guardLoop, guardOwn } from './guard.ts';
import { type Limiter, limit } from './limiter.ts';
import type { Ruling, StartRequest } from './start-request.ts';

interface StageFacts {
  readonly guard: GuardFacts;
  /** Ledger entry of the request, including changes by this batch so far. */
  readonly entry: LedgerEntry | undefined;
  readonly limiter: Limiter;
}

/** One stage: a ruling, or null if it has no objection. */
type Stage = (request: StartRequest, facts: StageFacts) => Ruling | null;

/** Stages that depend neither on the ledger nor on a budget. */
const GUARDS = [guardForeign, guardLoop, guardOwn] as const;

/**
 * Guards come first because an Event that they stop must leave no ledger entry. `again` comes
 * before `limit` because a repetition costs no token.
 */
const STAGES: readonly Stage[] = [...GUARDS, again, limit];

const QUEUED: Ruling = { disposition: 'queued', why: '' };

/** Rules on a request: the first stage with a ruling decides, otherwise it is queued. */
export function rule(request: StartRequest, facts: StageFacts): Ruling {
  // One after the other: the stages after the first ruling must not take a token.
  const rulings = STAGES.values().map((stage) => stage(request, facts));
  return rulings.find((ruling) => ruling !== null) ?? QUEUED;
}

/** The ruling of the first guard that stops an accepted occurrence at any trigger, or null. */
export function guarded(occurrence: Occurrence, guard: GuardFacts): Ruling | null {
  const rulings = GUARDS.values().map((stage) => stage({ occurrence }, { guard }));
  return rulings.find((ruling) => ruling !== null) ?? null;
}

/**
 * Stops a state of a series that was started before (`again: { per: series }`). Within one life of
 * the Event it always does. In another life it does for less than `quiet` after the last accepted
 * state, by the reporter's times, never by our clock.
 */
function again({ occurrence, quietMs }: StartRequest, { entry }: StageFacts): Ruling | null {
  if (entry === undefined) return null;
  if (entry.life === occurrence.bucket) return { disposition: 'repeat', id: entry.id, why: '' };
  const from = parseMicroTime(entry.lastHappenedAt);
  const to = parseMicroTime(occurrence.happenedAt);
  // A time that cannot be parsed proves no silence: one build too few is better than one too many.
  const isKnown = from !== undefined && to !== undefined;
  if (isKnown && millisecondsOf(to - from) >= quietMs) return null;
  return {
    disposition: 'repeat',
    id: entry.id,
    why: `re-created less than ${renderDuration(quietMs)} after its last state`,
  };
}
