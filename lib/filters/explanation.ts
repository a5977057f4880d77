// An explanation as programs read it: what `sluice explain --format json` prints and the API answers.
// Its fields and their order are in docs/configuration.md's words; it makes no text.
import type { Action, Explanation, TrailEntry } from '../core/decision.ts';
import type { Occurrence } from '../core/occurrence.ts';

/** The document of one explanation. */
export interface ExplanationDocument {
  readonly event: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly action: Action;
  /** Null: no rule matched. */
  readonly rule: { readonly index: number; readonly name: string | null } | null;
  readonly triggers: readonly string[];
  readonly trail: readonly TrailEntry[];
}

/** The document of a decision on an occurrence, and of why it is so. */
export function toExplanationDocument(
  { fields, series, uid }: Occurrence,
  { decision, trail }: Explanation,
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
  };
}
