// The vocabulary of a kind of occurrence: the fields that rules may name, with their readers and their
// documentation. Each kind of source has one. Rules are compiled against it, and the schema of rules
// follows from it.

import type { Json } from './json-object.ts';
import type { Occurrence } from './occurrence.ts';

interface FieldOf<Type extends string, Value> {
  /** Its key in a rule. */
  readonly name: string;
  readonly type: Type;
  /** Reads its value. It is total: a text that the occurrence lacks is the empty string. */
  readonly read: (occurrence: Occurrence) => Value;
  /** The keys in the object that it reads, of each of its alternatives; none if it reads elsewhere. */
  readonly paths: readonly (readonly string[])[];
  /** For people: what it is, in whole sentences. */
  readonly description: string;
  readonly examples: readonly Json[];
}

/** A field that is compared with patterns. */
export interface TextField extends FieldOf<'text', string> {
  /** Whether few values occur often, as of kinds and namespaces; false for names and messages. */
  readonly recurs: boolean;
  /** Whether it holds sentences: a plain word is then a mistake, because it never equals the whole. */
  readonly isProse: boolean;
}

/** A field that is compared with numbers. */
export type CountField = FieldOf<'count', number>;

/** A field with texts under keys, of which each that a rule names is compared with patterns. */
export interface MapField extends FieldOf<'map', Json | undefined> {
  /** The only keys that it has; null if it may have any. */
  readonly keys: readonly string[] | null;
}

/** A field that rules may name. */
export type RuleField = TextField | CountField | MapField;

/** The fields of a kind of occurrence, in the order in which conditions are tried. */
export type Vocabulary = readonly RuleField[];
