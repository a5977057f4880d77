// An index of long chains: finds the first matching rule without evaluating every rule. For fields with
// few values it caches, for each value, one bit a rule: whether the rule's condition holds. It excludes
// only rules of which a condition fails, so the first match among the rest is the first match of all.
// Only the time of a decision depends on it.

import type { Occurrence } from '../core/occurrence.ts';
import type { TextField, Vocabulary } from '../core/vocabulary.ts';
import type { Chain, FirstMatch, Rule, TextCondition } from './chain.ts';
import { holdsFor, isTextCondition } from './condition.ts';

// With fewer rules, evaluating each is faster than the index.
const WORTHWHILE = 16;

// The bound of one field's cache, because an Event may hold any value: a full cache is cleared.
const CACHE_BYTES = 1024 * 1024;
// Longer values are not cached: recurring ones are names, which have at most 253 characters.
const LONGEST_CACHED = 256;
// Overhead of an entry beside its bits and its characters.
const ENTRY_BYTES = 64;
const BITS = 32;

/** Makes a chain of ordered rules over a vocabulary. */
export function chainOf(rules: readonly Rule[], vocabulary: Vocabulary): Chain {
  if (rules.length < WORTHWHILE) return { vocabulary, rules, narrowing: null };
  return { vocabulary, rules, narrowing: new Narrowing(rules, vocabulary) };
}

/** The index of a chain: one cache a field. */
class Narrowing implements FirstMatch {
  readonly #rules: readonly Rule[];
  readonly #fields: readonly FieldCache[];
  readonly #left: Int32Array;

  constructor(rules: readonly Rule[], vocabulary: Vocabulary) {
    this.#rules = rules;
    // Values that do not recur are not cached: their conditions are evaluated only for the rules that
    // the index does not exclude.
    this.#fields = vocabulary
      .filter((field) => field.type === 'text')
      .filter((field) => field.recurs && rules.some((rule) => conditionOn(field, rule) !== null))
      .map((field) => new FieldCache(field, rules));
    this.#left = new Int32Array(Math.ceil(rules.length / BITS));
  }

  first(occurrence: Occurrence, matches: (rule: Rule) => boolean): Rule | null {
    const left = this.#left.fill(-1);
    for (const field of this.#fields) {
      const bits = field.bitsOf(field.field.read(occurrence));
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

function conditionOn(field: TextField, { conditions }: Rule): TextCondition | null {
  return conditions.filter(isTextCondition).find((one) => one.field === field) ?? null;
}

/** The cache of one field: its values with the rules that they do not exclude. */
class FieldCache {
  readonly field: TextField;
  readonly #conditions: readonly (TextCondition | null)[];
  readonly #known = new Map<string, Int32Array>();
  #bytes = 0;

  constructor(field: TextField, rules: readonly Rule[]) {
    this.field = field;
    this.#conditions = rules.map((rule) => conditionOn(field, rule));
  }

  /** One bit a rule: set unless its condition fails for this value. */
  bitsOf(value: string): Int32Array {
    if (value.length > LONGEST_CACHED) return this.#left(value);
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const bits = this.#left(value);
    const bytes = bits.byteLength + value.length * 2 + ENTRY_BYTES;
    if (this.#bytes + bytes > CACHE_BYTES) {
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

function at(bits: Int32Array, word: number): number {
  return bits[word] ?? 0;
}
