// What each result code of SQLite means for a call, in one table. The extended codes that mean
// something else than their primary one stand beside it. Never by message text.

import type { Failure } from './protocol.ts';

type Meaning = Failure['code'];

interface Result {
  readonly name: string;
  readonly means: Meaning;
}

/** Every primary result code but OK, ROW, DONE and the two that only log; see sqlite.org/rescode. */
export const RESULTS: Readonly<Record<number, Result>> = {
  1: { name: 'SQLITE_ERROR', means: 'internal' },
  2: { name: 'SQLITE_INTERNAL', means: 'internal' },
  3: { name: 'SQLITE_PERM', means: 'store-unavailable' },
  4: { name: 'SQLITE_ABORT', means: 'store-unavailable' },
  5: { name: 'SQLITE_BUSY', means: 'store-unavailable' },
  6: { name: 'SQLITE_LOCKED', means: 'store-unavailable' },
  7: { name: 'SQLITE_NOMEM', means: 'store-unavailable' },
  8: { name: 'SQLITE_READONLY', means: 'store-unavailable' },
  9: { name: 'SQLITE_INTERRUPT', means: 'store-unavailable' },
  10: { name: 'SQLITE_IOERR', means: 'store-unavailable' },
  11: { name: 'SQLITE_CORRUPT', means: 'store-unusable' },
  12: { name: 'SQLITE_NOTFOUND', means: 'internal' },
  13: { name: 'SQLITE_FULL', means: 'store-unavailable' },
  14: { name: 'SQLITE_CANTOPEN', means: 'store-unavailable' },
  15: { name: 'SQLITE_PROTOCOL', means: 'store-unavailable' },
  16: { name: 'SQLITE_EMPTY', means: 'internal' },
  17: { name: 'SQLITE_SCHEMA', means: 'internal' },
  18: { name: 'SQLITE_TOOBIG', means: 'internal' },
  19: { name: 'SQLITE_CONSTRAINT', means: 'internal' },
  20: { name: 'SQLITE_MISMATCH', means: 'internal' },
  21: { name: 'SQLITE_MISUSE', means: 'internal' },
  22: { name: 'SQLITE_NOLFS', means: 'store-unusable' },
  23: { name: 'SQLITE_AUTH', means: 'internal' },
  24: { name: 'SQLITE_FORMAT', means: 'store-unusable' },
  25: { name: 'SQLITE_RANGE', means: 'internal' },
  26: { name: 'SQLITE_NOTADB', means: 'store-unusable' },
};

/** Extended codes that say more than their primary one. */
export const EXTENDED_RESULTS: Readonly<Record<number, Result>> = {
  // The file was moved or deleted: whatever is written to it now, nobody finds again.
  1032: { name: 'SQLITE_READONLY_DBMOVED', means: 'store-unusable' },
  8458: { name: 'SQLITE_IOERR_CORRUPTFS', means: 'store-unusable' },
  8202: { name: 'SQLITE_IOERR_DATA', means: 'store-unusable' },
};

const PRIMARY_BITS = 0xff;

/** SQLite's result code of a failure; undefined where it was not SQLite. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** What a failure means for the call during which it happened. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = resultCodeOf(error);
  if (code === undefined) return { code: 'internal', result: 'none', message };
  const result = EXTENDED_RESULTS[code] ?? RESULTS[code & PRIMARY_BITS];
  return { code: result?.means ?? 'internal', result: result?.name ?? `${code}`, message };
}
