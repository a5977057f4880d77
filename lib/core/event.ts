// The core/v1 Event as it arrives, with its versions and times. It is untrusted JSON: every field may
// be missing, even if the API reference requires it. occurrence.ts normalises it.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (core/v1 names).

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object with unknown keys. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** An Event as an API server sent it, without `metadata.managedFields`. Every field may be missing. */
export type EventObject = JsonObject;

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

/**
 * Compares two resourceVersions: negative if a is older than b, positive if it is newer, 0 if equal.
 * They are growing decimal integers of up to 64 bits, so the shorter text is the older one, and
 * equal lengths compare as text. A Number would lose digits above 2^53.
 *
 * **Source**: KEP 5504 (comparable resource versions).
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

// Times of Kubernetes are microseconds since 1970 as a bigint. A Number of milliseconds would lose
// the difference between two Events of one millisecond. Source: RFC 3339; metav1.Time has no
// fraction, metav1.MicroTime has six digits, third parties write any number of digits.

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

// Years in RFC 3339 have four digits. An offset can lead outside this range, and such a time
// neither parses again nor compares as text.
const YEAR_0 = Date.parse('0000-01-01T00:00:00Z');
const YEAR_10000 = Date.parse('9999-12-31T23:59:59.999Z') + 1;

/**
 * Parses an RFC 3339 time to microseconds since 1970 UTC; undefined if the text is no such time.
 *
 * **Units**: microseconds; finer digits are cut, not rounded.
 */
export function parseMicroTime(text: string): bigint | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, seconds = '', fraction = '', sign, offsetHour, offsetMinute] = parts;
  const ms = Date.parse(`${seconds.toUpperCase()}Z`);
  if (Number.isNaN(ms)) return undefined;
  const micros = BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (sign === undefined) return micros;
  const offset = BigInt(Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000_000n;
  return sign === '+' ? micros - offset : micros + offset;
}

/** Renders a time in UTC with six digits and `Z`; undefined and out-of-range times give ''. */
export function renderMicroTime(micros: bigint | undefined): string {
  if (micros === undefined) return '';
  const ms = millisecondsOf(micros);
  if (!(ms >= YEAR_0 && ms < YEAR_10000)) return '';
  const date = new Date(ms);
  const rest = Number(micros - BigInt(ms) * 1000n);
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

// API servers write whole seconds or six digits. Only the leap day needs a calendar.
const CUSTOMARY =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z$/;
const SECONDS_LENGTH = '2026-01-31T23:59:59Z'.length;

/** Converts an RFC 3339 time to the form of `renderMicroTime`; '' if the text is no such time. */
export function toMicroTime(text: string): string {
  // Every Event has three times, and most of them need no arithmetic.
  if (text === '') return '';
  if (!CUSTOMARY.test(text)) return renderMicroTime(parseMicroTime(text));
  return text.length === SECONDS_LENGTH ? `${text.slice(0, -1)}.000000Z` : text;
}

/** Converts microseconds to whole milliseconds, rounded down. */
export function millisecondsOf(micros: bigint): number {
  const cut = micros / 1000n;
  return Number(micros < 0n && micros % 1000n !== 0n ? cut - 1n : cut);
}
