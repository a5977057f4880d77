// NO_PROXY: which places are reached without the proxy of the environment. Entries are separated by
// commas or white space. An entry that fits nothing is reported by its number and never quoted,
// because people paste URLs with passwords.
// Follows golang.org/x/net/http/httpproxy, which client-go uses. An entry is `*`, a name with its
// subdomains (`.name`: those alone), an address or a CIDR range; a port may follow all but a range.

import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

import type { Target } from './address.ts';

/** A list of exceptions. */
interface NoProxy {
  /** Whether this place is reached without a proxy. */
  readonly excepts: (target: Target) => boolean;
  /** A text for each entry that fits no form, in the order of the list. */
  readonly faults: readonly string[];
}

/** Reads the value of a variable; '' excepts nothing. */
export function parseNoProxy(text: string): NoProxy {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  const parsed = entries.map((entry) => parseEntry(entry.toLowerCase()));
  const matchers = parsed.filter((one) => one !== null);
  return {
    excepts: (target) => {
      if (matchers.length === 0) return false;
      const place = placeOf(target);
      return matchers.some((matches) => matches(place));
    },
    faults: parsed.flatMap((one, index) => (one === null ? [faultOf(index + 1)] : [])),
  };
}

function faultOf(number: number): string {
  return `found no host in entry ${number} (expected a name such as .example.test, an address, a range such as 10.0.0.0/8, or *)`;
}

interface Place {
  /** In lower case, without the dot that may end a name. */
  readonly host: string;
  readonly family: 'ipv4' | 'ipv6' | 'name';
  readonly port: number;
}

function placeOf({ host, port }: Target): Place {
  return { host: host.toLowerCase().replace(/\.$/, ''), family: familyOf(host), port };
}

function familyOf(host: string): Place['family'] {
  const family = isIP(host);
  if (family === 0) return 'name';
  return family === 4 ? 'ipv4' : 'ipv6';
}

type Matcher = (place: Place) => boolean;

/** Null if it is none of the forms. */
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
  // A part of an address, as curl once took it, is a name that no host can have.
  if (!/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/.test(name) || /^[\d.]+$/.test(name)) return null;
  return ({ host, family }) =>
    family === 'name' && ((isOwn && host === name) || host.endsWith(`.${name}`));
}
