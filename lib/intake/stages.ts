// The stages between an accepted occurrence and its commit, in the one order in which they run. Each
// looks at a request and the facts handed in and either rules or lets it pass; who passes all of
// them is started. They do no I/O.

import { millisecondsOf, parseMicroTime } from '../core/event.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { LedgerEntry } from '../core/store.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import { type GuardFacts, guardForeign, guardLoop } from './guard.ts';
import { type Limiter, limit } from './limiter.ts';
import type { Ruling, StartRequest } from './start-request.ts';

/** What the stages may look at. */
interface StageFacts {
  readonly guard: GuardFacts;
  /** The ledger's entry for the request, with what this batch has added so far. */
  readonly entry: LedgerEntry | undefined;
  readonly limiter: Limiter;
}

/** One stage: a ruling, or null to let the request pass. */
type Stage = (request: StartRequest, facts: StageFacts) => Ruling | null;

/** Stages that ask neither the ledger nor a budget. */
const GUARDS = [guardForeign, guardLoop] as const;

/**
 * Guards come first because what they stop must not be remembered; `again` before `limit` because a
 * repetition costs no token.
 */
const STAGES: readonly Stage[] = [...GUARDS, again, limit];

const QUEUED: Ruling = { disposition: 'queued', why: '' };

/** What becomes of a request. */
export function rule(request: StartRequest, facts: StageFacts): Ruling {
  for (const stage of STAGES) {
    const ruling = stage(request, facts);
    if (ruling !== null) return ruling;
  }
  return QUEUED;
}

/** The ruling of the first guard that stops an accepted occurrence, at whatever trigger; else null. */
export function guarded(occurrence: Occurrence, guard: GuardFacts): Ruling | null {
  for (const stage of GUARDS) {
    const ruling = stage({ occurrence }, { guard });
    if (ruling !== null) return ruling;
  }
  return null;
}

// `again: { per: series }`: a series starts a rule's build once. The ledger decides, and for an
// Event that was re-created under its old name the reporter's own times do, never our clock.

/**
 * Stops a state of a series that was started before: always within one life of the Event, and in
 * another life while less than `quiet` lies between it and the last accepted state.
 */
function again({ occurrence, quietMs }: StartRequest, { entry }: StageFacts): Ruling | null {
  if (entry === undefined) return null;
  if (entry.life === occurrence.life) return { disposition: 'repeat', id: entry.id, why: '' };
  const silence = silenceMs(entry.lastHappenedAt, occurrence.happenedAt);
  // A time that can not be read proves no silence: better one build too few than one too many.
  if (silence !== undefined && silence >= quietMs) return null;
  return {
    disposition: 'repeat',
    id: entry.id,
    why: `re-created less than ${renderDuration(quietMs)} after its last state`,
  };
}

function silenceMs(before: string, after: string): number | undefined {
  const from = parseMicroTime(before);
  const to = parseMicroTime(after);
  return from === undefined || to === undefined ? undefined : millisecondsOf(to - from);
}
