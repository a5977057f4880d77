// Access rules of the API: pure functions over the socket and headers of a request. Nothing here reads
// X-Forwarded-For or similar headers: any client that reaches the socket could write them.
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

/** The properties of a request that decide about access. */
export interface Caller {
  /** The socket's own addresses. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** All Host headers. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
}

/** Access rules of one listener. */
export interface AccessRules extends HostRules {
  /** Whether every request needs the token, reads over loopback as well. */
  readonly requireToken: boolean;
}

/** Result of comparing tokens: `absent`: the request has none; `unset`: the gateway has none. */
export type TokenCheck = 'right' | 'wrong' | 'absent' | 'unset';

/** Finds why a request is misdirected or comes from a foreign page; null if it is neither. */
export function strayRefusal(caller: Caller, rules: HostRules): Refusal | null {
  const trouble = hostTrouble(caller.hosts, caller.localAddress, rules);
  return trouble === null ? foreignRefusal(caller) : REFUSED_HOSTS[trouble];
}

const REFUSED_HOSTS = {
  'not one': { status: 400, detail: 'expected exactly one Host header' },
  malformed: { status: 400, detail: 'found a Host header that is not host[:port]' },
  misdirected: {
    status: 421,
    detail: 'the Host header names no host of this listener; add further names to http.hosts',
  },
} as const satisfies Record<HostTrouble, Refusal>;

/** Finds why a request needs a valid token; null if it has access. */
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
  // A proxy on this machine connects over loopback, too, but passes the name that its client used.
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

/** Over loopback and under its name: a name of http.hosts means that there is a proxy in between. */
function isFromHere({ remoteAddress, hosts }: Caller): boolean {
  return isLoopback(remoteAddress) && isLoopbackHost(hostName(hosts[0] ?? '') ?? '');
}

/** Refuses pages of another origin; a user may still follow a link from one. */
function foreignRefusal({ hosts, origin, fetchSite, fetchMode }: Caller): Refusal | null {
  if (origin !== undefined && !isSameHost(origin, hosts[0] ?? '')) {
    return { status: 403, detail: 'the Origin header names another host than the Host header' };
  }
  const isForeign = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (!isForeign || fetchMode === 'navigate') return null;
  return { status: 403, detail: 'a page of another origin may not ask' };
}

/** Compares host and port only: behind a proxy that terminates TLS the scheme differs. */
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
