// Makes a value fit where it goes by shortening the longest texts in it, so that a list or object
// stays what it is. Which bound holds where is each kind's own.

import { isJsonList, isJsonObject, type Json } from '../core/event.ts';
import { truncate } from '../kit/text/printable.ts';

/** The value with every text in it, but no key, cut to so many bytes. */
export function shorten(value: Json, maxBytes: number): Json {
  if (typeof value === 'string') return truncate(value, maxBytes);
  if (isJsonList(value)) return value.map((item) => shorten(item, maxBytes));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shorten(item, maxBytes)]),
  );
}

// Twice the length of the mark: below it, texts would give way to marks that are longer.
const SHORTEST_BYTES = 128;

/**
 * Makes a thing with the largest bound at which it fits; undefined if it fits at none.
 *
 * `make` gets a bound in bytes for each text and returns undefined if the result is too large. A
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

// What of a text a process can be given, as an argument or in its environment, whoever starts it.
// It cuts nothing and quotes nothing.
// Source: execve(2): arguments and variables end at the first NUL.

/** The text without NUL, and with U+FFFD for lone surrogates, which UTF-8 can not hold. */
export function toProcessText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
