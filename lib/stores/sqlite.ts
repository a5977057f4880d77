// The sqlite store: everything survives the process, in one file and its history beside it. Here is
// the kind and how it is opened; what it does lies in sqlite/. See docs/decisions for why it is a
// worker thread.

import { resolve } from 'node:path';

import type { Clock } from '../core/clock.ts';
import type { Kind } from '../core/kind.ts';
import type { ClosedStore, Store } from '../core/store.ts';
import type { StoreParts } from './parts.ts';
import { startWorker } from './sqlite/caller.ts';
import type { HistoryNote } from './sqlite/messages.ts';
import { OpenFiles, type OpenFilesParts } from './sqlite/open-files.ts';
import { historyPathOf, placeOf, preparePlace } from './sqlite/places.ts';
import { SqliteStore } from './sqlite/store.ts';
import { lostAs, unusableAs } from './sqlite/unusable.ts';

/** The section `sqlite:` of the configuration. */
export interface SqliteSection {
  readonly path?: string;
}

/** Where it lies unless somebody says otherwise. */
export const SQLITE_DEFAULTS = { path: 'sluice.db' } as const;

/** What opening a file takes. */
export interface SqliteOptions {
  readonly path: string;
  /** 0: no bound. */
  readonly maxBytes: number;
  readonly note?: (note: HistoryNote) => void;
  /** Says when to look whether the files are still there; absent: for a short use, never. */
  readonly clock?: Pick<Clock, 'monotonic'>;
  /** Another worker, for specs. */
  readonly worker?: URL;
}

// A lock is the process's, and gone as soon as it closes the file anywhere: what this process has open
// it must not so much as look into.
const OPEN_HERE = new Set<string>();

const LOCKED = { what: 'failed', result: 'SQLITE_BUSY', detail: 'open in this process' } as const;

/**
 * Opens a store in a file.
 *
 * **Errors**: `store-unusable`.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, maxBytes, note = () => undefined, clock, worker } = options;
  const place = await placeOf(path);
  if (OPEN_HERE.has(place)) throw unusableAs(path, LOCKED);
  OPEN_HERE.add(place);
  const close = (): void => void OPEN_HERE.delete(place);
  try {
    await preparePlace(path);
    const data = { path, historyPath: historyPathOf(path), maxBytes };
    let files: OpenFiles | null = null;
    const opened = await startWorker(
      data,
      { note, close, called: () => void files?.look() },
      worker,
    );
    if ('found' in opened) throw unusableAs(path, opened.found);
    const { caller, notes } = opened;
    for (const one of notes) note(one);
    const lost: OpenFilesParts['lost'] = (...what) => caller.giveUp(lostAs(path, ...what));
    if (clock !== undefined) files = await OpenFiles.of({ path, clock, lost });
    return new SqliteStore(caller);
  } catch (error) {
    close();
    throw error;
  }
}

/** A store in a file of this machine. */
export const sqliteKind = {
  kind: 'sqlite',
  summary: 'Keeps everything in a file on this machine: it survives restarts and kills.',
  schema: {
    type: 'object',
    description: 'Keeps everything in a file on this machine: it survives restarts and kills.',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        default: SQLITE_DEFAULTS.path,
        description:
          'The file; a relative path begins in `SLUICE_DATA`, else in the state folder of the user, `~/.local/state/sluice`. On a disk of this machine or a block volume, never across a network. The history of decisions lies beside it.',
        examples: ['/data/sluice.db'],
      },
    },
  },
  create: ({ path = SQLITE_DEFAULTS.path }: SqliteSection, parts: StoreParts) => ({
    open: async () => {
      const { folder, maxBytes, observe, clock } = parts;
      const note = (lost: HistoryNote): void => observe?.({ kind: 'history-lost', ...lost });
      const options = { path: resolve(folder, path), maxBytes, note };
      return openSqliteStore(clock === undefined ? options : { ...options, clock });
    },
  }),
} as const satisfies Kind<SqliteSection, StoreParts, ClosedStore>;
