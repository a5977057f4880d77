// Untrusted values as words of a line: each comes out as one word, so that an Event can neither
// forge a neighbouring column nor reach the terminal. The escaping itself is kit/printable.ts.

import type { RuleRef } from '../core/decision.ts';
import type { Json } from '../core/event.ts';
import { printable, quoted } from '../kit/text/printable.ts';

// Object names end at 253 characters; nothing guarantees the same of an Event's other fields.
const TOKEN_CHARACTERS = 253;
// An escape begins with a backslash and would look like the letters of one without quotes.
const PLAIN = /^[^\s"\\]+$/u;

/** One word: `-` for the empty text, quoted where it could be taken for another or for several. */
export function token(text: string): string {
  if (text === '') return '-';
  if (text === '-') return quoted(text);
  const shown = printable(text, TOKEN_CHARACTERS);
  return PLAIN.test(shown) ? shown : quoted(text, TOKEN_CHARACTERS);
}

/** One word that may stand beside a slash: quoted where it has one of its own. */
export function pathToken(text: string): string {
  return text.includes('/') ? quoted(text, TOKEN_CHARACTERS) : token(text);
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
