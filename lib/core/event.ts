// The core/v1 Event as it arrives: untrusted JSON, every field optional whatever the API reference
// says. Nothing here normalises; that is occurrence.ts.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (core/v1 names).

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object whose values are not known. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** An Event as an API server sent it, without `metadata.managedFields`; no field can be relied on. */
export type EventObject = JsonObject;

/** Whether a parsed JSON value is an object (and not a list or null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is a list; narrows to a list that cannot be changed. */
export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a path of keys, or undefined as soon as one is missing or no object stands there. */
export function jsonAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (!isJsonObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

/** The string at a path of keys; the empty string where there is none or it is no string. */
export function stringAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = jsonAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/**
 * As `stringAt` of one key, or of a second one in the object below the first: for the dozen fields
 * that are looked up in every Event, where a list of keys would cost more than the looking. The
 * keys must be none that every object inherits, such as `constructor`.
 */
export function textAt(value: Json | undefined, key: string, inner?: string): string {
  const below = isJsonObject(value) ? value[key] : undefined;
  if (inner === undefined) return typeof below === 'string' ? below : '';
  const found = isJsonObject(below) ? below[inner] : undefined;
  return typeof found === 'string' ? found : '';
}
