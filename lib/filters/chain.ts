// The compiled filter chain: rules with compiled patterns, without conditions that ask for nothing,
// and with each rule's decision made in advance. Data only: compile.ts and brigade-rules.ts make it,
// decide.ts evaluates it.

import type { Decision } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { CountField, MapField, TextField, Vocabulary } from '../core/vocabulary.ts';
import type { Pattern } from '../kit/text/pattern.ts';

/** Patterns for one text, of which one must match. */
export interface WantedText {
  /** Every entry in its written order. */
  readonly entries: readonly Pattern[];
  /** The entries that are compared whole, as a set, so that a list of 40 needs one look-up. */
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly Pattern[];
}

/** A condition on a text field; it holds if one entry matches. */
export interface TextCondition extends WantedText {
  readonly field: TextField;
  /** As written, for trails. */
  readonly wanted: Json;
}

/** A condition on texts under keys; it holds if each of them matches. */
export interface MapCondition {
  readonly field: MapField;
  readonly wanted: JsonObject;
  readonly texts: ReadonlyMap<string, WantedText>;
}

/** One comparison of a count. */
export interface CountTest {
  readonly operator: '=' | '<' | '<=' | '>' | '>=';
  readonly number: number;
}

/** A condition on the count; it holds if one test passes. */
export interface CountCondition {
  readonly field: CountField;
  readonly wanted: Json;
  readonly tests: readonly CountTest[];
}

/** One condition of a rule or block. */
export type Condition = TextCondition | CountCondition | MapCondition;

/** A block under `not`; it matches if all its conditions hold. */
export interface Block {
  readonly wanted: Json;
  readonly conditions: readonly Condition[];
}

/** One compiled rule. */
export interface Rule {
  /** In the order of the vocabulary. */
  readonly conditions: readonly Condition[];
  /** The rule matches only if none of these blocks does. */
  readonly not: readonly Block[];
  /** The decision if the rule matches; its `rule` names this rule. */
  readonly decision: Decision & { readonly rule: NonNullable<Decision['rule']> };
}

/** Finds the first matching rule without evaluating every rule. */
export interface FirstMatch {
  /** The first rule, in order, for which `matches` is true; null if there is none. */
  first(occurrence: Occurrence, matches: (rule: Rule) => boolean): Rule | null;
}

/** The ordered rules; the first match decides, no match rejects. */
export interface Chain {
  /** The fields that the rules may name. */
  readonly vocabulary: Vocabulary;
  readonly rules: readonly Rule[];
  /** An index that finds the first match of many rules faster; null for few rules. */
  readonly narrowing: FirstMatch | null;
}

/** The decision if no rule matches. */
export const DEFAULT_REJECTION: Decision = Object.freeze({
  action: 'reject',
  rule: null,
  triggers: Object.freeze([]),
  quietMs: 0,
});
