// The values that every accepted Event of a source must have, or must not have, if that follows
// from the rules alone. A source may ask the API server for those Events only. The result may be
// incomplete, but never wrong: patterns, counts and combined conditions are taken as unknown.

import type { TextField } from '../core/vocabulary.ts';
import type { Block, Chain, Condition, Rule, TextCondition } from './chain.ts';
import { holdsFor, isTextCondition } from './condition.ts';

/** A value that each accepted occurrence has in a field (`=`), or that none has (`!=`). */
export interface RequiredValue {
  readonly field: TextField;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Texts by field. */
type FieldTexts = ReadonlyMap<TextField, ReadonlySet<string>>;

/** Bounds of the occurrences that one accept rule accepts. */
interface Accepted {
  /** The only texts that a field may have. */
  readonly allowed: FieldTexts;
  /** Texts that a field cannot have. */
  readonly excluded: FieldTexts;
}

/** Finds the values; none if no rule accepts anything of this source. */
export function requiredValues(chain: Chain, source: string): readonly RequiredValue[] {
  const accepted = acceptedBy(chain.rules, source);
  const fields = new Set(
    accepted.flatMap(({ allowed, excluded }) => [...allowed.keys(), ...excluded.keys()]),
  );
  return [...fields].flatMap((field) => requiredOf(field, accepted));
}

function acceptedBy(rules: readonly Rule[], source: string): readonly Accepted[] {
  const rejected = new Map<TextField, ReadonlySet<string>>();
  return rules.flatMap((rule) => {
    const seen = seenFrom(rule, source);
    if (seen === null) return [];
    const { conditions, not } = seen;
    if (rule.decision.action === 'accept') {
      const excluded = not.map(loneTexts).reduce(merged, rejected);
      return [{ allowed: textsOf(conditions), excluded: new Map(excluded) }];
    }
    if (not.length > 0) return [];
    for (const [field, texts] of merged(rejected, loneTexts(conditions)))
      rejected.set(field, texts);
    return [];
  });
}

/** The rule without its conditions on the source; null if it never matches what the source yields. */
function seenFrom(
  rule: Rule,
  source: string,
): {
  readonly conditions: readonly Condition[];
  readonly not: readonly (readonly Condition[])[];
} | null {
  const conditions = withoutSource(rule, source);
  const not = rule.not.flatMap((block) => {
    const rest = withoutSource(block, source);
    return rest === null ? [] : [rest];
  });
  return conditions === null || not.some((block) => block.length === 0)
    ? null
    : { conditions, not };
}

/** The other conditions; null if one on the source fails. */
function withoutSource(
  { conditions }: Pick<Block, 'conditions'>,
  source: string,
): readonly Condition[] | null {
  const isOfSource = (one: Condition): one is TextCondition =>
    isTextCondition(one) && one.field.name === 'source';
  const fails = conditions.filter(isOfSource).some((one) => !holdsFor(one, source));
  return fails ? null : conditions.filter((one) => !isOfSource(one));
}

/** The only texts that conditions allow in their fields, of those that list them exactly. */
function textsOf(conditions: readonly Condition[]): FieldTexts {
  return new Map(
    conditions
      .filter(isTextCondition)
      .filter(({ patterns }) => patterns.length === 0)
      .map(({ field, exact }) => [field, exact]),
  );
}

/** The texts with which a block certainly matches, whatever the other fields have. */
function loneTexts(conditions: readonly Condition[]): FieldTexts {
  const [only] = conditions;
  if (conditions.length !== 1 || only === undefined || !isTextCondition(only)) return new Map();
  return new Map([[only.field, only.exact]]);
}

function merged(some: FieldTexts, others: FieldTexts): FieldTexts {
  const all = new Map(some);
  for (const [field, texts] of others) {
    all.set(field, new Set([...(all.get(field) ?? []), ...texts]));
  }
  return all;
}

function requiredOf(field: TextField, accepted: readonly Accepted[]): readonly RequiredValue[] {
  const allowed = accepted.map((one) => one.allowed.get(field));
  const isLimited = allowed.every((texts) => texts !== undefined);
  const [value, ...others] = new Set(allowed.flatMap((texts) => [...(texts ?? [])]));
  if (isLimited && value !== undefined && others.length === 0) {
    return [{ field, operator: '=', value }];
  }
  const candidates = new Set(accepted.flatMap(({ excluded }) => [...(excluded.get(field) ?? [])]));
  const cannotHave = (text: string, one: Accepted): boolean =>
    one.excluded.get(field)?.has(text) === true || one.allowed.get(field)?.has(text) === false;
  return [...candidates]
    .filter((text) => accepted.every((one) => cannotHave(text, one)))
    .map((text) => ({ field, operator: '!=', value: text }));
}
