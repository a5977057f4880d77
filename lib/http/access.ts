// Who may ask: the rules by which a request to the API is let in or refused, as one pure function
// over what its socket and headers say. Nothing here reads X-Forwarded-For or its like: whoever
// reaches the socket could write them.
// Source: RFC 9110 (Host, 421), RFC 6454 (Origin), RFC 6750 (bearer tokens), Fetch Metadata.
import { isIPv4, isIPv6 } from 'node:net';
import type { Refusal } from './problem-document.ts';

/** What of a request matters for being let in. */
export interface Caller {
  /** The socket's own addresses. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Every Host header there was. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
}

/** What a listener lets in. */
export interface AccessRules {
  /** The host that it was told to listen on. */
  readonly listenHost: string;
  /** Further names under which it is reached, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

/** What became of the token of a request: `absent` where it has none, `unset` where there is none to compare with. */
export type TokenCheck = 'right' | 'wrong' | 'absent' | 'unset';

/** Whether an address is one of this machine's loopback. */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  return isIPv4(plain) ? plain.startsWith('127.') : plain === '::1';
}

/** Whether a listener on this host can be reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name);
}

/** Why a request is misdirected or foreign, whoever sends it; null where it is neither. */
export function strayRefusal(caller: Caller, rules: AccessRules): Refusal | null {
  const [host, ...others] = caller.hosts;
  if (host === undefined || others.length > 0) {
    return { status: 400, detail: 'expected exactly one Host header' };
  }
  const name = hostName(host);
  if (name === null) return { status: 400, detail: 'found a Host header that is no host[:port]' };
  if (!isOurs(name, caller, rules)) {
    const detail =
      'the Host header names no host of this listener; further names stand under http.hosts';
    return { status: 421, detail };
  }
  return foreignRefusal(caller, host);
}

/** Why a request must show a token and which answer says so; null where it is let in. */
export function tokenRefusal(
  caller: Caller,
  { isRead, check, rules }: { isRead: boolean; check: TokenCheck; rules: AccessRules },
): Refusal | null {
  if (check === 'right') return null;
  if (check === 'unset' && !isLoopbackHost(rules.listenHost)) {
    const detail = 'this listener is not on loopback and has no usable token; its log says why';
    return { status: 503, detail };
  }
  if (check === 'wrong') {
    return unauthorized('the bearer token is not that of this gateway', 'invalid_token');
  }
  // What stands in front of an open listener asks from loopback, under whatever name it was asked.
  if (isRead && isLoopbackHost(rules.listenHost) && isFromHere(caller)) return null;
  if (check === 'unset') {
    return { status: 503, detail: 'this gateway has no usable token; its log says why' };
  }
  const who = isRead ? 'reads but those on a listener of loopback need' : 'writes need';
  return unauthorized(`${who} the header Authorization: Bearer <token>`);
}

/** Over loopback, and under its name: a name of http.hosts means that something stands in between. */
function isFromHere({ remoteAddress, hosts }: Caller): boolean {
  return isLoopback(remoteAddress) && isLoopbackHost(hostName(hosts[0] ?? '') ?? '');
}

function isOurs(name: string, { localAddress }: Caller, rules: AccessRules): boolean {
  if (isLoopbackHost(name) || rules.hosts.has(name)) return true;
  if (name === rules.listenHost.toLowerCase()) return true;
  // Only a name can be made to point elsewhere; the address that was connected to is nobody else's.
  return name === localAddress.toLowerCase().replace(/^::ffff:/, '');
}

/** A page of another origin neither asks nor is embedded, though its user may follow a link. */
function foreignRefusal(caller: Caller, host: string): Refusal | null {
  const { origin, fetchSite, fetchMode } = caller;
  if (origin !== undefined && !isSameHost(origin, host)) {
    return { status: 403, detail: 'the Origin header names another host than the Host header' };
  }
  const isForeign = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (!isForeign || fetchMode === 'navigate') return null;
  return { status: 403, detail: 'a page of another origin may not ask' };
}

/** Behind something that ends TLS the scheme differs; host and port do not. */
function isSameHost(origin: string, host: string): boolean {
  const [, scheme, named] = /^(https?):\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  if (scheme === undefined || named === undefined) return false;
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const withoutDefault = (text: string): string =>
    text.toLowerCase().endsWith(port)
      ? text.toLowerCase().slice(0, -port.length)
      : text.toLowerCase();
  return withoutDefault(named) === withoutDefault(host);
}

/** The name or address of `host[:port]` in lower case, brackets taken off; null where it is none. */
function hostName(host: string): string | null {
  const [, six, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  if (six !== undefined) return isIPv6(six) ? six.toLowerCase() : null;
  return name?.toLowerCase() ?? null;
}

function unauthorized(detail: string, error?: string): Refusal {
  const challenge = `Bearer realm="sluice"${error === undefined ? '' : `, error="${error}"`}`;
  return { status: 401, detail, headers: { 'WWW-Authenticate': challenge } };
}
