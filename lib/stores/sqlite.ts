// The sqlite store: everything survives the process, in one file and its history beside it. Here is
// the kind and how it is opened; what it does lies in sqlite/. See docs/decisions for why it is a
// worker thread.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Kind } from '../core/kind.ts';
import type { ClosedStore, Store } from '../core/store.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';
import type { HistoryNote } from './sqlite/protocol.ts';
import { lostAs, unusableAs } from './sqlite/sqlite-errors.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';
import { startWorker } from './sqlite/worker-client.ts';
import type { StoreParts } from './store-kind.ts';
import { historyPathOf, placeOf, preparePlace } from './store-location.ts';

/** The section `sqlite:` of the configuration. */
interface SqliteSection {
  readonly path?: string;
}

/** Where it lies unless somebody says otherwise. */
export const SQLITE_DEFAULTS = { path: 'sluice.db' } as const;

/** What opening a file takes. */
interface SqliteOptions {
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

// Notices that a file of an open store was moved, deleted or replaced. SQLite goes on writing to the
// file that it opened, and no later start would find what it writes. A checkpoint and a VACUUM change
// what is in the files, never which files they are.

/** Dependencies of the look after a store's files. */
interface OpenFilesParts {
  /** The main file; its log lies beside it. */
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Called once, with the file that is not what it was. */
  readonly lost: (file: string, found: 'gone' | 'replaced') => void;
}

/** A running gateway calls its store every 10 s at least, so a loss is noticed within a minute. */
const LOOK_MS = 5_000;

/** A file by what cannot be used again while it is open; null if there is none. */
type Identity = string | null;

/** The files of an open store. */
export class OpenFiles {
  readonly #parts: OpenFilesParts;
  readonly #known: ReadonlyMap<string, Identity>;
  #lookedAt: number;
  #isOver = false;

  private constructor(parts: OpenFilesParts, known: ReadonlyMap<string, Identity>) {
    this.#parts = parts;
    this.#known = known;
    this.#lookedAt = parts.clock.monotonic();
  }

  /** Remembers which files they are; the store is open. */
  static async of(parts: OpenFilesParts): Promise<OpenFiles> {
    const known = new Map<string, Identity>();
    for (const file of [parts.path, `${parts.path}-wal`]) {
      known.set(file, (await identityOf(file)) ?? null);
    }
    return new OpenFiles(parts, known);
  }

  /** Looks after them, if some seconds have passed since it last did; may be called at any time. */
  async look(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (this.#isOver || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    for (const [file, known] of this.#known) {
      const found = await identityOf(file);
      if (this.#isOver || known === null || found === undefined || found === known) continue;
      this.#isOver = true;
      this.#parts.lost(file, found === null ? 'gone' : 'replaced');
    }
  }
}

/** Undefined if the file cannot be looked at, for another reason than that it is gone. */
async function identityOf(file: string): Promise<Identity | undefined> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOfFailure(error) ?? '') ? null : undefined;
  }
}
