// The headers that go out with a request: the caller's, checked and put into octets, and our own.
// What frames the message or belongs to the connection is not the caller's to say.
// Source: RFC 9110 §5.5 (field values), §7.6.1 (connection-specific fields); RFC 9112 §6.

import type { HttpRequest } from './http-client.ts';

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

/** By lower-case name. */
export type Sent = Record<string, string>;

/** What the headers depend on beside the caller's. */
export interface Around {
  /** Sent where the caller names none. */
  readonly userAgent: string;
  readonly body: Buffer | null;
}

/**
 * The headers to send; a text where the request can not be sent with its own.
 *
 * **Shape**: characters beyond ASCII go out as UTF-8, which most receivers expect.
 */
export function toSent(headers: HttpRequest['headers'], around: Around): Sent | string {
  const { userAgent, body } = around;
  const sent: Sent = { accept: '*/*', 'user-agent': userAgent };
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!TOKEN.test(name)) return 'a header has a name that is none';
    if (OURS.has(name)) return `header ${name} belongs to the connection`;
    if (PLAIN.test(value)) sent[name] = value;
    else if (CONTROL.test(value)) return `header ${name} holds a control character`;
    else sent[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  // Asked for plainly: what is compressed could be a bomb, and is only shown to people.
  sent['accept-encoding'] = 'identity';
  sent['content-length'] = String(body === null ? 0 : body.length);
  return sent;
}
