// Which addresses nothing is ever sent to, whatever a name resolves to or however an address is
// spelt: link-local ones, where clouds serve machine credentials, and the unspecified one. Loopback
// and private addresses are allowed, for receivers live in clusters. It opens nothing.
// Source: RFC 3927 and RFC 4291 §2.5.6 (link-local), §2.5.5.2 (IPv4-mapped), RFC 6052 (64:ff9b::/96).
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { ConnectTrouble } from './connect-trouble.ts';

// A mapped address (::ffff:169.254.1.1) is checked by BlockList against the IPv4 entries.
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
// A NAT64 gateway would translate these to 169.254.0.0/16.
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
// The machine credentials of AWS, Google Cloud and Alibaba Cloud outside the link-local ranges.
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('64:ff9b::100.100.100.200', 'ipv6');
// Azure's host agent, and the metadata of Oracle Cloud where link-local is not routed.
FORBIDDEN.addAddress('168.63.129.16', 'ipv4');
FORBIDDEN.addAddress('192.0.0.192', 'ipv4');
// Linux takes it for loopback, but nobody means it: resolvers that block a name answer with it, and
// a delivery must not go to whatever listens on this host because of that.
FORBIDDEN.addAddress('0.0.0.0', 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');

/** Whether nothing may be sent to an IP address; a name is none and is judged when it is resolved. */
export function isForbidden(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && FORBIDDEN.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The host of a URL as sockets take it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  const { hostname } = url;
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
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
