// Words and pointers of findings about rules, for both forms of the configuration. Whether a value is
// wrong is decided elsewhere.

import type { Finding, ProblemCode } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';

/** Takes a finding. Compilation continues after it, so that all findings are reported at once. */
export type Report = (finding: Finding) => void;

/** A finding without its severity. */
interface RuleMessage {
  readonly code: ProblemCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** The document to which hints refer for features that only our form has. */
export const REFERENCE = 'docs/configuration.md';

/** Makes an error, which refuses the configuration. */
export function wrong(said: RuleMessage): Finding {
  return { severity: 'error', ...said };
}

/** Makes a warning, with which the configuration still runs. */
export function suspicious(said: RuleMessage): Finding {
  return { severity: 'warning', ...said };
}

/** Makes the finding about a value of the wrong type. */
export function wrongType(path: string, found: unknown, expected: string): Finding {
  return wrong({
    code: 'wrong-type',
    path,
    message: `found ${typeName(found)} (expected ${expected})`,
    hint: `write ${expected}`,
  });
}

/** A finding about a value of the right type that is none of those expected. */
export function wrongValue(path: string, found: unknown, expected: string): Finding {
  if (typeof found !== 'string') return wrongType(path, found, expected);
  return wrong({
    code: 'wrong-value',
    path,
    message: `found ${quoted(found)} (expected ${expected})`,
    hint: `write ${expected}`,
  });
}

/** Quotes a text of the configuration for a message. */
export function quoted(text: string): string {
  // Longer than any name; a pattern of a thousand characters would bury what is said about it.
  return `"${printable(text, 80)}"`;
}

/** Appends steps to a JSON Pointer. */
export function pointer(path: string, ...steps: readonly (string | number)[]): string {
  const escaped = steps.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  return [path, ...escaped].join('/');
}

/** The value of an object's own key; undefined if there is none. */
export function ownValue(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : typeof value;
}
