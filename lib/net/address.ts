// Addresses that nothing is sent to: link-local ones, metadata services of clouds, the unspecified
// one. Every spelling counts, and so does what a name resolves to. Loopback and private addresses are
// allowed, because receivers live in clusters. It opens nothing.
// Source: RFC 3927 and RFC 4291 §2.5.6 (link-local); each cloud's page about instance metadata.

import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { ConnectTrouble } from './failure.ts';

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
// Linux takes these for loopback. Resolvers that block a name answer with them, and a delivery must
// not go to whatever listens on this host then.
FORBIDDEN.addAddress('0.0.0.0', 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');
// Amazon EC2 has its services for instances here: metadata, pod identity, DNS, time.
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

/** Whether nothing may be sent to an IP address; a name is none and is judged when it is resolved. */
export function isForbidden(address: string): boolean {
  const family = isIP(address);
  if (family !== 6) return family === 4 && FORBIDDEN.check(address, 'ipv4');
  const embedded = embeddedIPv4(address);
  return FORBIDDEN.check(address, 'ipv6') || embedded.some((one) => FORBIDDEN.check(one, 'ipv4'));
}

/** The end of a connection. */
export interface AddressTarget {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** The place that requests to a URL of `http:` or `https:` go to. */
export function targetOf(url: URL): AddressTarget {
  return { host: hostOf(url), port: portOf(url), isTls: url.protocol === 'https:' };
}

/** The host of a URL as sockets take it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  const { hostname } = url;
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** The port of a URL, that of its protocol if it names none. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/**
 * A look-up whose answers hold no forbidden address, for a socket to use: what was checked is what
 * is connected to, so a name that resolves to something else a moment later gains nothing.
 *
 * **Errors**: `forbidden-address` where any address of the name is one; taking the others would
 * hide that somebody points the name there.
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

/** What a connection to a forbidden address ends with. */
export function forbiddenBy(what: string): ConnectTrouble {
  return new ConnectTrouble('forbidden-address', `link-local, metadata or unspecified: ${what}`);
}

// IPv4 addresses inside IPv6 addresses. A gateway, a tunnel or the kernel sends on to the IPv4 address
// what goes to such an IPv6 one, so both must be judged. NAT64 prefixes that a network chose for
// itself cannot be recognized.
// Source: RFC 4291 §2.5.5, RFC 2765 §2.1 (translated), RFC 6052 §2.2 and RFC 8215 (NAT64), RFC 3056
// (6to4), RFC 4380 §4 (Teredo), RFC 5214 §6.1 (ISATAP).

/** One form. */
interface AddressForm {
  /** Over the 32 hexadecimal digits of an address; its groups are the IPv4 address. */
  readonly digits: RegExp;
  /** Whether the IPv4 address is written with every bit inverted. */
  readonly isInverted?: true;
}

const FORMS: readonly AddressForm[] = [
  // IPv4-compatible, IPv4-mapped and IPv4-translated.
  { digits: /^0{24}(.{8})$/ },
  { digits: /^0{20}ffff(.{8})$/ },
  { digits: /^0{16}ffff0000(.{8})$/ },
  // NAT64: 64:ff9b::/96, and the forms that a network may choose below 64:ff9b:1::/48: /96, /64, /56
  // and /48. The digits 16 and 17 are zero except under /96, and so is what follows the address.
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
 * The IPv4 addresses that an IPv6 address stands for; none if it embeds none.
 *
 * **Shape**: an address that several forms fit has several. 0.0.0.0 is there only if no form reads
 * anything else, because the zeros that pad one form are an address in another.
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
