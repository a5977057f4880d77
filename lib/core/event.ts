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

// resourceVersions of built-in resources are growing decimal integers of up to 64 bits, so they are
// compared as text: the shorter is smaller, equal lengths lexically. Never as Number: 2^53 is near.
// Source: KEP 5504 (comparable resource versions).

/** Below zero where a is older than b, above where it is newer, zero where they are the same. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

// Kubernetes' times, compared and printed exactly: microseconds since 1970 as a bigint, because a
// Number of milliseconds cuts what tells two Events of one millisecond apart.
// Source: RFC 3339; metav1.Time has no fraction, metav1.MicroTime six digits, third parties write any.

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

// RFC 3339 has years of four digits. An offset can lead out of them, and what comes then neither
// parses again nor compares as text.
const YEAR_0 = Date.parse('0000-01-01T00:00:00Z');
const YEAR_10000 = Date.parse('9999-12-31T23:59:59.999Z') + 1;

/**
 * Microseconds since 1970 UTC of an RFC 3339 time; undefined where the text is none.
 *
 * **Units**: microseconds; finer digits are cut, not rounded.
 */
export function parseMicroTime(text: string): bigint | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    parts;
  const ms = Date.parse(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  if (Number.isNaN(ms)) return undefined;
  const micros = BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (sign === undefined) return micros;
  const offset = BigInt(Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000_000n;
  return sign === '+' ? micros - offset : micros + offset;
}

/** The customary spelling of a time: UTC, six digits, `Z`; undefined and out-of-range give ''. */
export function renderMicroTime(micros: bigint | undefined): string {
  if (micros === undefined) return '';
  const ms = millisecondsOf(micros);
  if (!(ms >= YEAR_0 && ms < YEAR_10000)) return '';
  const date = new Date(ms);
  const rest = Number(micros - BigInt(ms) * 1000n);
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

// How API servers write times: whole seconds, or six digits. Only the leap day needs a calendar.
const CUSTOMARY =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z$/;
const SECONDS_LENGTH = '2026-01-31T23:59:59Z'.length;

/** An RFC 3339 time in its customary spelling, as `renderMicroTime`; '' where the text is none. */
export function toMicroTime(text: string): string {
  // Most times need no arithmetic, and every Event has three.
  if (text === '') return '';
  if (!CUSTOMARY.test(text)) return renderMicroTime(parseMicroTime(text));
  return text.length === SECONDS_LENGTH ? `${text.slice(0, -1)}.000000Z` : text;
}

/** The same instant in whole milliseconds, cut towards the past. */
export function millisecondsOf(micros: bigint): number {
  const cut = micros / 1000n;
  return Number(micros < 0n && micros % 1000n !== 0n ? cut - 1n : cut);
}
