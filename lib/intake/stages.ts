// The stages between an accepted occurrence and its commit, in the one order in which they run. Each
// looks at a candidate and the facts handed in and either rules or lets it pass; who passes all of
// them is started. They do no I/O.

import type { Disposition } from '../core/decision.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { LedgerEntry } from '../core/store.ts';
import { again } from './again.ts';
import type { Candidate } from './candidate.ts';
import { type GuardFacts, guardForeign, guardLoop } from './guard.ts';
import { type Limiter, limit } from './limit.ts';

/** What a stage says of a candidate, and why, for people. */
export interface Ruling {
  readonly disposition: Disposition;
  readonly why: string;
  /** Of a repeat: the delivery that the ledger holds, where it is not the candidate's own. */
  readonly id?: string;
}

/** What the stages may look at. */
export interface Facts {
  readonly guard: GuardFacts;
  /** The ledger's entry for the candidate, with what this batch has added so far. */
  readonly entry: LedgerEntry | undefined;
  readonly limiter: Limiter;
}

/** One stage: a ruling, or null to let the candidate pass. */
export type Stage = (candidate: Candidate, facts: Facts) => Ruling | null;

/** Stages that ask neither the ledger nor a budget. */
const GUARDS = [guardForeign, guardLoop] as const;

/**
 * Guards come first because what they stop must not be remembered; `again` before `limit` because a
 * repetition costs no token.
 */
const STAGES: readonly Stage[] = [...GUARDS, again, limit];

const QUEUED: Ruling = { disposition: 'queued', why: '' };

/** What becomes of a candidate. */
export function rule(candidate: Candidate, facts: Facts): Ruling {
  for (const stage of STAGES) {
    const ruling = stage(candidate, facts);
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
