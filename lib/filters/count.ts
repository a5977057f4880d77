// Counts as a rule asks for them: a number, or a comparison in words. Never thrown: what cannot be
// read is undefined.

import type { CountTest } from './chain.ts';

const COMPARISON = /^\s*(==|=|<=|>=|<|>)?\s*(\d{1,15})\s*$/;

/** Reads `3`, `">= 3"`, `"= 3"` and so on; undefined where it is none of these. */
export function parseCountTest(written: unknown): CountTest | undefined {
  if (typeof written === 'number') {
    const usable = Number.isSafeInteger(written) && written >= 0;
    return usable ? { operator: '=', number: written } : undefined;
  }
  if (typeof written !== 'string') return undefined;
  const [, operator = '=', digits] = COMPARISON.exec(written) ?? [];
  if (digits === undefined) return undefined;
  return { operator: toOperator(operator), number: Number(digits) };
}

/** Whether a count passes a test. */
export function passes(test: CountTest, count: number): boolean {
  switch (test.operator) {
    case '=':
      return count === test.number;
    case '<':
      return count < test.number;
    case '<=':
      return count <= test.number;
    case '>':
      return count > test.number;
    case '>=':
      return count >= test.number;
  }
}

function toOperator(written: string): CountTest['operator'] {
  switch (written) {
    case '<':
    case '<=':
    case '>':
    case '>=':
      return written;
    default:
      return '=';
  }
}
