// Makes untrusted text safe to show: what would move a cursor, colour a terminal, break a line or
// turn the reading direction comes out as an escape. Where a text must stay apart from its
// neighbours it also gets quotes. It translates no characters.
// Source: Unicode general categories Cc, Cf, Cs, Zl, Zp; https://trojansource.codes for Cf.

// Cc: C0, DEL, C1. Cf: bidi controls, zero-width characters, tags. Cs: lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
// Between quotes a backslash begins every escape, so one that is meant must be escaped as well.
const UNQUOTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/u;

const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/**
 * The text with control characters escaped (`\n`, `\u001b`), cut to at most `max` characters.
 * Backslashes stay as they are, so an escape and the letters of one look alike; see `quoted`.
 *
 * **Units**: UTF-16 code units of the result, its `…` included; no escape and no character is cut
 * in two.
 */
export function printable(text: string, max = Number.POSITIVE_INFINITY): string {
  return shownUpTo(max, text, UNPRINTABLE);
}

/**
 * Text between quotes that can be read back: as `printable`, and inner quotes and backslashes come
 * out as `\"` and `\\`.
 *
 * **Units**: as `printable`; the two quotes do not count.
 */
export function quoted(text: string, max = Number.POSITIVE_INFINITY): string {
  return `"${shownUpTo(max, text, UNQUOTABLE)}"`;
}

function shownUpTo(max: number, text: string, unsafe: RegExp): string {
  if (text.length <= max && !unsafe.test(text)) return text;
  let shown = '';
  // How much of `shown` leaves room for the `…` should the next piece not fit.
  let cutAt = 0;
  for (const character of text) {
    const piece = unsafe.test(character) ? escaped(character) : character;
    if (shown.length + piece.length > max) return max < 1 ? '' : `${shown.slice(0, cutAt)}…`;
    shown += piece;
    if (shown.length <= max - 1) cutAt = shown.length;
  }
  return shown;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hexadecimal = code.toString(16).padStart(4, '0');
  return SHORT[character] ?? (code > 0xffff ? `\\u{${hexadecimal}}` : `\\u${hexadecimal}`);
}

// Cuts a text to a number of bytes and says so at its end: a reader must never take the part for
// the whole. The mark is plain ASCII without `$`, `{`, quotes and a leading `-`, so that it is data
// wherever the text was.

/**
 * The text in at most `maxBytes` bytes; what is missing is named at its end, as in
 * `abc [truncated: 997 of 1000 bytes left out]`.
 *
 * **Units**: bytes of UTF-8; no character is cut in two. A bound below the length of the mark gives
 * the mark alone.
 */
export function truncate(text: string, maxBytes: number): string {
  // A character has three bytes at most for each code unit: most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  const room = maxBytes - markOf(bytes.length, bytes.length).length;
  // Decoding as a stream drops a character that the cut left in two.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const kept = decoder.decode(bytes.subarray(0, Math.max(0, room)), { stream: true });
  return `${kept}${markOf(bytes.length - Buffer.byteLength(kept), bytes.length)}`;
}

function markOf(left: number, total: number): string {
  return ` [truncated: ${left} of ${total} bytes left out]`;
}
