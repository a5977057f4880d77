// Makes untrusted text safe to show: what would move a cursor, colour a terminal, break a line or
// turn the reading direction comes out as an escape. It quotes nothing and translates no characters.
// Source: Unicode general categories Cc, Cf, Cs, Zl, Zp; https://trojansource.codes for Cf.

// Cc: C0, DEL, C1. Cf: bidi controls, zero-width characters, tags. Cs: lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text with control characters escaped (`\n`, `\u001b`), cut to at most `max` characters.
 *
 * **Units**: UTF-16 code units of the result, its `…` included; no escape and no character is cut
 * in two.
 */
export function printable(text: string, max = Number.POSITIVE_INFINITY): string {
  if (text.length <= max && !UNPRINTABLE.test(text)) return text;
  let shown = '';
  // How much of `shown` leaves room for the `…` should the next piece not fit.
  let cutAt = 0;
  for (const character of text) {
    const piece = escaped(character);
    if (shown.length + piece.length > max) return max < 1 ? '' : `${shown.slice(0, cutAt)}…`;
    shown += piece;
    if (shown.length <= max - 1) cutAt = shown.length;
  }
  return shown;
}

/** The text with each lone surrogate replaced by U+FFFD, so that it survives UTF-8. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}

function escaped(character: string): string {
  if (!UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hexadecimal = code.toString(16).padStart(4, '0');
  return SHORT[character] ?? (code > 0xffff ? `\\u{${hexadecimal}}` : `\\u${hexadecimal}`);
}
