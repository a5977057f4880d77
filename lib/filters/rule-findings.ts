// Words and pointers of findings about rules, for both forms of the configuration. Whether a value is
// wrong is decided elsewhere.

import type { Action } from '../core/decision.ts';
import type { Finding } from '../core/problem.ts';
import { pointerSteps, toPointer } from '../kit/data/json-pointer.ts';
import { printable } from '../kit/text/printable.ts';

/** Takes findings. Compilation continues after each, so that all are reported at once. */
export interface Report {
  add(finding: Finding): void;
  /** Notes a value of the wrong type, which the schema reports. The rules must not run. */
  skip(): void;
}

/** A rule as it is written, with its pointer and its action. */
export interface WrittenRule {
  readonly section: object;
  readonly path: string;
  readonly action: Action;
}

/** The document to which hints refer for features that only our form has. */
export const REFERENCE = 'docs/configuration.md';

/** Quotes a text of the configuration for a message. */
export function quoted(text: string): string {
  // Longer than any name; a pattern of a thousand characters would bury what is said about it.
  return `"${printable(text, 80)}"`;
}

/** Appends steps to a JSON Pointer. */
export function pointer(path: string, ...steps: readonly (string | number)[]): string {
  return path + toPointer(steps.map(String));
}

/** The value of an object's own key; undefined if there is none. */
export function ownValue(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

/** The finding, with the hint about a missing field if it is about a key of a rule of that name. */
export function withFieldHint(finding: Finding, missing: ReadonlyMap<string, string>): Finding {
  const [section, ...steps] = pointerSteps(finding.path);
  if (finding.code !== 'unknown-key' || section !== 'filters') return finding;
  return { ...finding, hint: missing.get(steps.at(-1) ?? '') ?? finding.hint };
}
