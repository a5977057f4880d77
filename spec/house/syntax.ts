// Functions by their length, and assertions of types.

import ts from 'typescript';
import { type Files, nodesOf, sourcesOf } from './files.ts';
import { linesOf } from './sizes.ts';

/** Lines of a function: the median, of 95 % of them, and of the longest, at most. */
export const FUNCTION_AT_MOST = { median: 10, most: 40, longest: 60 } as const;

/** Assertions of types (`as`) in 1,000 lines at most: what comes from outside is parsed instead. */
export const ASSERTIONS_AT_MOST = 1.2;

/** Lines of each function that has a name or a place: callbacks count with what they stand in. */
export function functionLines(files: Files): readonly number[] {
  const lines: number[] = [];
  for (const source of sourcesOf(files)) {
    for (const node of nodesOf(source)) {
      if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) continue;
      if (!ts.isCallExpression(node.parent)) lines.push(linesOf(node.getText()));
    }
  }
  return lines;
}

/** Assertions of types in 1,000 lines. */
export function assertionsPerThousand(files: Files): number {
  let count = 0;
  for (const source of sourcesOf(files)) {
    for (const node of nodesOf(source)) {
      if (ts.isTypeAssertionExpression(node)) count += 1;
      if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) count += 1;
    }
  }
  const lines = [...files.values()].reduce((sum, text) => sum + linesOf(text), 0);
  return (1000 * count) / lines;
}

/** The value that this share of the numbers does not exceed. */
export function shareOf(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}
