// Headers of an answer over HTTP: their form, and when the answer was sent.
// Source: RFC 9110 §6.6.1 (Date).

import type { IncomingHttpHeaders } from 'node:http';

/** Headers of an answer, each as one text; the values of a repeated name are joined by commas. */
export function toHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** The Date header in ms since 1970; `now` if there is none that parses. */
export function sentAt(headers: Readonly<Record<string, string>>, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}
