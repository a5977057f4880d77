// The worker thread that owns the files, started by ../worker-client.ts. It answers all requests that
// have arrived in one transaction, so that they wait for the disk once, and sends the answers only
// after COMMIT. If one fails, it rolls back and repeats each request alone, so that a failing request
// undoes no other.

import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import type { Gap } from '../../../core/ports/source.ts';
import type {
  ClaimRequest,
  DeliveryQuery,
  RecoveryRequest,
  Retirement,
  Settlement,
  StateChange,
  SweepBounds,
} from '../../../core/ports/store.ts';
import type {
  CallFailure,
  FromWorker,
  HistoryNote,
  PackedCommit,
  Reply,
  SweepPlace,
  WithBody,
  WorkerData,
} from '../protocol.ts';
import { failureOf } from '../sqlite-errors.ts';
import { Claims } from './claims.ts';
import { Commits, type PortParts } from './commit.ts';
import { openFailureOf, openMain, type Statements } from './database.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { History } from './history.ts';
import { Ledger } from './ledger.ts';
import { Listing } from './listing.ts';
import { Maintenance } from './maintenance.ts';

/** Every call, by its name. The client knows their types from here. */
export type Calls = ReturnType<typeof createCalls>['all'];

/** The name of a call. */
export type CallName = keyof Calls;

/** A call with its arguments. */
export interface Request {
  readonly call: number;
  readonly name: CallName;
  readonly values: readonly unknown[];
}

/** A message of the main thread. */
export type ToWorker =
  | { readonly kind: 'requests'; readonly requests: readonly Request[] }
  | { readonly kind: 'close' };

function createCalls(parts: PortParts) {
  const { db, deliveries, ledger, history } = parts;
  const journal = new Commits(parts);
  const outbox = new Claims(parts);
  const upkeep = new Maintenance(parts, journal);
  const listing = new Listing(db, deliveries);
  // Calls that change nothing. Without other calls they need no transaction.
  const reads = {
    positions: (source: string) => journal.positions(source),
    allPositions: () => journal.allPositions(),
    lookup: (keys: readonly string[]) => ledger.lookup(keys),
    ledgerKeys: (after: number) => ledger.keys(after),
    next: (trigger: string) => outbox.next(trigger),
    list: (query: DeliveryQuery) => listing.list(query),
    get: (id: string) => deliveries.findWhole(id),
    decision: (id: string) => history.find(id),
    counts: () => deliveries.stateCounts.counts,
    usage: () => journal.usage,
    gaps: (limit: number) => journal.gaps(limit),
    firedSince: (since: number) => ledger.firedSince(since),
    read: (name: string) => db.text('SELECT value FROM keep WHERE name = ?', name) ?? null,
  };
  const all = {
    ...reads,
    commit: (commit: PackedCommit) => journal.commit(commit),
    claim: (request: ClaimRequest) => outbox.claim(request),
    attempt: (claim: Pick<Settlement, 'id' | 'incarnation' | 'now'> & WithBody) =>
      outbox.attempt(claim),
    settle: (settlement: Settlement & WithBody) => outbox.settle(settlement),
    change: (change: StateChange & WithBody) => outbox.change(change),
    write: (name: string, value: string) =>
      void db.run('INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)', name, value),
    begin: (request: RecoveryRequest) => upkeep.begin(request),
    retire: (retirement: Retirement) => {
      upkeep.retire(retirement);
    },
    dropPositions: (gaps: readonly Gap[]) => {
      db.run('DELETE FROM position');
      journal.addGaps(gaps);
    },
    shift: (byMs: number) => {
      deliveries.shiftBy(byMs);
    },
    sweep: (bounds: SweepBounds, from: SweepPlace | null) => upkeep.sweep(bounds, from),
  };
  return { reads, all };
}

class RequestHandler {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;
  readonly #ledger: Ledger;
  readonly #history: History;
  readonly #calls: ReturnType<typeof createCalls>;
  /** Set if the file is damaged; then every further request fails. */
  #end: CallFailure | null = null;

  constructor(db: Statements, data: WorkerData, note: (note: HistoryNote) => void) {
    this.#db = db;
    this.#deliveries = new DeliveryRows(db);
    this.#ledger = new Ledger(db);
    const isKept = (id: string): boolean => this.#deliveries.find(id) !== undefined;
    this.#history = new History(data.historyPath, isKept, note);
    const [deliveries, ledger, history] = [this.#deliveries, this.#ledger, this.#history];
    const { maxBytes } = data;
    this.#calls = createCalls({ db, deliveries, ledger, history, maxBytes });
  }

  /** Answers requests in their order. */
  answer(requests: readonly Request[]): readonly Reply[] {
    try {
      return this.#together(requests);
    } catch (error) {
      this.#undo();
      if (requests.length > 1) return requests.flatMap((request) => this.answer([request]));
      const failure = this.#end ?? failureOf(error);
      if (failure.code === 'store-unusable') this.#end = failure;
      return requests.map(({ call }) => ({ call, failure }));
    }
  }

  /** Commits the history, which may wait until after the answers. */
  flush(): void {
    this.#history.flush();
  }

  close(): void {
    this.#history.close();
    this.#db.close();
  }

  #together(requests: readonly Request[]): readonly Reply[] {
    if (this.#end !== null) throw new Error(this.#end.message);
    const handle = (): Reply[] =>
      requests.map(({ call, name, values }) => {
        const answer = this.#calls.all[name] as (...values: readonly unknown[]) => unknown;
        return { call, answer: answer(...values) };
      });
    const writes = requests.filter(({ name }) => !Object.hasOwn(this.#calls.reads, name));
    // A claim need not wait for the disk. It matters only to this process, and the first process after
    // a crash of the machine returns all claims anyway.
    const isForGood = writes.some(({ name }) => name !== 'claim');
    const replies = writes.length > 0 ? this.#db.transaction(handle, { isForGood }) : handle();
    this.#deliveries.stateCounts.commit();
    return replies;
  }

  #undo(): void {
    this.#deliveries.rollback();
    this.#ledger.rollback();
    try {
      this.#db.rollback();
      this.#deliveries.clockOffset.reread();
      this.#deliveries.creationIndex.reread();
    } catch {
      // The next call fails in the same way and reports it.
    }
  }
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

function serve(port: MessagePort, data: WorkerData): void {
  const send = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const notes: HistoryNote[] = [];
  let isOpen = false;
  const handler = open(data, (note) => {
    if (isOpen) send({ kind: 'note', note });
    else notes.push(note);
  });
  if (!(handler instanceof RequestHandler)) {
    send(handler);
    port.close();
    return;
  }
  isOpen = true;
  port.on('message', (first: ToWorker) => {
    const { requests, isClosing } = receiveAll(first, port);
    if (requests.length > 0) send({ kind: 'replies', replies: handler.answer(requests) });
    handler.flush();
    if (!isClosing) return;
    handler.close();
    port.close();
  });
  send({ kind: 'opened', notes });
}

function open(data: WorkerData, note: (note: HistoryNote) => void): RequestHandler | FromWorker {
  try {
    return new RequestHandler(openMain(data.path), data, note);
  } catch (error) {
    return { kind: 'refused', found: openFailureOf(error) };
  }
}

function receiveAll(
  first: ToWorker,
  port: MessagePort,
): { requests: readonly Request[]; isClosing: boolean } {
  const requests: Request[] = [];
  let next: ToWorker | undefined = first;
  while (next !== undefined) {
    switch (next.kind) {
      case 'requests':
        requests.push(...next.requests);
        break;
      case 'close':
        return { requests, isClosing: true };
      default:
        return next satisfies never;
    }
    next = (receiveMessageOnPort(port) as { message: ToWorker } | undefined)?.message;
  }
  return { requests, isClosing: false };
}
