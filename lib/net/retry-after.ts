// Times in headers of an answer: when it was sent, and the delay that Retry-After asks for. How much of
// it is accepted is decided by the callers.
// Source: RFC 9110 §5.6.7 (dates), §6.6.1 (Date), §10.2.3 (Retry-After).

// Date.parse alone accepts nearly anything as a date, also `-1` and `10, 20`.
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/;

const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Parses the delay of a Retry-After header, in ms; null if the header is invalid.
 *
 * **Source**: RFC 9110 §10.2.3: seconds, or an HTTP date; §5.6.7 has the three forms of a date.
 */
export function retryAfterMs(header: string, now: number): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = dateIn(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function dateIn(header: string): number {
  if (HTTP_DATE.test(header)) return Date.parse(header);
  // The oldest form names no time zone, but it means GMT.
  return ASCTIME.test(header) ? Date.parse(`${header} GMT`) : Number.NaN;
}

/** The Date header in ms since 1970; `now` if there is none that parses. */
export function sentAt(headers: Readonly<Record<string, string>>, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}
