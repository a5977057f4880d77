// Whether a request names this machine. Without that check a web page can point a name of its own at a
// loopback address, and read what listens there (DNS rebinding). Only a name can be made to point
// elsewhere, so an address that was connected to is believed.
// Source: RFC 9110 §7.2 (Host), §15.5.20 (421).

import { isIPv4, isIPv6 } from 'node:net';

/** Under which hosts a listener answers. */
export interface HostRules {
  /** The host that it listens on, as it was configured. */
  readonly listenHost: string;
  /** Further names, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

/** A fault of the Host headers of a request. */
export type HostTrouble = 'not one' | 'malformed' | 'misdirected';

/** Whether an address is one of this machine's loopback. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return isIPv4(plain) ? plain.startsWith('127.') : plain === '::1';
}

/** Whether a listener on this host can be reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name);
}

/** Finds the fault of the Host headers of a request to a local address; null if there is none. */
export function hostTrouble(
  headers: readonly string[],
  localAddress: string,
  { listenHost, hosts }: HostRules,
): HostTrouble | null {
  const [header, ...others] = headers;
  if (header === undefined || others.length > 0) return 'not one';
  const name = hostName(header);
  if (name === null) return 'malformed';
  const ours = [listenHost.toLowerCase(), plainAddress(localAddress)];
  const isOurs = isLoopbackHost(name) || hosts.has(name) || ours.includes(name);
  return isOurs ? null : 'misdirected';
}

/** The name or address of `host[:port]` in lower case, without brackets; null if it is neither. */
export function hostName(host: string): string | null {
  const [, six, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  if (six !== undefined) return isIPv6(six) ? six.toLowerCase() : null;
  return name?.toLowerCase() ?? null;
}

/** An address in lower case; an IPv4 one without the prefix that it has on a socket for both. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:/, '');
}
