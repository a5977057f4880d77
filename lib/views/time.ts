// Times in documents, and the parameters that name one. A duration means that long before now, by the
// clock of the caller.
// Source: RFC 3339.

import { printable } from '../kit/text/printable.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import { type BadParameter, badParameter } from './parameters.ts';

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
function parseMoment(text: string, now: number): number | undefined {
  const backMs = parseDuration(text);
  if (backMs !== undefined) return now - backMs;
  const at = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** A span of time, ms since 1970. */
export interface TimeSpan {
  readonly since?: number;
  readonly until?: number;
}

/** Parses the parameters `since` and `until`, or reports the first that is not a time. */
export function spanOf(
  given: { readonly since: string | undefined; readonly until: string | undefined },
  now: number,
): TimeSpan | BadParameter {
  let span: TimeSpan = {};
  for (const name of ['since', 'until'] as const) {
    const text = given[name];
    if (text === undefined) continue;
    const at = parseMoment(text, now);
    if (at === undefined) {
      return badParameter(name, `found "${printable(text, 60)}", expected ${MOMENT}`);
    }
    span = { ...span, [name]: at };
  }
  return span;
}
