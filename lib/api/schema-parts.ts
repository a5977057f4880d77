// Building blocks of the API's schemas: JSON Schemas of single values and of records.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses unchanged.

import type { JsonSchema } from '../core/kind.ts';

/** Any text. */
export const TEXT: JsonSchema = { type: 'string' };
/** A text, or null. */
export const TEXT_OR_NULL: JsonSchema = { type: ['string', 'null'] };
/** A whole number from 0. */
export const NUMBER: JsonSchema = { type: 'integer', minimum: 0 };
/** A whole number from 0, or null. */
export const NUMBER_OR_NULL: JsonSchema = { type: ['integer', 'null'], minimum: 0 };
/** A time in RFC 3339. */
export const TIME: JsonSchema = { type: 'string', format: 'date-time' };
/** A time in RFC 3339, or null. */
export const TIME_OR_NULL: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
/** A list of texts. */
export const TEXTS: JsonSchema = { type: 'array', items: TEXT };

/** Makes the schema of an object with exactly these keys; those of `optional` may be absent. */
export function record(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

/** Allows null in addition. */
export function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** Adds a description to a schema. */
export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

/** Makes the schema of `{ "items": [ … ] }`, the form of every list. */
export function listOf(
  items: JsonSchema,
  more: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return record({ items: { type: 'array', items }, ...more });
}
