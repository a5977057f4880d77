// JSON values as they arrive. They are untrusted: every key may be missing or of another type.

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object with unknown keys. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Checks whether a parsed JSON value is an object, not a list or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks whether a JSON value is a list; narrows to a readonly list. */
export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value if it is an object, else an empty object. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The value if it is a list, else an empty list. */
export function listOf(value: Json | undefined): readonly Json[] {
  return isJsonList(value) ? value : [];
}

/** The items of a list by index, or the values of an object by key; none of any other value. */
export function childrenOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  return Object.entries(isJsonList(value) ? value : objectOf(value));
}

/** The value at a path of keys; undefined if a key is missing or a value on the path is no object. */
export function jsonAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (!isJsonObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

/** The string at a path of keys; the empty string if there is none. */
export function stringAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = jsonAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/**
 * Does the same as `stringAt` for one or two keys. Two dozen fields are read from every Event, and
 * with lists of keys `toOccurrence` takes 1.4 times as long. A key must not be a name that every
 * object inherits, such as `constructor`.
 */
export function textAt(value: Json | undefined, key: string, inner?: string): string {
  const below = isJsonObject(value) ? value[key] : undefined;
  if (inner === undefined) return typeof below === 'string' ? below : '';
  const found = isJsonObject(below) ? below[inner] : undefined;
  return typeof found === 'string' ? found : '';
}
