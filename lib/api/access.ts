// Who may ask: the rules by which a request to the API is let in or refused, as one pure function
// over what its socket and headers say. Nothing here reads X-Forwarded-For or its like: whoever
// reaches the socket could write them.
// Source: RFC 9110 (Host, 421), RFC 6454 (Origin), RFC 6750 (bearer tokens), Fetch Metadata.

import {
  type HostRules,
  type HostTrouble,
  hostName,
  hostTrouble,
  isLoopback,
  isLoopbackHost,
} from '../kit/host-header.ts';
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

/** The rules of a listener. */
export interface AccessRules extends HostRules {
  /** Whether every request needs the token, reads over loopback as well. */
  readonly requireToken: boolean;
}

/** What became of the token of a request: `absent` where it has none, `unset` where there is none to compare with. */
export type TokenCheck = 'right' | 'wrong' | 'absent' | 'unset';

/** Why a request is misdirected or foreign, whoever sends it; null where it is neither. */
export function strayRefusal(caller: Caller, rules: HostRules): Refusal | null {
  const trouble = hostTrouble(caller.hosts, caller.localAddress, rules);
  return trouble === null ? foreignRefusal(caller) : REFUSED_HOSTS[trouble];
}

const REFUSED_HOSTS = {
  'not one': { status: 400, detail: 'expected exactly one Host header' },
  malformed: { status: 400, detail: 'found a Host header that is no host[:port]' },
  misdirected: {
    status: 421,
    detail: 'the Host header names no host of this listener; further names stand under http.hosts',
  },
} as const satisfies Record<HostTrouble, Refusal>;

/** Why a request must show a token and which answer says so; null where it is let in. */
export function tokenRefusal(
  caller: Caller,
  { isRead, check, rules }: { isRead: boolean; check: TokenCheck; rules: AccessRules },
): Refusal | null {
  if (check === 'right') return null;
  const isOpen = hasOpenReads(rules);
  if (check === 'unset' && !isOpen) {
    const why = rules.requireToken ? 'requires a token' : 'is not on loopback';
    const detail = `this listener ${why} and has no usable token; its log says why`;
    return { status: 503, detail };
  }
  if (check === 'wrong') {
    return unauthorized('the bearer token is not that of this gateway', 'invalid_token');
  }
  // What stands in front of an open listener asks from loopback, under whatever name it was asked.
  if (isRead && isOpen && isFromHere(caller)) return null;
  if (check === 'unset') {
    return { status: 503, detail: 'this gateway has no usable token; its log says why' };
  }
  return unauthorized(
    `${whoNeedsToken({ isRead, rules })} the header Authorization: Bearer <token>`,
  );
}

/** Whether a listener answers reads over loopback without the token. */
export function hasOpenReads({
  listenHost,
  requireToken,
}: Pick<AccessRules, 'listenHost' | 'requireToken'>): boolean {
  return isLoopbackHost(listenHost) && !requireToken;
}

function whoNeedsToken({ isRead, rules }: { isRead: boolean; rules: AccessRules }): string {
  if (rules.requireToken) return 'every request to this listener needs';
  return isRead ? 'reads but those on a listener of loopback need' : 'writes need';
}

/** Over loopback, and under its name: a name of http.hosts means that something stands in between. */
function isFromHere({ remoteAddress, hosts }: Caller): boolean {
  return isLoopback(remoteAddress) && isLoopbackHost(hostName(hosts[0] ?? '') ?? '');
}

/** A page of another origin neither asks nor is embedded, though its user may follow a link. */
function foreignRefusal({ hosts, origin, fetchSite, fetchMode }: Caller): Refusal | null {
  if (origin !== undefined && !isSameHost(origin, hosts[0] ?? '')) {
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

function unauthorized(detail: string, error?: string): Refusal {
  const challenge = `Bearer realm="sluice"${error === undefined ? '' : `, error="${error}"`}`;
  return { status: 401, detail, headers: { 'WWW-Authenticate': challenge } };
}
