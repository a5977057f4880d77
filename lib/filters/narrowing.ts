// Which rules of a long chain can match at all, found without asking each: for the fields that take
// few values, the rules that a value leaves are worked out when it is first seen, as one bit a rule,
// and remembered. It leaves out only rules of which a condition fails, so the first match among what
// is left is the first match of all. Nothing of it can be seen but the time a decision takes.

import type { Occurrence } from '../core/occurrence.ts';
import type { Chain, FirstMatch, Rule, TextCondition } from './chain.ts';
import { holdsFor, textOf } from './condition.ts';

// Below so many, asking each rule is faster than looking up what is left.
const WORTHWHILE = 16;

// Fields whose values recur. Names, hosts and messages of objects do not, and are asked for only
// where the others leave a rule.
const NARROWING_FIELDS = [
  'source',
  'namespace',
  'kind',
  'apiVersion',
  'eventNamespace',
  'reasons',
  'type',
  'component',
] as const satisfies readonly TextCondition['field'][];

// What is remembered of one field. An Event may hold any value: what does not recur is forgotten, and
// what is longer than any that recurs (a name has at most 253 characters) is not remembered at all.
const REMEMBERED_BYTES = 1024 * 1024;
const LONGEST_REMEMBERED = 256;
// Of an entry, besides its bits and its characters.
const ENTRY_BYTES = 64;
const BITS = 32;

/** The ordered rules as a chain that can be walked. */
export function chainOf(rules: readonly Rule[]): Chain {
  if (rules.length < WORTHWHILE) return { rules, narrowing: null };
  return { rules, narrowing: new Narrowing(rules) };
}

/** Finds the first rule that matches. */
class Narrowing implements FirstMatch {
  readonly #rules: readonly Rule[];
  readonly #fields: readonly FieldMemory[];
  readonly #left: Int32Array;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#fields = NARROWING_FIELDS.filter((field) =>
      rules.some(({ conditions }) => conditions.some((one) => one.field === field)),
    ).map((field) => new FieldMemory(field, rules));
    this.#left = new Int32Array(Math.ceil(rules.length / BITS));
  }

  first(occurrence: Occurrence, matches: (rule: Rule) => boolean): Rule | null {
    const left = this.#left.fill(-1);
    for (const field of this.#fields) {
      const bits = field.bitsOf(textOf(field.field, occurrence));
      for (let word = 0; word < left.length; word += 1)
        left[word] = at(left, word) & at(bits, word);
    }
    for (let word = 0; word < left.length; word += 1) {
      for (let bits = at(left, word); bits !== 0; bits &= bits - 1) {
        const place = word * BITS + BITS - 1 - Math.clz32(bits & -bits);
        const rule = this.#rules[place];
        if (rule !== undefined && matches(rule)) return rule;
      }
    }
    return null;
  }
}

/** What the values of one field leave of the rules. */
class FieldMemory {
  readonly field: TextCondition['field'];
  readonly #conditions: readonly (TextCondition | null)[];
  readonly #known = new Map<string, Int32Array>();
  #bytes = 0;

  constructor(field: TextCondition['field'], rules: readonly Rule[]) {
    this.field = field;
    this.#conditions = rules.map(({ conditions }) => conditionOn(field, conditions));
  }

  /** One bit a rule: whether this value leaves it. */
  bitsOf(value: string): Int32Array {
    if (value.length > LONGEST_REMEMBERED) return this.#left(value);
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const bits = this.#left(value);
    const bytes = bits.byteLength + value.length * 2 + ENTRY_BYTES;
    if (this.#bytes + bytes > REMEMBERED_BYTES) {
      this.#known.clear();
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    this.#known.set(value, bits);
    return bits;
  }

  #left(value: string): Int32Array {
    const bits = new Int32Array(Math.ceil(this.#conditions.length / BITS));
    for (const [place, condition] of this.#conditions.entries()) {
      if (condition !== null && !holdsFor(condition, value)) continue;
      const word = Math.floor(place / BITS);
      bits[word] = at(bits, word) | (1 << (place % BITS));
    }
    return bits;
  }
}

function conditionOn(
  field: TextCondition['field'],
  conditions: Rule['conditions'],
): TextCondition | null {
  for (const condition of conditions) {
    if (condition.field === field) return condition;
  }
  return null;
}

function at(bits: Int32Array, word: number): number {
  return bits[word] ?? 0;
}
