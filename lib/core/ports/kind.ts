// The descriptor of a kind of source, trigger or store. Schema, documents, chart and metric labels
// are derived from it. It has data, pure functions and a `create` that starts nothing.

import type { JsonObject } from '../json-object.ts';
import type { Finding } from '../problem.ts';
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
  /** The purpose of each verb, if they differ. */
  readonly whyOf?: Readonly<Record<string, string>>;
}

/**
 * Permissions that a section needs, as data. The gateway and the chart derive the same list from it.
 * Pointers (RFC 6901) lead into the section.
 */
export type Grant = GrantedObjects & {
  readonly namespaces: {
    /** Pointer to a namespace or to a list of them; `*` is the whole cluster. */
    readonly at?: string;
    /** If there is none: the gateway's own namespace, or that of builds. */
    readonly otherwise: 'own' | 'builds';
  };
  readonly verbs: readonly string[];
  /** The verbs if the objects are core Secrets. */
  readonly verbsOnSecrets?: readonly string[];
  /** Only the object that has the name of the gateway's own namespace. */
  readonly names?: 'own';
  /** Pointer to a switch: nothing is needed if it is false. */
  readonly switchAt?: string;
  /** The purpose, as the rest of a sentence about the source, the trigger or the gateway. */
  readonly why: string;
};

/** The objects of a grant: one resource, or that of a manifest. */
type GrantedObjects =
  | {
      /** '' for the core group. */
      readonly group: string;
      readonly resource: string;
    }
  | {
      /** Pointer to a manifest with apiVersion and kind. */
      readonly manifestAt: string;
      /** Pointer to the plural of the kind, if it is irregular. */
      readonly pluralAt: string;
    };

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
 * - `grants` lists the permissions that a section needs. If it is absent, no section needs any.
 * - `create` does no I/O, starts nothing, and gets a narrow record of that kind's dependencies.
 */
export interface Kind<Section, Parts, Made> {
  readonly kind: string;
  readonly summary: string;
  readonly schema: JsonSchema;
  readonly grants?: readonly Grant[];
  check?(section: Section, context: CheckContext): readonly Finding[];
  create(section: Section, parts: Parts): Made;
}
