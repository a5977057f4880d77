// The sqlite store: everything survives a restart, in one file with its history beside it. This file
// has the kind, its opening and the ports of the main thread, which pack each call and unpack its
// answer. The worker thread in sqlite/worker does the work (docs/decisions/0010-sqlite-in-one-worker.md).

import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import { SluiceError } from '../core/errors.ts';
import type { Kind } from '../core/ports/kind.ts';
import type { CompleteList } from '../core/ports/source.ts';
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
} from '../core/ports/store.ts';
import { hashesOf, KeyFilter } from '../kit/data/key-filter.ts';
import {
  type ActRow,
  type DeliveryBody,
  type HistoryNote,
  type LedgerKeys,
  packCommit,
  parseBody,
  type SweepAnswer,
  type SweepPlace,
  toDecision,
  toDelivery,
  type WholeRow,
  type WithBody,
} from './sqlite/protocol.ts';
import { lostAs, unusableAs } from './sqlite/sqlite-errors.ts';
import { startWorker, type WorkerClient } from './sqlite/worker-client.ts';
import type { StoreParts } from './store-kind.ts';
import {
  historyPathOf,
  OpenFiles,
  type OpenFilesParts,
  placeOf,
  prepareFile,
} from './store-location.ts';

interface SqliteSection {
  readonly path?: string;
}

/** Defaults of the section. */
export const SQLITE_DEFAULTS = { path: 'sluice.db' } as const;

interface SqliteOptions {
  readonly path: string;
  /** 0: no bound. */
  readonly maxBytes: number;
  readonly note?: (note: HistoryNote) => void;
  /** Spaces the checks that the files still exist; absent for a short use without such checks. */
  readonly clock?: Pick<Clock, 'monotonic'>;
  /** Another worker, for specs. */
  readonly worker?: URL;
}

// A lock on a file belongs to the process and is released as soon as the process closes the file
// anywhere. So this process must not open a file again that it has open.
const OPEN_PATHS = new Set<string>();

const LOCKED = { what: 'failed', result: 'SQLITE_BUSY', detail: 'open in this process' } as const;

/**
 * Opens a store in a file.
 *
 * **Errors**: `store-unusable`.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, maxBytes, note = () => undefined, clock, worker } = options;
  const place = await placeOf(path);
  if (OPEN_PATHS.has(place)) throw unusableAs(path, LOCKED);
  OPEN_PATHS.add(place);
  const close = (): void => void OPEN_PATHS.delete(place);
  try {
    await prepareFile(path);
    const data = { path, historyPath: historyPathOf(path), maxBytes };
    let files: OpenFiles | null = null;
    const opened = await startWorker(
      data,
      { note, close, called: () => void files?.look() },
      worker,
    );
    if ('found' in opened) throw unusableAs(path, opened.found);
    const { client, notes } = opened;
    for (const one of notes) note(one);
    const lost: OpenFilesParts['lost'] = (...what) => client.giveUp(lostAs(path, ...what));
    if (clock !== undefined) files = await OpenFiles.of({ path, clock, lost });
    return new SqliteStore(client);
  } catch (error) {
    close();
    throw error;
  }
}

/** The kind `sqlite`. */
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
          'The file. A relative path is relative to `SLUICE_DATA`, else to the state folder of the user, `~/.local/state/sluice`. Use a local disk or a block volume, not a network file system. The history of decisions is stored beside it.',
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

/** The ports over the worker. It keeps only the parsed bodies of running deliveries. */
class SqliteStore implements Store {
  readonly #client: WorkerClient;
  /** Bodies of running deliveries by id, so that a settlement parses nothing. */
  readonly #bodies = new Map<string, DeliveryBody>();

  readonly #known: KnownKeys;

  constructor(client: WorkerClient) {
    this.#client = client;
    this.#known = new KnownKeys((after) => client.call('ledgerKeys', after));
  }

  readonly journal: Journal = {
    durable: true,
    positions: async (source) => this.#client.call('positions', source),
    allPositions: async () => this.#client.call('allPositions'),
    mayKnow: (key) => this.#known.mayHave(key),
    lookup: async (keys) => (keys.length === 0 ? new Map() : this.#client.call('lookup', keys)),
    commit: async (commit) => {
      // Before the commit: from its start on, the ledger may have these keys.
      for (const entry of commit.ledger) this.#known.add(entry);
      const listed = commit.listed.map((list) => this.#known.knownIn(list));
      return this.#client.call('commit', packCommit({ ...commit, listed }));
    },
  };

  readonly upkeep: Upkeep = {
    begin: async (at) => {
      const { lost, ...begun } = await this.#client.call('begin', at);
      return { ...begun, lost: lost.map((row) => this.#unpack(row)) };
    },
    retire: async (retirement) => this.#client.call('retire', retirement),
    dropPositions: async (gaps) => this.#client.call('dropPositions', gaps),
    shift: async (byMs) => this.#client.call('shift', byMs),
    sweep: async (bounds) => this.#sweep(bounds),
  };

  readonly outbox: Outbox = {
    claim: async (request) => {
      const rows = await this.#client.call('claim', request);
      return rows.map((row) => this.#unpack(row));
    },
    attempt: async (claim) =>
      this.#answer(await this.#client.call('attempt', this.#request(claim))),
    settle: async (settlement) =>
      this.#answer(await this.#client.call('settle', this.#request(settlement))),
    change: async (change) =>
      this.#answer(await this.#client.call('change', this.#request(change))),
    next: async (trigger) => this.#client.call('next', trigger),
  };

  readonly archive: Archive = {
    list: async (query) => {
      const rows = await this.#client.call('list', query);
      return rows.map((row) => this.#unpack(row));
    },
    get: async (id) => {
      const row = await this.#client.call('get', id);
      return row === null ? null : this.#unpack(row);
    },
    decision: async (id) => {
      const row = await this.#client.call('decision', id);
      return row === null ? null : toDecision(row);
    },
    counts: async () => this.#client.call('counts'),
    usage: async () => this.#client.call('usage'),
    gaps: async (limit) => this.#client.call('gaps', limit),
    firedSince: async (since) => this.#client.call('firedSince', since),
  };

  readonly keyValues: KeyValues = {
    read: async (name) => this.#client.call('read', name),
    write: async (name, value) => this.#client.call('write', name, value),
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    this.#bodies.clear();
  }

  /** Sweeps in pieces, so that the worker answers other calls in between. */
  async #sweep(bounds: SweepBounds): Promise<number> {
    let forgotten = 0;
    let from: SweepPlace | null = null;
    do {
      const piece: SweepAnswer = await this.#client.call('sweep', bounds, from);
      forgotten += piece.forgotten;
      from = piece.next;
    } while (from !== null);
    return forgotten;
  }

  #request<T extends { readonly id: string }>(change: T): T & WithBody {
    return { ...change, withBody: !this.#bodies.has(change.id) };
  }

  #unpack(row: WholeRow): Delivery {
    const body = this.#bodies.get(row.id) ?? parseBody(row.body);
    if (row.state === 'running') this.#bodies.set(row.id, body);
    else this.#bodies.delete(row.id);
    return toDelivery(row, body);
  }

  #answer(answer: ActRow): ActAnswer {
    if (!answer.done) return answer;
    const { row, body } = answer;
    const known = body === null ? this.#bodies.get(row.id) : parseBody(body);
    if (known === undefined) throw new SluiceError('internal', `delivery ${row.id} has no body`);
    if (row.state !== 'running') this.#bodies.delete(row.id);
    return { done: true, delivery: toDelivery(row, known) };
  }
}

/**
 * A filter of the keys in the ledger, so that the main thread asks the worker only for keys that may
 * exist. The first question starts to read all keys in pieces; until the end every key may exist.
 */
class KnownKeys {
  readonly #read: (after: number) => Promise<LedgerKeys>;
  readonly #filter = new KeyFilter();
  #isComplete = false;
  #isReading = false;

  /** `read` returns the piece after an entry. */
  constructor(read: (after: number) => Promise<LedgerKeys>) {
    this.#read = read;
  }

  /** Checks whether the ledger may have this key; false is certain. */
  mayHave(key: string): boolean {
    if (this.#isComplete) return this.#filter.mayHave(hashesOf(key));
    if (!this.#isReading) void this.#readAll();
    return true;
  }

  /** The list without the keys that the ledger certainly lacks, which would cross the threads in vain. */
  knownIn({ path, keys }: CompleteList): CompleteList {
    return { path, keys: new Set(keys.values().filter((key) => this.mayHave(key))) };
  }

  /** Adds the keys of an entry that is about to be stored. */
  add({ key, eventKey }: Pick<LedgerEntry, 'key' | 'eventKey'>): void {
    this.#filter.add(hashesOf(key));
    this.#filter.add(hashesOf(eventKey));
  }

  /** If the store fails or is closed, the filter stays incomplete and every key may exist. */
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
      // The caller’s own call fails as well, with the error. The next question reads again.
      this.#isReading = false;
    }
  }
}
