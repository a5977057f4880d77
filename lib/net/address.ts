// Forbidden addresses, to which nothing is sent: link-local ones, metadata services of clouds, the
// unspecified one. The check covers every spelling, IPv4 addresses inside IPv6 ones, and the
// addresses of a name. Loopback and private addresses are allowed, because receivers run in
// clusters. Nothing is opened here.
// Source: RFC 3927 and RFC 4291 §2.5.6 (link-local); each cloud's page about instance metadata.

import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { hostPort } from '../kit/host-header.ts';
import { ConnectError } from './failure.ts';

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
// Linux treats these as loopback. Resolvers that block a name answer with them, and a delivery must
// not reach a listener on this host because of that.
FORBIDDEN.addAddress('0.0.0.0', 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');
// Amazon EC2: metadata, pod identity, DNS, time.
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6');

/** Addresses at which clouds serve metadata and machine credentials, outside the ranges above. */
const METADATA_SERVICES = [
  // Alibaba Cloud.
  '100.100.100.200',
  'fd00:100::100:200',
  // The host agent of Azure.
  '168.63.129.16',
  // Google Cloud, for instances that have IPv6 only.
  'fd20:ce::254',
  // Oracle Cloud, and the classic one.
  'fd00:c1::a9fe:a9fe',
  '192.0.0.192',
  // Akamai (Linode).
  'fd00:a9fe:a9fe::1',
  // Scaleway.
  'fd00:42::42',
] as const;
for (const address of METADATA_SERVICES) {
  FORBIDDEN.addAddress(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/**
 * Whether nothing may be sent to an IP address. False for a name, which is checked once resolved.
 */
export function isForbidden(address: string): boolean {
  const family = isIP(address);
  if (family !== 6) return family === 4 && FORBIDDEN.check(address, 'ipv4');
  const embedded = embeddedIPv4(address);
  return FORBIDDEN.check(address, 'ipv6') || embedded.some((one) => FORBIDDEN.check(one, 'ipv4'));
}

/** The address that a connection leads to. */
export interface AddressTarget {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Takes the address out of a URL of `http:` or `https:`. */
export function targetOf(url: URL): AddressTarget {
  return { host: hostOf(url), port: portOf(url), isTls: url.protocol === 'https:' };
}

/** The host of a URL in the form of sockets: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  const { hostname } = url;
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** The receiver of a URL for people: `host:port`. */
export function placeOf(url: URL): string {
  return hostPort(hostOf(url), portOf(url));
}

/** The port of a URL, or the default port of its protocol. */
function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/**
 * Makes a look-up for sockets that never answers a forbidden address. The socket connects to the
 * checked address itself, so a name that resolves differently a moment later (DNS rebinding) cannot
 * pass.
 *
 * **Errors**: `forbidden-address` if any address of the name is forbidden. Using the others would
 * hide that the name points there.
 */
export function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const addresses =
        typeof found === 'string' ? [{ address: found, family: family ?? 4 }] : found;
      const bad = addresses.find(({ address }) => isForbidden(address));
      const first = addresses[0];
      if (bad !== undefined) callback(forbiddenBy(`${hostname} is ${bad.address}`), []);
      else if (options.all === true) callback(null, addresses);
      else if (first === undefined) callback(forbiddenBy(`${hostname} has no address`), []);
      else callback(null, first.address, first.family);
    });
  };
}

/** Makes the error of a connection to a forbidden address. */
export function forbiddenBy(what: string): ConnectError {
  return new ConnectError('forbidden-address', `link-local, metadata or unspecified: ${what}`);
}

/** One form of an IPv4 address inside an IPv6 address. */
interface AddressForm {
  /** Over the 32 hexadecimal digits of an address; its groups are the IPv4 address. */
  readonly digits: RegExp;
  /** Whether the IPv4 address is written with every bit inverted. */
  readonly isInverted?: true;
}

// A gateway, a tunnel or the kernel forwards traffic for such an IPv6 address to the IPv4 address,
// so both must be checked. NAT64 prefixes that a network chose for itself cannot be recognized.
// Source: RFC 4291 §2.5.5, RFC 2765 §2.1 (translated), RFC 6052 §2.2 and RFC 8215 (NAT64). RFC 3056
// (6to4), RFC 4380 §4 (Teredo), RFC 5214 §6.1 (ISATAP).
const FORMS: readonly AddressForm[] = [
  // IPv4-compatible, IPv4-mapped and IPv4-translated.
  { digits: /^0{24}(.{8})$/ },
  { digits: /^0{20}ffff(.{8})$/ },
  { digits: /^0{16}ffff0000(.{8})$/ },
  // NAT64: 64:ff9b::/96, and the forms that a network may choose below 64:ff9b:1::/48: /96, /64,
  // /56 and /48. The digits 16 and 17 are zero except under /96, and so is what follows the
  // address.
  { digits: /^0064ff9b0{16}(.{8})$/ },
  { digits: /^0064ff9b0001.{12}(.{8})$/ },
  { digits: /^0064ff9b0001.{4}00(.{8})0{6}$/ },
  { digits: /^0064ff9b0001.{2}(.{2})00(.{6})0{8}$/ },
  { digits: /^0064ff9b0001(.{4})00(.{4})0{10}$/ },
  // 6to4: 2002::/16.
  { digits: /^2002(.{8})/ },
  // Teredo: 2001::/32, with the server and the client.
  { digits: /^20010000(.{8})/ },
  { digits: /^20010000.{16}(.{8})$/, isInverted: true },
  // ISATAP, under any prefix.
  { digits: /^.{16}0[02]005efe(.{8})$/ },
];

/**
 * Finds the IPv4 addresses embedded in an IPv6 address.
 *
 * **Shape**: several if several forms fit. 0.0.0.0 is included only if no form finds another
 * address, because the zero padding of one form is an address in another.
 */
function embeddedIPv4(address: string): readonly string[] {
  if (!isIPv6(address)) return [];
  const digits = digitsOf(address);
  const found = FORMS.flatMap((form) => {
    const [, ...groups] = form.digits.exec(digits) ?? [];
    return groups.length === 0 ? [] : [dotted(groups.join(''), form)];
  });
  const named = found.filter((one) => one !== '0.0.0.0');
  return named.length > 0 ? named : found;
}

/** The 32 hexadecimal digits of an IPv6 address, without its zone. */
function digitsOf(address: string): string {
  const [plain = ''] = address.split('%');
  const [head = [], tail = []] = plain.split('::').map(wordsIn);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0000');
  return [...head, ...zeros, ...tail].join('');
}

/** Groups of 16 bits; the last 32 bits may be written with dots. */
function wordsIn(text: string): readonly string[] {
  if (text === '') return [];
  return text.split(':').flatMap((word) => {
    if (!word.includes('.')) return [word.toLowerCase().padStart(4, '0')];
    const [a = '', b = '', c = '', d = ''] = word.split('.').map(byteDigits);
    return [`${a}${b}`, `${c}${d}`];
  });
}

function byteDigits(decimal: string): string {
  return Number(decimal).toString(16).padStart(2, '0');
}

function dotted(digits: string, { isInverted }: AddressForm): string {
  const bytes = Buffer.from(digits, 'hex');
  return Array.from(bytes, (byte) => (isInverted === true ? byte ^ 0xff : byte)).join('.');
}
