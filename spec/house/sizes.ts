// No file of lib, bin or spec is longer than a person reads in one sitting.

import type { Fault, Files } from './files.ts';

/** What STYLE calls the most that a file may have. */
export const LONGEST_FILE = 350;

/** Files with more lines than allowed. */
export function longFiles(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [file, text] of files) {
    if (!/\.[jt]s$/.test(file) || file.endsWith('.generated.ts')) continue;
    const lines = linesOf(text);
    if (lines <= LONGEST_FILE) continue;
    faults.push({ file, line: lines, what: `has ${lines} lines (at most ${LONGEST_FILE})` });
  }
  return faults;
}

/** Lines of a text; a last line break begins none. */
export function linesOf(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}
