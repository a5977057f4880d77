// `--format`: text for people, JSON for programs.

import { SluiceError } from '../core/errors.ts';
import type { FlagTable, Given } from './flags.ts';

/** The flag that chooses the form of what is printed. */
export const FORMAT_FLAGS = {
  format: { type: 'string', takes: 'text|json', help: 'how to print; default text' },
} as const satisfies FlagTable;

/** The form asked for. **Errors**: `usage` for any other. */
export function formatOf(given: Given): 'text' | 'json' {
  const format = given.text('format') ?? 'text';
  if (format === 'text' || format === 'json') return format;
  throw new SluiceError('usage', `flag --format takes text or json, not "${format}"`);
}
