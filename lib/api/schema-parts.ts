// What the schemas of the API are put together from: plain JSON Schemas of single values, and records of
// them.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses as it is.

import type { JsonSchema } from '../core/kind.ts';

/** Any text. */
export const TEXT: JsonSchema = { type: 'string' };
/** A text, or null. */
export const TEXT_OR_NULL: JsonSchema = { type: ['string', 'null'] };
/** A whole number, 0 at the least. */
export const NUMBER: JsonSchema = { type: 'integer', minimum: 0 };
/** The same, or null. */
export const NUMBER_OR_NULL: JsonSchema = { type: ['integer', 'null'], minimum: 0 };
/** A moment, as RFC 3339 writes it. */
export const TIME: JsonSchema = { type: 'string', format: 'date-time' };
/** The same, or null. */
export const TIME_OR_NULL: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
/** A list of texts. */
export const TEXTS: JsonSchema = { type: 'array', items: TEXT };

/** An object with exactly these keys; those of `optional` may be missing. */
export function record(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

/** The schema, or null. */
export function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** The schema with a description of what it says. */
export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

/** `{ "items": [ … ] }`, as every list answers. */
export function listOf(
  items: JsonSchema,
  more: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return record({ items: { type: 'array', items }, ...more });
}
