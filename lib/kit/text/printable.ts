// Makes untrusted text safe to show, whole or cut. Characters that move a cursor, colour a
// terminal, break a line or turn the reading direction are escaped. `quoted` also separates a text
// from its neighbours. No character is translated.
// Source: Unicode general categories Cc, Cf, Cs, Zl, Zp; https://trojansource.codes for Cf.

// Cc: C0, DEL, C1. Cf: bidi controls, zero-width characters, tags. Cs: lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
// Between quotes a backslash begins an escape, so a literal one must be escaped too.
const UNQUOTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/u;

const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/**
 * Escapes control characters (`\n`, `\u001b`) and cuts the text to at most `max` characters.
 * Backslashes are not escaped, so a real escape cannot be distinguished from its letters; see
 * `quoted`.
 *
 * **Units**: UTF-16 code units of the result, including its `…`; no escape and no character is cut
 * in two.
 */
export function printable(text: string, max = Number.POSITIVE_INFINITY): string {
  return shownUpTo(max, text, UNPRINTABLE);
}

/**
 * Puts a text between quotes so that it can be read back: as `printable`, with inner quotes and
 * backslashes as `\"` and `\\`.
 *
 * **Units**: as `printable`; the two quotes do not count.
 */
export function quoted(text: string, max = Number.POSITIVE_INFINITY): string {
  return `"${shownUpTo(max, text, UNQUOTABLE)}"`;
}

function shownUpTo(max: number, text: string, unsafe: RegExp): string {
  if (text.length <= max && !unsafe.test(text)) return text;
  let shown = '';
  // Length of `shown` that leaves room for the `…` if the next piece does not fit.
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

/**
 * Cuts a text to `maxBytes` bytes with a mark at its end, as in `abc [truncated: 997 of 1000 bytes
 * left out]`, so that readers never mistake the part for the whole. The mark is ASCII without `$`,
 * `{`, quotes or a leading `-`, so that it is plain data in any context.
 *
 * **Units**: bytes of UTF-8; no character is cut in two. A bound below the length of the mark gives
 * only the mark.
 */
export function truncate(text: string, maxBytes: number): string {
  // A code unit has at most three bytes, so most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  const room = maxBytes - markOf(bytes.length, bytes.length).length;
  // Stream mode omits a character that was cut in two.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const kept = decoder.decode(bytes.subarray(0, Math.max(0, room)), { stream: true });
  return `${kept}${markOf(bytes.length - Buffer.byteLength(kept), bytes.length)}`;
}

function markOf(left: number, total: number): string {
  return ` [truncated: ${left} of ${total} bytes left out]`;
}
