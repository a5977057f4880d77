// Evaluates the chain: synchronous, total, free of I/O. The decision and its trail come from the same
// function over the same conditions, so they cannot disagree.

import type { Decision, Disposition, Explanation, RuleRef, TrailEntry } from '../core/decision.ts';
import type { Occurrence } from '../core/occurrence.ts';
import { type Block, type Chain, type Condition, DEFAULT_REJECTION, type Rule } from './chain.ts';
import { foundBy, holds, matchesWhole } from './condition.ts';

/** Evaluates the rules in order: the first match decides, and no match rejects. */
export function decide(chain: Chain, occurrence: Occurrence): Decision {
  const { narrowing, rules } = chain;
  const matches = (rule: Rule): boolean => obstacleOf(rule, occurrence) === null;
  const found = narrowing === null ? rules.find(matches) : narrowing.first(occurrence, matches);
  return found?.decision ?? DEFAULT_REJECTION;
}

/** Decides, and names the first failed condition of each rule before the one that decided. */
export function explain(chain: Chain, occurrence: Occurrence): Explanation {
  const trail: TrailEntry[] = [];
  for (const rule of chain.rules) {
    const obstacle = obstacleOf(rule, occurrence);
    if (obstacle === null) return { decision: rule.decision, trail };
    trail.push(toTrailEntry(rule, obstacle, occurrence));
  }
  return { decision: DEFAULT_REJECTION, trail };
}

/**
 * Finds the accept rule that came nearest to matching: the first of those whose failed field is tried
 * last. Null if the trail has no accept rule.
 */
export function nearest(chain: Chain, trail: readonly TrailEntry[]): TrailEntry | null {
  const accepting = new Set(
    chain.rules
      .filter(({ decision }) => decision.action === 'accept')
      .map(({ decision }) => decision.rule.index),
  );
  // `not` is tried last.
  const tried = [...chain.vocabulary.map(({ name }) => name), 'not'];
  const near = trail.filter(({ index }) => accepting.has(index));
  return near.toSorted((a, b) => tried.indexOf(b.field) - tried.indexOf(a.field))[0] ?? null;
}

/** Finds the first condition that fails, else the first block that matches; null if the rule matches. */
function obstacleOf(rule: Rule, occurrence: Occurrence): Condition | Block | null {
  return (
    rule.conditions.find((condition) => !holds(condition, occurrence)) ??
    rule.not.find((block) => matchesWhole(block, occurrence)) ??
    null
  );
}

function toTrailEntry(rule: Rule, obstacle: Condition | Block, occurrence: Occurrence): TrailEntry {
  const { index, name } = rule.decision.rule;
  const { wanted } = obstacle;
  if ('field' in obstacle) {
    const { field } = obstacle;
    return { index, name, field: field.name, wanted, found: foundBy(obstacle, occurrence) };
  }
  const found = Object.fromEntries(
    obstacle.conditions.map((one) => [one.field.name, foundBy(one, occurrence)]),
  );
  return { index, name, field: 'not', wanted, found };
}

/** Facts about an Event beside the decision. */
export interface ExplanationFacts {
  /** Names of the sources that would read the Event, in the order of the file. */
  readonly readBy: readonly string[];
  /** The guard that stops the Event at every trigger; null if none does, or if it is rejected. */
  readonly guard: { readonly disposition: Disposition; readonly why: string } | null;
}

/**
 * An explanation for programs, as `sluice explain --format json` and the API return it. The order of
 * its fields is in docs/operations.md.
 */
export interface ExplanationDocument
  extends Pick<Decision, 'action' | 'triggers'>,
    Pick<Explanation, 'trail'>,
    ExplanationFacts {
  readonly event: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Null: no rule matched. */
  readonly rule: Pick<RuleRef, 'index' | 'name'> | null;
  /** The source for which the rules decide. */
  readonly source: string;
}

/** Makes the document of an explanation. */
export function toExplanationDocument(
  { namespace, name, uid, source }: Occurrence,
  { decision, trail }: Explanation,
  { readBy, guard }: ExplanationFacts,
): ExplanationDocument {
  const { action, rule, triggers } = decision;
  return {
    event: { namespace, name, uid },
    action,
    rule: rule === null ? null : { index: rule.index, name: rule.name },
    triggers,
    trail,
    source,
    readBy,
    guard,
  };
}
