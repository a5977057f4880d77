// Findings, which name a JSON Pointer, become problems, which name a line and a column.

import type { Finding, Problem, ProblemCode } from '../core/problem.ts';
import { printable } from '../kit/printable.ts';
import type { LoadedDocument } from './load.ts';

/** Codes that speak of a key, or of a section as a whole: their place is the key's. */
const AT_KEY: ReadonlySet<ProblemCode> = new Set([
  'unknown-key',
  'missing-key',
  'duplicate-key',
  'ignored-key',
  'letter-case',
  'wrong-form',
  'wrong-file',
  'duplicate-name',
  'bad-name',
  'shared-identity',
  'triggers-missing',
  'unused-trigger',
  'not-allowed',
]);

// A text of the file may be a megabyte long; what is said about it is read by people.
const MESSAGE_CHARACTERS = 1000;

/** Gives each finding its place in the document, and cuts what it quotes of it. */
export function placeFindings(
  findings: readonly Finding[],
  document: Pick<LoadedDocument, 'locate'>,
): readonly Problem[] {
  return findings.map((finding) => ({
    ...finding,
    message: printable(finding.message, MESSAGE_CHARACTERS),
    hint: printable(finding.hint, MESSAGE_CHARACTERS),
    ...document.locate(finding.path, AT_KEY.has(finding.code) ? 'key' : 'value'),
  }));
}

/** Problems in the order of the file; where the place is the same, errors first. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const weight = { error: 0, warning: 1, info: 2 };
  return problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || weight[a.severity] - weight[b.severity],
  );
}
