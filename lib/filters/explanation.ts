// An explanation as programs read it: what `sluice explain --format json` prints and the API answers.
// Its fields and their order are in docs/operations.md; it makes no text.

import type { Action, Disposition, Explanation, TrailEntry } from '../core/decision.ts';
import type { Occurrence } from '../core/occurrence.ts';

/** Facts about an Event beside the decision. */
export interface ExplanationFacts {
  /** Names of the sources that would read it, in the order of the file. */
  readonly readBy: readonly string[];
  /** The guard that stops it at every trigger; null if it is rejected or none does. */
  readonly guard: { readonly disposition: Disposition; readonly why: string } | null;
}

/** The document of one explanation. */
export interface ExplanationDocument {
  readonly event: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly action: Action;
  /** Null: no rule matched. */
  readonly rule: { readonly index: number; readonly name: string | null } | null;
  readonly triggers: readonly string[];
  readonly trail: readonly TrailEntry[];
  /** The source that it is judged for. */
  readonly source: string;
  readonly readBy: ExplanationFacts['readBy'];
  readonly guard: ExplanationFacts['guard'];
}

/** The document of a decision on an occurrence, and of why it is so. */
export function toExplanationDocument(
  { fields, series, uid, source }: Occurrence,
  { decision, trail }: Explanation,
  { readBy, guard }: ExplanationFacts,
): ExplanationDocument {
  const { action, rule, triggers } = decision;
  return {
    event: { namespace: fields.eventNamespace, name: series.name, uid },
    action,
    rule: rule === null ? null : { index: rule.index, name: rule.name },
    triggers,
    trail: trail.map(({ index, name, field, wanted, found }) => ({
      index,
      name,
      field,
      wanted,
      found,
    })),
    source,
    readBy,
    guard,
  };
}
