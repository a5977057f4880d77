// Words that switch a check off or put work off, and texts that speak of one machine or one
// registry: none is committed.

import type { Fault, Files } from './files.ts';

/** A text that must not stand in a file, and why. */
export interface Forbidden {
  readonly pattern: RegExp;
  readonly why: string;
}

// Each is written in pieces, so that this file does not hold what it looks for.
/** What no source may hold. */
export const ESCAPES: readonly Forbidden[] = [
  { pattern: new RegExp('eslint-' + 'disable'), why: 'switches lint off' },
  { pattern: new RegExp('@ts-' + '(?:ignore|nocheck|expect-error)'), why: 'switches types off' },
  { pattern: new RegExp('as unknown' + ' as '), why: 'casts past the types' },
  { pattern: new RegExp('\\b(?:TO' + 'DO|FIX' + 'ME|XX' + 'X)\\b'), why: 'puts work off' },
];

/** What no committed file may hold. */
export const PLACES: readonly Forbidden[] = [
  {
    pattern: new RegExp('(?:^|[\\s"\'`=(:])/(?:wo' + 'rk|ro' + 'ot)/[\\w.]'),
    why: 'is a path of one machine',
  },
  { pattern: new RegExp('/(?:ho' + 'me|Us' + 'ers)/[a-z]\\w*/'), why: 'is a path of one machine' },
  { pattern: new RegExp('registry\\.' + 'npmjs\\.org|_auth' + 'Token'), why: 'names a registry' },
  { pattern: new RegExp('"resolved"' + ':\\s*"http'), why: 'names a registry' },
  {
    pattern: new RegExp('(?:proxy|sum)\\.' + 'golang\\.org|GOPROXY=' + 'http'),
    why: 'names a registry',
  },
];

/** Lines of these files that hold something forbidden. */
export function forbiddenTexts(files: Files, forbidden: readonly Forbidden[]): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [file, text] of files) {
    for (const [place, line] of text.split('\n').entries()) {
      const found = forbidden.find(({ pattern }) => pattern.test(line));
      if (found === undefined) continue;
      const part = found.pattern.exec(line)?.[0].trim() ?? '';
      faults.push({ file, line: place + 1, what: `${part} ${found.why}` });
    }
  }
  return faults;
}
