// What a kind of source, trigger or store hands in so that schema, documents, chart and metric
// labels follow from its one file: data and pure functions, and a `create` that starts nothing.

import type { JsonObject } from './event.ts';
import type { Finding } from './problem.ts';
import type { OnLostAnswer } from './trigger.ts';

/** A JSON Schema (draft 2020-12), as data. `description` is what the documents show. */
export type JsonSchema = JsonObject;

/** A permission that a configuration needs in a cluster. */
export interface Permission {
  /** Null: cluster-wide. */
  readonly namespace: string | null;
  /** '' for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: every name. */
  readonly names?: readonly string[];
  /** What for, for people. */
  readonly why: string;
}

/** What a section may be checked against besides its schema. */
export interface CheckContext {
  /** The name under which the section stands in the configuration. */
  readonly name: string;
  /** The gateway's own namespace. */
  readonly namespace: string;
  /** Where builds go unless a trigger says otherwise. */
  readonly buildNamespace: string;
  /** Of a trigger: what its entry says about lost answers; absent where it says nothing. */
  readonly onLostAnswer?: OnLostAnswer;
}

/**
 * A kind of source, trigger or store.
 *
 * `schema` describes the section `<kind>:` of the configuration; `check` is pure and sees values
 * that the schema accepted, its paths are relative to the section; `permissions` says what the
 * section needs; `create` does no I/O, starts nothing, and gets a narrow record of what that kind
 * may have.
 */
export interface Kind<Section, Parts, Made> {
  readonly kind: string;
  readonly summary: string;
  readonly schema: JsonSchema;
  check?(section: Section, context: CheckContext): readonly Finding[];
  permissions?(section: Section, context: CheckContext): readonly Permission[];
  create(section: Section, parts: Parts): Made;
}
