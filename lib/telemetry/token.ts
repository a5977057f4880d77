// Untrusted values as words of a line: each comes out as one word, so that an Event can neither
// forge a neighbouring column nor reach the terminal. The escaping itself is kit/printable.ts.
import type { RuleRef } from '../core/decision.ts';
import type { Json } from '../core/event.ts';
import { printable } from '../kit/printable.ts';

// Object names end at 253 characters; nothing guarantees the same of an Event's other fields.
const TOKEN_CHARACTERS = 253;
const PLAIN = /^[^\s"]+$/u;

/** One word: `-` for the empty text, quoted where blanks or quotes would make it several. */
export function token(text: string): string {
  if (text === '') return '-';
  const shown = printable(text, TOKEN_CHARACTERS);
  return PLAIN.test(shown) ? shown : quoted(text, TOKEN_CHARACTERS);
}

/** The text between quotes, of at most `max` characters without them; inner quotes are `\"`. */
export function quoted(text: string, max: number): string {
  // Cut first: a message of a megabyte is not worth looking through for quotes.
  return `"${printable(text.slice(0, max + 1).replaceAll('"', '\\"'), max)}"`;
}

/** A JSON value on one line, of at most `max` characters. */
export function compact(value: Json, max: number): string {
  return printable(JSON.stringify(value), max);
}

/** A number with its noun: `1 page`, `2 pages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** How lines and metric labels call a rule: its name, else `#` and its place from 0. */
export function ruleLabel(rule: Pick<RuleRef, 'index' | 'name'>): string {
  return rule.name ?? `#${rule.index}`;
}
