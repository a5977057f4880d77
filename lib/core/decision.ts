// What the filter chain answers, and why. A decision is cheap and made for every occurrence; a trail
// is made on demand and never disagrees with the decision.

import type { Json } from './event.ts';

/** What a rule, or the lack of one, says. */
export type Action = 'accept' | 'reject';

/** A rule as decisions, ledger and log name it. */
export interface RuleRef {
  /** Its place in the file, from 0. */
  readonly index: number;
  readonly name: string | null;
  /** The first of its `formerly`, else its name, else ''. Part of every delivery id. */
  readonly identity: string;
}

/** Accept or reject, and by which rule; a null rule is the default rejection. */
export interface Decision {
  readonly action: Action;
  readonly rule: RuleRef | null;
  /** Names of the triggers to start; empty on a rejection. */
  readonly triggers: readonly string[];
  /** How long after its last state a series that was re-created stays a repeat, in ms. */
  readonly quietMs: number;
}

/** Why one rule did not match: the first condition that failed. */
export interface TrailEntry {
  readonly index: number;
  readonly name: string | null;
  /** A field of the rule, or `not`. */
  readonly field: string;
  /** The pattern or list as written; for `not` the block that matched. */
  readonly wanted: Json;
  /** The value found; for `not` the block's fields with their values. */
  readonly found: Json;
}

/** A decision with the reason why each rule before it was passed over. */
export interface Explanation {
  readonly decision: Decision;
  readonly trail: readonly TrailEntry[];
}

// What became of an accepted occurrence at one trigger of its rule.

/** Every disposition, in the order in which intake can reach them. */
export const DISPOSITIONS = [
  'foreign',
  'loop',
  'repeat',
  'joined',
  'held',
  'shed',
  'queued',
] as const;

/** What became of an accepted occurrence at one trigger. */
export type Disposition = (typeof DISPOSITIONS)[number];

/** A disposition together with what it speaks of. */
export interface TriggerDisposition {
  readonly trigger: string;
  readonly disposition: Disposition;
  /** The delivery's id; null where none was made (`foreign`, `loop`, `shed`). */
  readonly id: string | null;
  /** Which guard or limit acted and on what, for people; '' where the disposition says it all. */
  readonly why: string;
}
