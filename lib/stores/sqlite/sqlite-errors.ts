// Errors of the sqlite store: the table that classifies SQLite's result codes, and the messages of a
// store that cannot be opened or used. No message text is ever compared.

import { messageOf, SluiceError } from '../../core/errors.ts';
import type { CallFailure, OpenFailure } from './protocol.ts';
import { FORMAT } from './worker/schema.ts';

interface Result {
  readonly name: string;
  readonly means: CallFailure['code'];
}

/** Every primary result code except OK, ROW, DONE and the two for logs; see sqlite.org/rescode.html. */
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

/** Extended codes with another meaning than their primary code. */
export const EXTENDED_RESULTS: Readonly<Record<number, Result>> = {
  // The file was moved or deleted, so a later start would not find new changes.
  1032: { name: 'SQLITE_READONLY_DBMOVED', means: 'store-unusable' },
  8458: { name: 'SQLITE_IOERR_CORRUPTFS', means: 'store-unusable' },
  8202: { name: 'SQLITE_IOERR_DATA', means: 'store-unusable' },
};

const PRIMARY_BITS = 0xff;

/** SQLite's result code of a failure; undefined if it is not SQLite's. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** Classifies a failure for the call in which it occurred. */
export function failureOf(error: unknown): CallFailure {
  const message = messageOf(error);
  const code = resultCodeOf(error);
  if (code === undefined) return { code: 'internal', result: 'none', message };
  const result = EXTENDED_RESULTS[code] ?? RESULTS[code & PRIMARY_BITS];
  return { code: result?.means ?? 'internal', result: result?.name ?? `${code}`, message };
}

/** The error of a store that cannot be opened: the file, the finding and the next step. */
export function unusable(
  path: string,
  found: string,
  { todo, cause }: { readonly todo: string; readonly cause?: unknown },
): SluiceError {
  return new SluiceError('store-unusable', `open store ${path}: ${found}; ${todo}`, { cause });
}

const BY_RESULT: Readonly<Record<string, readonly [found: string, todo: string]>> = {
  SQLITE_BUSY: [
    'locked by another process',
    'a running gateway uses it: stop that gateway, give this one its own file, or query the running gateway with sluice deliveries --url',
  ],
  SQLITE_FULL: ['the disk is full', 'free space and start again'],
  SQLITE_READONLY: ['it cannot be written', 'make the file and its folder writable for this user'],
  SQLITE_CANTOPEN: [
    'its log (-wal) cannot be created beside it',
    'make the folder writable for this user, or free space',
  ],
  SQLITE_IOERR: ['the disk failed', 'check the system log, repair the disk, start again'],
};

/** The error of an open store whose file was moved, deleted or replaced. */
export function lostAs(path: string, file: string, found: 'gone' | 'replaced'): SluiceError {
  const what = found === 'gone' ? `${file} was moved or deleted` : `${file} is another file now`;
  const why = 'a later start would not find new changes';
  const todo =
    'restore the file and its -wal, or start without them: waiting deliveries are then lost, and started ones may start again';
  const message = `use store ${path}: ${what} while it was open, so ${why}; ${todo}`;
  return new SluiceError('store-unusable', message);
}

/** The error for a finding of the worker. */
export function unusableAs(path: string, found: OpenFailure): SluiceError {
  switch (found.what) {
    case 'newer': {
      const { format, minimumReader } = found;
      const text = `format ${format}, which needs at least ${minimumReader}; this program has ${FORMAT}`;
      return unusable(path, text, {
        todo: 'use the version of Sluice that wrote it, or a newer one',
      });
    }
    case 'foreign':
      return unusable(path, 'a database that Sluice did not write', {
        todo: 'name another file; this one was not changed',
      });
    case 'damaged':
      return unusable(path, `damaged (${found.detail})`, {
        todo: 'restore a backup, or move the file, its -wal and its history away to start empty: waiting deliveries are then lost, and started ones may start again',
      });
    case 'failed': {
      const [what, todo] = BY_RESULT[found.result] ?? [found.detail, 'start again'];
      return unusable(path, `${what} (${found.result})`, { todo });
    }
    default:
      return found satisfies never;
  }
}
