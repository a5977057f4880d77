// Text formats that a schema may name with `format:`, with the words for a text that does not fit. The
// parser of each is the one that reads the value at run time, so both always agree.

import type { ProblemCode } from '../core/problem.ts';
import { parsePattern } from '../kit/text/pattern.ts';
import { parseDuration, parseRate, parseSize } from '../kit/text/quantity.ts';

interface TextFormat {
  readonly code: ProblemCode;
  readonly expected: string;
  readonly hint: string;
  /** Why a text does not fit; undefined if it fits, '' if there is nothing to add. */
  fault(text: string): string | undefined;
}

function parsed(value: unknown): string | undefined {
  return value === undefined ? '' : undefined;
}

/** Every format by the name that schemas use. */
export const FORMATS: Readonly<Record<string, TextFormat>> = {
  duration: {
    code: 'bad-duration',
    expected: 'a duration',
    hint: 'write a number with its unit: 500ms, 30s, 5m, 1h30m, 2d',
    fault: (text) => parsed(parseDuration(text)),
  },
  size: {
    code: 'bad-size',
    expected: 'a size',
    hint: 'write a number of bytes, with k, M, G or Ki, Mi, Gi after it: 64Ki, 1Mi',
    fault: (text) => parsed(parseSize(text)),
  },
  rate: {
    code: 'bad-rate',
    expected: 'a rate',
    hint: 'write how many in which span: 10/s, 5/m, 60/h, 100/d; or off',
    fault: (text) => (text === 'off' ? undefined : parsed(parseRate(text))),
  },
  pattern: {
    code: 'bad-pattern',
    expected: 'a pattern',
    hint: 'write a whole value, a glob with * and ?, or an RE2 expression between slashes',
    fault: (text) => {
      const pattern = parsePattern(text);
      return pattern.ok ? undefined : pattern.why;
    },
  },
};
