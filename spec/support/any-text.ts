// Texts of any characters, for properties.

import fc from 'fast-check';

// Surrogates by themselves are no characters.
const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;
const LAST_CODE_POINT = 0x10ffff;

// The unit `binary` of fast-check has the same characters, but first puts each of them into a table. That
// takes a second of a processor in each process.
const character = fc
  .nat({ max: LAST_CODE_POINT - SURROGATES })
  .map(
    (place) => String.fromCodePoint(place < FIRST_SURROGATE ? place : place + SURROGATES),
    placeOf,
  );

/** Generates well-formed texts of any characters, the names of Object.prototype among them. */
export function anyText(bounds: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...bounds, unit: character });
}

/** **Errors**: throws if a value is not one character, as fast-check expects it. */
function placeOf(value: unknown): number {
  const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
  if (code === undefined || String.fromCodePoint(code) !== value) throw new Error('no character');
  if (code < FIRST_SURROGATE) return code;
  if (code < FIRST_SURROGATE + SURROGATES) throw new Error('a surrogate is no character');
  return code - SURROGATES;
}
