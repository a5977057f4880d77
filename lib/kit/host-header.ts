// Hosts and ports as text, and the check that the Host header of a request names this machine.
// Without it a web page can point a name of its own at a loopback address and read from the
// listener there (DNS rebinding). Only a name can be pointed elsewhere, so the address of the
// connection itself is accepted.
// Source: RFC 9110 §7.2 (Host), §15.5.20 (421).

import { isIPv4, isIPv6 } from 'node:net';

/** The hosts under which a listener answers. */
export interface HostRules {
  /** The configured host of the listener. */
  readonly listenHost: string;
  /** Further names, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

/** A fault of the Host headers of a request. */
export type HostTrouble = 'not one' | 'malformed' | 'misdirected';

/** Whether an address is a loopback address. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return isIPv4(plain) ? plain.startsWith('127.') : plain === '::1';
}

/** Whether a listener on this host is reachable only from this machine. */
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

/** Parses the name or address of `host[:port]`, in lower case without brackets; null if invalid. */
export function hostName(host: string): string | null {
  const [, six, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  if (six !== undefined) return isIPv6(six) ? six.toLowerCase() : null;
  return name?.toLowerCase() ?? null;
}

/** An address in lower case; an IPv4 address without the prefix of a dual-stack socket. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:/, '');
}

/** Joins a host and a port; an IPv6 address gets brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
