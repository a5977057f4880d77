// The words for a store that can not be opened: doing what, to which file, found what, and what to do.

import { SluiceError } from '../../core/errors.ts';
import type { Found } from './protocol.ts';
import { FORMAT } from './schema.ts';

/** What to do about it, and what it followed from. */
interface Advice {
  readonly todo: string;
  readonly cause?: unknown;
}

/** The error for a store that can not be opened. */
export function unusable(path: string, found: string, { todo, cause }: Advice): SluiceError {
  return new SluiceError('store-unusable', `open store ${path}: ${found}; ${todo}`, { cause });
}

const BY_RESULT: Readonly<Record<string, readonly [found: string, todo: string]>> = {
  SQLITE_BUSY: [
    'locked by another process',
    'a running gateway has it: stop that one, give this one a file of its own, or ask that one with sluice deliveries --url',
  ],
  SQLITE_FULL: ['the disk is full', 'make room and start again'],
  SQLITE_READONLY: ['it can not be written', 'make the file and its folder writable for this user'],
  SQLITE_CANTOPEN: [
    'its log can not be made beside it',
    'make the folder writable for this user, or make room',
  ],
  SQLITE_IOERR: ['the disk failed', 'look at the log of the system, mend the disk, start again'],
};

/** The error for an open store whose file was moved, deleted or replaced. */
export function lostAs(path: string, file: string, found: 'gone' | 'replaced'): SluiceError {
  const what = found === 'gone' ? `${file} was moved or deleted` : `${file} is another file now`;
  const why = 'what is stored from now on, a later start would not find';
  const todo =
    'put the file and its -wal back, or start without them: then what waited is lost and what was started may start again';
  const message = `use store ${path}: ${what} while it was open, so ${why}; ${todo}`;
  return new SluiceError('store-unusable', message);
}

/** The error for what the worker found. */
export function unusableAs(path: string, found: Found): SluiceError {
  switch (found.what) {
    case 'newer': {
      const { format, minimumReader } = found;
      const text = `format ${format}, which needs at least ${minimumReader}, and this program has ${FORMAT}`;
      return unusable(path, text, {
        todo: 'run the version of Sluice that wrote it, or a newer one',
      });
    }
    case 'foreign':
      return unusable(path, 'a database that Sluice did not write', {
        todo: 'name another file; this one was left as it is',
      });
    case 'damaged':
      return unusable(path, `damaged (${found.detail})`, {
        todo: 'put a copy back, or move the file, its -wal and its history away to begin with nothing: then what waited is lost and what was started may start again',
      });
    case 'failed': {
      const [what, todo] = BY_RESULT[found.result] ?? [found.detail, 'start again'];
      return unusable(path, `${what} (${found.result})`, { todo });
    }
    default:
      return found satisfies never;
  }
}
