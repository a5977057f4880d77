// Headers over HTTP: the form of an answer's, the completion of a request's, and when an answer was
// sent.
// Source: RFC 9110 §5.5 (field values), §6.6.1 (Date), §7.6.1 (connection-specific fields); RFC 9112
// §6.

import type { HttpRequest } from './http-client.ts';

// Of these only the first counts, as in node:http: a joined one could not be parsed.
const SINGLE = new Set([
  ...['age', 'content-length', 'content-type', 'date', 'etag', 'expires', 'last-modified'],
  ...['location', 'retry-after', 'server'],
]);

/** Headers of an answer, each as one text; the values of a repeated name are joined by commas. */
export function toHeaders(
  headers: NodeJS.Dict<string | string[]>,
): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') flat[name] = value;
    else if (value !== undefined) {
      flat[name] = SINGLE.has(name) ? (value[0] ?? '') : value.join(', ');
    }
  }
  return flat;
}

/** The Date header in ms since 1970; `now` if there is none that parses. */
export function sentAt(headers: Readonly<Record<string, string>>, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}

// Headers that frame the message or belong to the connection; callers cannot set them.
const OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const PLAIN = /^[\t\x20-\x7e]*$/;
const CONTROL = /[^\P{Cc}\t]/u;

/**
 * Completes the headers of a request; returns a text if the caller's headers cannot be sent. The
 * length of the body is added by undici.
 *
 * **Shape**: by lower-case name. Characters beyond ASCII are sent as UTF-8, which most receivers
 * expect.
 */
export function toSentHeaders(
  headers: HttpRequest['headers'],
  userAgent: string,
): Record<string, string> | string {
  const sent: Record<string, string> = {
    accept: '*/*',
    'user-agent': userAgent,
    'accept-encoding': 'identity',
  };
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!TOKEN.test(name)) return 'a header has an invalid name';
    if (OURS.has(name)) return `header ${name} belongs to the connection`;
    if (PLAIN.test(value)) sent[name] = value;
    else if (CONTROL.test(value)) return `header ${name} holds a control character`;
    else sent[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  return sent;
}
