// The descriptor of a kind of source, trigger or store. Schema, documents, chart and metric labels
// are derived from it. It has data, pure functions and a `create` that starts nothing.

import type { JsonObject } from './event.ts';
import type { Finding } from './problem.ts';
import type { OnLostAnswer } from './trigger.ts';

/** A JSON Schema (draft 2020-12) as data. The documents show its `description`. */
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
  /** The purpose, for people. */
  readonly why: string;
}

/** Context of a section's check, beyond its schema. */
export interface CheckContext {
  /** The section's name in the configuration. */
  readonly name: string;
  /** The gateway's own namespace. */
  readonly namespace: string;
  /** The namespace of builds, unless a trigger names another. */
  readonly buildNamespace: string;
  /** The trigger's setting for lost answers; absent if it has none. */
  readonly onLostAnswer?: OnLostAnswer;
}

/**
 * A kind of source, trigger or store.
 *
 * - `schema` describes the section `<kind>:` of the configuration.
 * - `check` is pure and gets values that the schema accepted. Its paths are relative to the section.
 * - `permissions` lists the permissions that the section needs.
 * - `create` does no I/O, starts nothing, and gets a narrow record of that kind's dependencies.
 */
export interface Kind<Section, Parts, Made> {
  readonly kind: string;
  readonly summary: string;
  readonly schema: JsonSchema;
  check?(section: Section, context: CheckContext): readonly Finding[];
  permissions?(section: Section, context: CheckContext): readonly Permission[];
  create(section: Section, parts: Parts): Made;
}
