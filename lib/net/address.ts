// Addresses that nothing is sent to: link-local ones, metadata services of clouds, the unspecified
// one. Every spelling counts, and so does what a name resolves to. Loopback and private addresses are
// allowed, because receivers live in clusters. It opens nothing.
// Source: RFC 3927 and RFC 4291 §2.5.6 (link-local); each cloud's page about instance metadata.

import { BlockList, isIP, type LookupFunction } from 'node:net';

import { ConnectTrouble } from './connect-trouble.ts';
import { embeddedIPv4 } from './embedded-address.ts';

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
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** The place that requests to a URL of `http:` or `https:` go to. */
export function targetOf(url: URL): Target {
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
