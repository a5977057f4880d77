// The sqlite store: everything survives the process, in one file and its history beside it. Here is
// the kind and how it is opened; what it does lies in sqlite/. See docs/decisions for why it is a
// worker thread.

import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import { SluiceError } from '../core/errors.ts';
import type { Kind } from '../core/kind.ts';
import type {
  ActAnswer,
  Archive,
  ClosedStore,
  Journal,
  KeyValues,
  LedgerEntry,
  Outbox,
  Store,
  SweepBounds,
  Upkeep,
} from '../core/store.ts';
import { hashesOf, KeyFilter } from '../kit/data/key-filter.ts';
import {
  type ActRow,
  type DeliveryBody,
  type HistoryNote,
  type LedgerKeys,
  packCommit,
  parseBody,
  type SweepPlace,
  toDecision,
  toDelivery,
  toPositions,
  type WholeRow,
} from './sqlite/protocol.ts';
import { lostAs, unusableAs } from './sqlite/sqlite-errors.ts';
import { startWorker, type WorkerClient } from './sqlite/worker-client.ts';
import type { StoreParts } from './store-kind.ts';
import {
  historyPathOf,
  OpenFiles,
  type OpenFilesParts,
  placeOf,
  preparePlace,
} from './store-location.ts';

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

// The store's ports over the worker: packs what goes there, unpacks what comes back, and keeps the
// bodies of running deliveries at hand. It holds nothing else.

/** A store in a SQLite file. */
export class SqliteStore implements Store {
  readonly #caller: WorkerClient;
  /** Bodies of running deliveries, by id: what settles them parses nothing. */
  readonly #atWork = new Map<string, DeliveryBody>();

  /** The keys of the ledger, as far as they are known here. */
  readonly #known: KnownKeys;

  constructor(caller: WorkerClient) {
    this.#caller = caller;
    this.#known = new KnownKeys((after) => caller.call('ledgerKeys', { after }));
  }

  readonly journal: Journal = {
    durable: true,
    positions: async (source) => {
      return toPositions(await this.#caller.call('positions', { source }));
    },
    allPositions: async () => {
      const all = await this.#caller.call('allPositions', {});
      return new Map(all.map(([source, rows]) => [source, toPositions(rows)]));
    },
    mayKnow: (key) => this.#known.mayHave(key),
    lookup: async (keys) => {
      if (keys.length === 0) return new Map();
      const entries = await this.#caller.call('lookup', { keys });
      return new Map(entries.map((entry) => [entry.key, entry]));
    },
    commit: async (commit) => {
      // Before it is stored: from then on nobody may be sure that it is not.
      for (const entry of commit.ledger) this.#known.add(entry);
      const { done, existing, usage } = await this.#caller.call('commit', packCommit(commit));
      return done ? { done, existing: new Set(existing), usage } : { done, usage };
    },
  };

  readonly upkeep: Upkeep = {
    begin: async (at) => {
      const { lost, ...begun } = await this.#caller.call('begin', at);
      return { ...begun, lost: lost.map((row) => this.#unpack(row)) };
    },
    retire: async (retirement) => {
      await this.#caller.call('retire', retirement);
    },
    dropPositions: async (gaps) => {
      await this.#caller.call('dropPositions', { gaps });
    },
    shift: async (byMs) => {
      await this.#caller.call('shift', { byMs });
    },
    sweep: async (bounds) => this.#sweep(bounds),
  };

  readonly outbox: Outbox = {
    claim: async (request) => {
      const rows = await this.#caller.call('claim', request);
      return rows.map((row) => this.#unpack(row));
    },
    attempt: async (claim) => {
      const withBody = !this.#atWork.has(claim.id);
      return this.#answer(await this.#caller.call('attempt', { ...claim, withBody }));
    },
    settle: async (settlement) => {
      const withBody = !this.#atWork.has(settlement.id);
      return this.#answer(await this.#caller.call('settle', { ...settlement, withBody }));
    },
    change: async (change) => {
      const withBody = !this.#atWork.has(change.id);
      return this.#answer(await this.#caller.call('change', { ...change, withBody }));
    },
    next: async (trigger) => this.#caller.call('next', { trigger }),
  };

  readonly archive: Archive = {
    list: async (query) => {
      const rows = await this.#caller.call('list', query);
      return rows.map((row) => this.#unpack(row));
    },
    get: async (id) => {
      const row = await this.#caller.call('get', { id });
      return row === null ? null : this.#unpack(row);
    },
    decision: async (id) => {
      const row = await this.#caller.call('decision', { id });
      return row === null ? null : toDecision(row);
    },
    counts: async () => this.#caller.call('counts', {}),
    usage: async () => this.#caller.call('usage', {}),
    gaps: async (limit) => this.#caller.call('gaps', { limit }),
    firedSince: async (since) => this.#caller.call('firedSince', { since }),
  };

  readonly keep: KeyValues = {
    read: async (name) => this.#caller.call('read', { name }),
    write: async (name, value) => {
      await this.#caller.call('write', { name, value });
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#caller.close();
    this.#atWork.clear();
  }

  /** Piece by piece, so that other calls go on in between. */
  async #sweep(bounds: SweepBounds): Promise<number> {
    let forgotten = 0;
    let from: SweepPlace | null = null;
    do {
      const piece: { forgotten: number; next: SweepPlace | null } = await this.#caller.call(
        'sweep',
        { ...bounds, from },
      );
      forgotten += piece.forgotten;
      from = piece.next;
    } while (from !== null);
    return forgotten;
  }

  #unpack(row: WholeRow): Delivery {
    const body = this.#atWork.get(row.id) ?? parseBody(row.body);
    if (row.state === 'running') this.#atWork.set(row.id, body);
    else this.#atWork.delete(row.id);
    return toDelivery(row, body);
  }

  #answer(answer: ActRow): ActAnswer {
    if (!answer.done) return answer;
    const { row, body } = answer;
    const known = body === null ? this.#atWork.get(row.id) : parseBody(body);
    if (known === undefined) throw new SluiceError('internal', `delivery ${row.id} has no body`);
    if (row.state !== 'running') this.#atWork.delete(row.id);
    return { done: true, delivery: toDelivery(row, known) };
  }
}

// The keys of the ledger on this side of the thread, so that what it certainly does not have is never
// asked for. They are read once, piece by piece, when somebody asks first; until all are here every
// key may be one of them.

/** The keys of the ledger, and of the Events that its entries came from. */
class KnownKeys {
  readonly #read: (after: number) => Promise<LedgerKeys>;
  readonly #filter = new KeyFilter();
  #isComplete = false;
  #isReading = false;

  /** `read` answers the piece behind an entry. */
  constructor(read: (after: number) => Promise<LedgerKeys>) {
    this.#read = read;
  }

  /** Whether the ledger may have this key; false is certain. */
  mayHave(key: string): boolean {
    if (this.#isComplete) return this.#filter.mayHave(hashesOf(key));
    if (!this.#isReading) void this.#readAll();
    return true;
  }

  /** An entry is about to be stored. */
  add({ key, eventKey }: Pick<LedgerEntry, 'key' | 'eventKey'>): void {
    this.#filter.add(hashesOf(key));
    this.#filter.add(hashesOf(eventKey));
  }

  /** A store that fails, or is closed, leaves it incomplete: then every key may be known. */
  async #readAll(): Promise<void> {
    this.#isReading = true;
    try {
      for (let after: number | null = 0; after !== null; ) {
        const { hashes, next }: LedgerKeys = await this.#read(after);
        for (let at = 0; at < hashes.length; at += 2) {
          this.#filter.add({ first: hashes[at] ?? 0, second: hashes[at + 1] ?? 0 });
        }
        after = next;
      }
      this.#isComplete = true;
    } catch {
      // The call that matters fails as well and says so; the next question reads again.
      this.#isReading = false;
    }
  }
}
