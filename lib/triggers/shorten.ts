// Shortening of the longest texts in a value, so that it fits its place and a list or object keeps
// its shape. Also texts that are legal for a process. Each kind has its own bounds.

import { isJsonList, isJsonObject, type Json } from '../core/json-object.ts';
import { truncate } from '../kit/text/printable.ts';

/** The value with every text in it changed, and every key by `changeKey`. */
export function mapTexts(value: Json, change: (text: string) => string, changeKey = change): Json {
  if (typeof value === 'string') return change(value);
  if (isJsonList(value)) return value.map((item) => mapTexts(item, change, changeKey));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [changeKey(key), mapTexts(item, change, changeKey)]),
  );
}

/** The value with every text in it, but no key, cut to `maxBytes`. */
export function shorten(value: Json, maxBytes: number): Json {
  return mapTexts(
    value,
    (text) => truncate(text, maxBytes),
    (key) => key,
  );
}

// About twice the length of a truncation mark: with a smaller bound the mark would be longer than the
// text that is kept.
const SHORTEST_BYTES = 128;

/**
 * The result of `make` with the largest bound at which it fits; undefined if it fits at none.
 *
 * `make` gets a bound in bytes for each text, and returns undefined if the result is too large. A
 * larger bound must not give a smaller result.
 */
export function largestFitting<Made>(
  maxBytes: number,
  make: (boundBytes: number) => Made | undefined,
): Made | undefined {
  let best = make(SHORTEST_BYTES);
  let fits = SHORTEST_BYTES;
  let fails = maxBytes + 1;
  while (best !== undefined && fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    const made = make(middle);
    if (made === undefined) fails = middle;
    else {
      best = made;
      fits = middle;
    }
  }
  return best;
}

/**
 * The text as an argument or variable of a process: without NUL, and with U+FFFD for lone
 * surrogates, which UTF-8 cannot encode. Nothing is cut or quoted.
 *
 * **Source**: execve(2): arguments and variables end at the first NUL.
 */
export function toProcessText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
