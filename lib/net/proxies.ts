// HTTP proxies: parsing their URLs, and choosing one by the environment. HTTP_PROXY is for `http:`,
// HTTPS_PROXY for `https:`, NO_PROXY lists exceptions; lower case comes before upper case. If a
// variable cannot be used, requests fail instead of bypassing the proxy. Nothing is opened here.
// Follows golang.org/x/net/http/httpproxy, as client-go does.

import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { isLoopbackHost } from '../kit/host-header.ts';
import type { Environment } from '../kit/system.ts';
import type { AddressTarget } from './address.ts';
import { ConnectError } from './failure.ts';

/**
 * An HTTP proxy: `https:` receivers are reached by CONNECT, `http:` ones by the absolute form. The
 * proxy resolves names, so only a receiver written as an address can be refused as forbidden.
 */
export interface HttpProxy {
  /** `http:` or `https:`, without credentials. */
  readonly url: URL;
  /** Secret. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** Chooses the proxy for an address; null: connect directly. */
export type ProxyChoice = (target: AddressTarget) => HttpProxy | null;

/** A variable that cannot be used. */
export interface VariableFault {
  /** Its name as it is set: `https_proxy`. */
  readonly variable: string;
  /** For people: found and expected, never the value. */
  readonly fault: string;
}

/** Route to an address according to the environment. */
export type EnvironmentRoute =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly proxy: HttpProxy; readonly variable: string }
  | ({ readonly kind: 'unusable' } & VariableFault);

/** The proxies of an environment. */
interface EnvironmentProxies {
  readonly routeTo: (target: AddressTarget) => EnvironmentRoute;
  /** Whether no variable names a proxy, so that every route is direct. */
  readonly isDirect: boolean;
  /** All faults of the variables, even if no address needs them. */
  readonly faults: readonly VariableFault[];
  /** Secret. Credentials for its proxies, to be removed from shown texts. */
  readonly secrets: readonly string[];
}

/** A proxy, or the fault of its URL. */
type ParsedProxy =
  | { readonly ok: true; readonly proxy: HttpProxy }
  | { readonly ok: false; readonly fault: string };

const DIRECT: EnvironmentRoute = { kind: 'direct' };
const EXPECTED = '(expected http://host:port or https://host:port)';

/** Parses the URL of a proxy, including credentials; the scheme may be absent. */
export function parseProxy(text: string): ParsedProxy {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { ok: false, fault: `found no http or https URL ${EXPECTED}` };
  }
  const { username, password } = url;
  const plain = new URL(url.origin);
  if (username === '' && password === '') return { ok: true, proxy: { url: plain } };
  const credentials = decodedCredentials(username, password);
  if (credentials !== null) return { ok: true, proxy: { url: plain, credentials } };
  return {
    ok: false,
    fault: 'found a % in the user name or password that is no escape (expected %25)',
  };
}

/** Secret. Makes the header `proxy-authorization`; null without credentials. */
export function proxyAuthorization({ credentials }: HttpProxy): string | null {
  if (credentials === undefined) return null;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Parses the proxy variables of an environment, once. */
export function environmentProxies(environment: Environment): EnvironmentProxies {
  const routes = {
    http: routeOf(variableIn(environment, httpNames(environment))),
    https: routeOf(variableIn(environment, ['https_proxy', 'HTTPS_PROXY'])),
  };
  const exceptions = variableIn(environment, ['no_proxy', 'NO_PROXY']);
  const { excepts, faults } = parseNoProxy(exceptions?.value ?? '');
  const all = Object.values(routes);
  const unusable = all.filter((route) => route.kind === 'unusable');
  return {
    routeTo: (target) => {
      const route = target.isTls ? routes.https : routes.http;
      if (route.kind === 'direct') return route;
      return isThisMachine(target) || excepts(target) ? DIRECT : route;
    },
    isDirect: all.every(({ kind }) => kind === 'direct'),
    faults: [
      ...unusable.map(({ variable, fault }) => ({ variable, fault })),
      ...faults.map((fault) => ({ variable: exceptions?.variable ?? '', fault })),
    ],
    secrets: all.flatMap((route) => (route.kind === 'proxy' ? secretsOf(route.proxy) : [])),
  };
}

/** Secret. The texts that reveal the credentials for a proxy. */
export function secretsOf(proxy: HttpProxy): readonly string[] {
  const [, pair = ''] = (proxyAuthorization(proxy) ?? '').split(' ');
  return [proxy.credentials?.password ?? '', pair].filter((text) => text !== '');
}

/** Makes the choice of one proxy for everything or by the environment; null: there is none. */
export function proxyChoice(
  proxy: HttpProxy | 'environment' | null,
  environment: Environment,
): ProxyChoice | null {
  if (proxy === null) return null;
  if (proxy !== 'environment') return () => proxy;
  const { routeTo, isDirect } = environmentProxies(environment);
  if (isDirect) return null;
  return (target) => {
    const route = routeTo(target);
    switch (route.kind) {
      case 'direct':
        return null;
      case 'proxy':
        return route.proxy;
      case 'unusable':
        throw new ConnectError('proxy', `variable ${route.variable}: ${route.fault}`);
    }
  };
}

interface Variable {
  readonly variable: string;
  readonly value: string;
}

/** Finds the first of these variables that is set and not empty. */
function variableIn(environment: Environment, names: readonly string[]): Variable | null {
  for (const variable of names) {
    const value = (environment[variable] ?? '').trim();
    if (value !== '') return { variable, value };
  }
  return null;
}

/**
 * The variables for `http:`. A web server that runs this program as a CGI script sets HTTP_PROXY
 * from the header `Proxy` of a request; REQUEST_METHOD shows that case.
 * **Source**: RFC 3875 §4.1.18 and §4.1.12; CVE-2016-5385.
 */
function httpNames(environment: Environment): readonly string[] {
  const isCgi = (environment['REQUEST_METHOD'] ?? '') !== '';
  return isCgi ? ['http_proxy'] : ['http_proxy', 'HTTP_PROXY'];
}

function routeOf(named: Variable | null): EnvironmentRoute {
  if (named === null) return DIRECT;
  const { variable } = named;
  const parsed = parseProxy(named.value);
  return parsed.ok
    ? { kind: 'proxy', proxy: parsed.proxy, variable }
    : { kind: 'unusable', variable, fault: parsed.fault };
}

function decodedCredentials(
  username: string,
  password: string,
): Required<HttpProxy>['credentials'] | null {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // The only possible error is an invalid escape.
    return null;
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine reaches the address, so that no proxy can. */
function isThisMachine({ host }: AddressTarget): boolean {
  const family = isIP(host);
  if (family === 0) return isLoopbackHost(host.replace(/\.$/, ''));
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** The exceptions of NO_PROXY. */
interface NoProxy {
  /** Whether this address is reached without a proxy. */
  readonly excepts: (target: AddressTarget) => boolean;
  /** A text for each invalid entry, in the order of the list. */
  readonly faults: readonly string[];
}

/**
 * Parses NO_PROXY: entries separated by commas or white space. An entry is `*`, a name with its
 * subdomains (`.name`: only those), an address or a CIDR range. A port may follow all but a range.
 * Faults name an entry by number and never quote it, because people paste URLs with passwords.
 */
function parseNoProxy(text: string): NoProxy {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  const parsed = entries.map((entry) => parseEntry(entry.toLowerCase()));
  const matchers = parsed.filter((one) => one !== null);
  return {
    excepts: (target) => {
      if (matchers.length === 0) return false;
      const place = toNoProxyPlace(target);
      return matchers.some((matches) => matches(place));
    },
    faults: parsed.flatMap((one, index) => (one === null ? [faultOf(index + 1)] : [])),
  };
}

function faultOf(number: number): string {
  return `found no host in entry ${number} (expected a name such as .example.test, an address, a range such as 10.0.0.0/8, or *)`;
}

interface NoProxyPlace {
  /** In lower case, without the dot that may end a name. */
  readonly host: string;
  readonly family: 'ipv4' | 'ipv6' | 'name';
  readonly port: number;
}

function toNoProxyPlace({ host, port }: AddressTarget): NoProxyPlace {
  return { host: host.toLowerCase().replace(/\.$/, ''), family: familyOf(host), port };
}

function familyOf(host: string): NoProxyPlace['family'] {
  const family = isIP(host);
  if (family === 0) return 'name';
  return family === 4 ? 'ipv4' : 'ipv6';
}

type Matcher = (place: NoProxyPlace) => boolean;

/** Makes the matcher of an entry; null if it is invalid. */
function parseEntry(entry: string): Matcher | null {
  if (entry === '*') return () => true;
  if (entry.includes('/')) return rangeMatcher(entry);
  // An IPv6 address without brackets has colons and no port.
  if (familyOf(entry) === 'ipv6') return addressMatcher(entry);
  const [, six, other = '', digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const host = six ?? other;
  const matches = familyOf(host) === 'name' ? nameMatcher(host) : addressMatcher(host);
  if (matches === null || digits === undefined) return matches;
  return (place) => place.port === Number(digits) && matches(place);
}

function rangeMatcher(entry: string): Matcher | null {
  const [, six, four = '', bits] = /^(?:\[([^\]]*)\]|([^[\]/]*))\/(\d{1,3})$/.exec(entry) ?? [];
  const address = six ?? four;
  const family = familyOf(address);
  const longest = family === 'ipv4' ? 32 : 128;
  if (family === 'name' || Number(bits) > longest) return null;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return inList(list);
}

function addressMatcher(address: string): Matcher | null {
  const family = familyOf(address);
  if (family === 'name') return null;
  const list = new BlockList();
  list.addAddress(address, family);
  return inList(list);
}

/** A BlockList compares an IPv4-mapped address with its IPv4 entries, too. */
function inList(list: BlockList): Matcher {
  return ({ host, family }) => family !== 'name' && list.check(host, family);
}

function nameMatcher(text: string): Matcher | null {
  const isOwn = !/^\*?\./.test(text);
  const name = domainToASCII(text.replace(/^\*?\./, '').replace(/\.$/, ''));
  // A part of an address, which curl once accepted, is not a valid host name.
  if (!/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/.test(name) || /^[\d.]+$/.test(name)) return null;
  return ({ host, family }) =>
    family === 'name' && ((isOwn && host === name) || host.endsWith(`.${name}`));
}
