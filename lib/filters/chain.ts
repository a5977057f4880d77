// The filter chain as it runs: rules with their patterns compiled once, conditions that ask for
// nothing left out, and each rule's decision made beforehand. Data only: compile.ts and original.ts
// make it, decide.ts walks it.

import type { Decision } from '../core/decision.ts';
import type { Json } from '../core/event.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { Pattern } from '../kit/text/pattern.ts';
import type { ConditionField } from './rule.ts';

/** What a text field is asked for: it holds where one entry matches. */
export interface TextCondition {
  readonly field: Exclude<ConditionField, 'count'>;
  /** As written, for trails. */
  readonly wanted: Json;
  /** Every entry in its written order. */
  readonly entries: readonly Pattern[];
  /** The entries that are compared whole, as a set, so that a list of 40 costs one look-up. */
  readonly exact: ReadonlySet<string>;
  /** The other entries. */
  readonly patterns: readonly Pattern[];
}

/** One comparison of a count. */
export interface CountTest {
  readonly operator: '=' | '<' | '<=' | '>' | '>=';
  readonly number: number;
}

/** What the count is asked for: it holds where one test does. */
export interface CountCondition {
  readonly field: 'count';
  readonly wanted: Json;
  readonly tests: readonly CountTest[];
}

/** One condition of a rule or block. */
export type Condition = TextCondition | CountCondition;

/** A block under `not`: it matches where all its conditions hold. */
export interface Block {
  readonly wanted: Json;
  readonly conditions: readonly Condition[];
}

/** One compiled rule. */
export interface Rule {
  /** In the order of `RULE_FIELDS`. */
  readonly conditions: readonly Condition[];
  /** The rule matches only if none of these does. */
  readonly not: readonly Block[];
  /** What is decided where the rule matches; its `rule` names this rule. */
  readonly decision: Decision & { readonly rule: NonNullable<Decision['rule']> };
}

/** Finds the first rule that matches without asking each. */
export interface FirstMatch {
  /** The first rule, in their order, of which `matches` is true; null if it is true of none. */
  first(occurrence: Occurrence, matches: (rule: Rule) => boolean): Rule | null;
}

/** The ordered rules; the first match decides, no match rejects. */
export interface Chain {
  readonly rules: readonly Rule[];
  /** What finds the first match of many rules sooner; null where there are few. */
  readonly narrowing: FirstMatch | null;
}

/** The decision where no rule matches. */
export const DEFAULT_REJECTION: Decision = Object.freeze({
  action: 'reject',
  rule: null,
  triggers: Object.freeze([]),
  quietMs: 0,
});
