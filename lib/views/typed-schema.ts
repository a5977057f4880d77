// JSON Schemas with the type of their values, so that a document is declared once: its TypeScript type, its
// schema in OpenAPI and the guard of a client follow from it. The compiler compares what makes a document
// with its type. Each schema has two forms: a closed one for OpenAPI, and an open one for clients, which
// accepts further keys, and further words in sets that a client only prints.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses unchanged.

import { createGuard, type Guard } from '../config/parse-value.ts';
import type { Json, JsonObject } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';

declare const VALUE: unique symbol;

/** A schema of values of a type. */
export interface Schema<T> {
  /** The closed form: exactly what this version answers. */
  readonly json: JsonSchema;
  /** The open form: what this version understands of other versions. */
  readonly open: JsonSchema;
  /** Only for the compiler; never set. */
  readonly [VALUE]?: T;
}

/** Type of the values of a schema. */
export type ValueOf<S> = S extends Schema<infer T> ? T : never;

/** Schemas by key. */
export type Properties = Readonly<Record<string, Schema<unknown>>>;

type Optional<P> = { readonly [K in keyof P]?: ValueOf<P[K]> };
type Values<P> = { readonly [K in keyof P]: ValueOf<P[K]> };

/** Makes a schema with the same form for both. */
export function plain<T>(json: JsonSchema): Schema<T> {
  return { json, open: json };
}

/** Any text. */
export const TEXT = plain<string>({ type: 'string' });
/** A text, or null. */
export const TEXT_OR_NULL = plain<string | null>({ type: ['string', 'null'] });
/** A whole number from 0. */
export const NUMBER = plain<number>({ type: 'integer', minimum: 0 });
/** A whole number from 0, or null. */
export const NUMBER_OR_NULL = plain<number | null>({ type: ['integer', 'null'], minimum: 0 });
/** A time in RFC 3339. */
export const TIME = plain<string>({ type: 'string', format: 'date-time' });
/** A time in RFC 3339, or null. */
export const TIME_OR_NULL = plain<string | null>({ type: ['string', 'null'], format: 'date-time' });
/** True or false. */
export const BOOLEAN = plain<boolean>({ type: 'boolean' });
/** A list of texts. */
export const TEXTS = list(TEXT);
/** Any JSON. */
export const JSON_VALUE = plain<Json>({});
/** Any JSON object. */
export const JSON_OBJECT = plain<JsonObject>({ type: 'object' });

/** Makes the schema of one of some words on which a client depends. */
export function words<const T extends string | null>(list: readonly T[]): Schema<T> {
  return plain({ enum: list });
}

/** Makes the schema of one of some words that a client only prints: another version may have more. */
export function openWords<const T extends string>(list: readonly T[]): Schema<T> {
  return { json: { enum: list }, open: WORD };
}

/** Makes the schema of a word that OpenAPI describes as any text. */
export function openText<T extends string | null>(json: JsonSchema): Schema<T> {
  return { json, open: { ...WORD, ...json } };
}

// A word of another version is printed, so it must not contain control characters.
const WORD: JsonSchema = { type: 'string', pattern: '^[\\w-]+$' };

/** Makes the schema of an object with these keys. */
export function record<P extends Properties>(properties: P): Schema<Values<P>> {
  return recordWith(properties, {});
}

/** Makes the schema of an object with these keys; those of `optional` may be absent. */
export function recordWith<R extends Properties, O extends Properties>(
  required: R,
  optional: O,
): Schema<Values<R> & Optional<O>> {
  const all = Object.entries({ ...required, ...optional });
  const properties = (form: 'json' | 'open'): JsonObject =>
    Object.fromEntries(all.map(([key, schema]) => [key, schema[form]]));
  const [type, names] = ['object', Object.keys(required)];
  return {
    json: { type, additionalProperties: false, required: names, properties: properties('json') },
    open: { type, required: names, properties: properties('open') },
  };
}

/** Makes the schema of a list. */
export function list<T>({ json, open }: Schema<T>): Schema<readonly T[]> {
  return { json: { type: 'array', items: json }, open: { type: 'array', items: open } };
}

/** Makes the schema of `{ "items": [ … ] }`, the form of every list that is an answer. */
export function listOf<T, More extends Properties>(
  items: Schema<T>,
  more: More,
): Schema<{ readonly items: readonly T[] } & Values<More>> {
  return record({ items: list(items), ...more });
}

/** Makes the schema of one of several forms. */
export function anyOf<A, B>(one: Schema<A>, other: Schema<B>): Schema<A | B> {
  return { json: { anyOf: [one.json, other.json] }, open: { anyOf: [one.open, other.open] } };
}

/** Allows null in addition. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return anyOf(schema, plain<null>({ type: 'null' }));
}

/** Adds a description to a schema. */
export function described<T>({ json, open }: Schema<T>, description: string): Schema<T> {
  return { json: { ...json, description }, open };
}

/** Makes a reference to a named schema of the OpenAPI document. */
export function named<T>(name: string, { open }: Schema<T>): Schema<T> {
  return { json: { $ref: `#/components/schemas/${name}` }, open };
}

/** Makes a guard of the open form. It is compiled at its first use, because compiling takes some ms. */
export function guardOf<T>(schema: Schema<T>): Guard<T> {
  let guard: Guard<T> | undefined;
  return (value): value is T => {
    guard ??= createGuard<T>(schema.open);
    return guard(value);
  };
}
