// Untrusted values as words of a line: each becomes one word, so that an Event can neither forge a
// neighbouring column nor control the terminal. The escaping itself is kit/text/printable.ts.

import type { RuleRef } from '../core/decision.ts';
import type { Json } from '../core/json-object.ts';
import type { NeededAccess } from '../core/observation.ts';
import { printable, quoted } from '../kit/text/printable.ts';

// Object names have at most 253 characters; the other fields of an Event have no such limit.
const TOKEN_CHARACTERS = 253;
// Without quotes, an escape cannot be distinguished from a text with a backslash.
const PLAIN = /^[^\s"\\]+$/u;

/** One word: `-` for the empty text, quoted if it is ambiguous or would be several words. */
export function token(text: string): string {
  if (text === '') return '-';
  if (text === '-') return quoted(text);
  const shown = printable(text, TOKEN_CHARACTERS);
  return PLAIN.test(shown) ? shown : quoted(text, TOKEN_CHARACTERS);
}

/** One word beside a slash: quoted if it contains a slash itself. */
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

/** The name of a rule in lines and metric labels; `#` and its index from 0 if it has none. */
export function ruleLabel(rule: Pick<RuleRef, 'index' | 'name'>): string {
  return rule.name ?? `#${rule.index}`;
}

/** A permission in the words of a Role: `create on jobs.batch in ci`. */
export function accessText({ verb, group, resource, name, namespace }: NeededAccess): string {
  const objects = group === '' ? resource : `${resource}.${group}`;
  const named = name === null ? '' : ` named ${name}`;
  return `${verb} on ${objects}${named} in ${namespace ?? 'all namespaces'}`;
}
