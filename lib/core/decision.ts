// The answer of the filter chain with its reason, and the disposition of an accepted occurrence. A
// decision is cheap and made for every occurrence; a trail is made on demand and never disagrees
// with the decision.

import type { Json } from './json-object.ts';

/** The answer of a rule, or of the default if no rule matches. */
export type Action = 'accept' | 'reject';

/** Identifies a rule in decisions, the ledger and the log. */
export interface RuleRef {
  /** Its index in the file, from 0. */
  readonly index: number;
  readonly name: string | null;
  /** The first of its `formerly`, else its name, else ''. Part of every delivery id. */
  readonly identity: string;
}

/** Accept or reject, and the rule that decided; a null rule is the default rejection. */
export interface Decision {
  readonly action: Action;
  readonly rule: RuleRef | null;
  /** Names of the triggers to start; empty on a rejection. */
  readonly triggers: readonly string[];
  /** For how long after its last state a re-created series counts as a repeat, in ms. */
  readonly quietMs: number;
}

/** The first condition of a rule that did not hold. */
export interface TrailEntry extends Omit<RuleRef, 'identity'> {
  /** A field of the rule, or `not`. */
  readonly field: string;
  /** The pattern or list as configured; for `not` the block that matched. */
  readonly wanted: Json;
  /** The value found; for `not` the block's fields with their values. */
  readonly found: Json;
}

/** A decision with the reason why each earlier rule did not match. */
export interface Explanation {
  readonly decision: Decision;
  readonly trail: readonly TrailEntry[];
}

/** Every disposition, in the order in which intake can decide on it. */
export const DISPOSITIONS = [
  'foreign',
  'loop',
  'repeat',
  'joined',
  'held',
  'shed',
  'queued',
] as const;

/** The result of an accepted occurrence at one trigger of its rule. */
export type Disposition = (typeof DISPOSITIONS)[number];

/** A disposition with its trigger, its delivery and its reason. */
export interface TriggerDisposition {
  readonly trigger: string;
  readonly disposition: Disposition;
  /** The delivery's id; null if none was made (`foreign`, `loop`, `shed`). */
  readonly id: string | null;
  /** The guard or limit that acted and its object, for people; '' if the disposition says it all. */
  readonly why: string;
}
