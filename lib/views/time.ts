// Times in documents, and the parameters that name one. A duration means that long before now, by the
// clock of the caller.
// Source: RFC 3339.

import { parseDuration } from '../kit/text/quantity.ts';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** The form of a time in parameters and flags, for people. */
export const MOMENT = 'a time such as 2026-01-31T12:00:00Z, or a duration back such as 2h';

/** Renders a time in UTC as RFC 3339; null if it is absent or outside the range of dates. */
export function timeOf(ms: number | null): string | null {
  // The time of a position comes from a server: an invalid one must not break the answer.
  if (ms === null || !(Math.abs(ms) <= 8.64e15)) return null;
  return new Date(ms).toISOString();
}

/** Milliseconds since 1970 of an RFC 3339 time, or of a duration before `now`; undefined for neither. */
export function parseMoment(text: string, now: number): number | undefined {
  const backMs = parseDuration(text);
  if (backMs !== undefined) return now - backMs;
  const at = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
