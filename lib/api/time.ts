// Moments as the API writes and reads them. A duration means so long before now; whose clock that is
// by is the caller's.
// Source: RFC 3339.

import { printable } from '../kit/text/printable.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import type { Refusal } from './problem-document.ts';
import type { QueryValues } from './query.ts';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** What `parseMoment` takes, for people. */
export const MOMENT = 'a time such as 2026-01-31T12:00:00Z, or a duration back such as 2h';

/** RFC 3339 in UTC; null for no time, and for what no calendar has. */
export function timeOf(ms: number | null): string | null {
  // A position's time comes from a server; what is no time must not break the answer.
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

/** A span of time as it is asked for. */
export interface TimeSpan {
  readonly since?: number;
  readonly until?: number;
}

/** The parameters `since` and `until`, or why one of them is no time. */
export function spanOf(values: QueryValues, now: number): TimeSpan | Refusal {
  let span: TimeSpan = {};
  for (const name of ['since', 'until'] as const) {
    const text = values.text(name);
    if (text === undefined) continue;
    const at = parseMoment(text, now);
    if (at === undefined) {
      const detail = `parameter ${name}: found "${printable(text, 60)}", expected ${MOMENT}`;
      return { status: 400, parameter: name, detail };
    }
    span = { ...span, [name]: at };
  }
  return span;
}
