// IPv4 addresses inside IPv6 addresses. A gateway, a tunnel or the kernel sends on to the IPv4 address
// what goes to such an IPv6 one, so both must be judged. NAT64 prefixes that a network chose for
// itself cannot be recognized.
// Source: RFC 4291 §2.5.5, RFC 2765 §2.1 (translated), RFC 6052 §2.2 and RFC 8215 (NAT64), RFC 3056
// (6to4), RFC 4380 §4 (Teredo), RFC 5214 §6.1 (ISATAP).

import { isIPv6 } from 'node:net';

/** One form. */
interface Form {
  /** Over the 32 hexadecimal digits of an address; its groups are the IPv4 address. */
  readonly digits: RegExp;
  /** Whether the IPv4 address is written with every bit inverted. */
  readonly isInverted?: true;
}

const FORMS: readonly Form[] = [
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
export function embeddedIPv4(address: string): readonly string[] {
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

function dotted(digits: string, { isInverted }: Form): string {
  const bytes = Buffer.from(digits, 'hex');
  return Array.from(bytes, (byte) => (isInverted === true ? byte ^ 0xff : byte)).join('.');
}
