// Splits a text into consecutive JSON values: lines, pretty-printed objects, or one document. It
// reads the text in pieces and holds one value at a time. It only finds the end of a value;
// JSON.parse decides whether the value is valid.
// Source: RFC 8259; RFC 7464 (a record separator before each value).

import { messageOf } from '../../core/errors.ts';

/** A value of a text, or the reason why it is invalid; `line` counts from 1. */
export type JsonValue =
  | { readonly ok: true; readonly value: unknown; readonly line: number }
  | { readonly ok: false; readonly why: string; readonly line: number };

/** Bounds of one value. */
export interface JsonBounds {
  /** Longest text of a value, in UTF-16 code units. */
  readonly characters: number;
  /** Deepest nesting of objects and lists. */
  readonly depth: number;
}

/** Position of the next character in the grammar. */
type JsonPlace = 'between' | 'word' | 'container' | 'string' | 'escape';

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);
// White space of JSON, a record separator, and a byte order mark.
const BETWEEN: ReadonlySet<number> = new Set([0x20, 0x09, LF, 0x0d, 0x1e, 0xfeff]);

/** Reads values from a text in pieces; after the first invalid value it reads no further. */
export class JsonValues {
  readonly #bounds: JsonBounds;
  #place: JsonPlace = 'between';
  #depth = 0;
  #line = 1;
  #firstLine = 1;
  /** Text of the value before the current piece. */
  #held = '';
  #fault: string | null = null;
  #isOver = false;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  /** Reads a piece; returns the values that end in it. */
  write(text: string): readonly JsonValue[] {
    const found: JsonValue[] = [];
    let from = 0;
    for (let at = 0; at < text.length && !this.#isOver; at += 1) {
      const isBetween = this.#place === 'between';
      const ends = this.#step(text.charCodeAt(at));
      if (isBetween) from = at;
      if (ends) found.push(this.#finish(text.slice(from, at + 1)));
    }
    if (this.#place === 'between' || this.#isOver) return found;
    this.#held += text.slice(from);
    if (this.#held.length > this.#bounds.characters) found.push(this.#finish(''));
    return found;
  }

  /** Ends the text; returns the value that ends with it. */
  end(): readonly JsonValue[] {
    if (this.#place === 'between' || this.#isOver) return [];
    if (this.#place !== 'word') this.#fault = 'the value that begins here does not end';
    return [this.#finish('')];
  }

  /** Reads one character; returns whether a value ends with it. */
  #step(code: number): boolean {
    if (code === LF) this.#line += 1;
    switch (this.#place) {
      case 'between':
        return this.#begin(code);
      case 'word':
        return BETWEEN.has(code);
      case 'container':
        return this.#inContainer(code);
      case 'string':
        return this.#inString(code);
      case 'escape':
        this.#place = 'string';
        return code === LF;
    }
  }

  #begin(code: number): boolean {
    if (BETWEEN.has(code)) return false;
    this.#firstLine = this.#line;
    this.#place = code === QUOTE ? 'string' : 'word';
    if (OPENING.has(code)) this.#open();
    return false;
  }

  #inContainer(code: number): boolean {
    if (code === QUOTE) this.#place = 'string';
    else if (OPENING.has(code)) return this.#open();
    else if (CLOSING.has(code)) this.#depth -= 1;
    return this.#depth === 0;
  }

  /**
   * A line feed ends the value, because no JSON string contains one: a cut line spoils no other
   * line.
   */
  #inString(code: number): boolean {
    if (code === BACKSLASH) this.#place = 'escape';
    if (code !== QUOTE) return code === LF;
    this.#place = 'container';
    return this.#depth === 0;
  }

  #open(): boolean {
    this.#place = 'container';
    this.#depth += 1;
    if (this.#depth <= this.#bounds.depth) return false;
    this.#fault = `it is nested deeper than ${this.#bounds.depth} levels`;
    return true;
  }

  #finish(piece: string): JsonValue {
    const text = this.#held + piece;
    const { characters } = this.#bounds;
    const tooLarge = text.length > characters ? `it has more than ${characters} characters` : null;
    const fault = this.#fault ?? tooLarge;
    this.#held = '';
    this.#depth = 0;
    this.#place = 'between';
    const line = this.#firstLine;
    const value: JsonValue = fault === null ? parsed(text, line) : { ok: false, why: fault, line };
    this.#isOver = !value.ok;
    return value;
  }
}

function parsed(text: string, line: number): JsonValue {
  try {
    // JSON.parse does not accept a record separator or a byte order mark after the value.
    return { ok: true, value: JSON.parse(text.replace(/[\u001e\ufeff]$/, '')), line };
  } catch (error) {
    return faultOf(messageOf(error), line);
  }
}

// End of V8's messages about a place in the text. A message without it keeps the line of the value.
const INSIDE = / in JSON at position \d+ \(line (\d+) column (\d+)\)$/;

function faultOf(message: string, line: number): JsonValue {
  const [suffix, inside = '1', column = ''] = INSIDE.exec(message) ?? [];
  if (suffix === undefined) return { ok: false, why: message, line };
  const why = `${message.slice(0, -suffix.length)} at column ${column}`;
  return { ok: false, why, line: line + Number(inside) - 1 };
}
