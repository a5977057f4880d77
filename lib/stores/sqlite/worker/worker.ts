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
import type {
  CallFailure,
  CallName,
  Calls,
  FromWorker,
  HistoryNote,
  Reply,
  Request,
  ToWorker,
  WorkerData,
} from '../protocol.ts';
import { failureOf } from '../sqlite-errors.ts';
import { Claims } from './claims.ts';
import { Commits } from './commit.ts';
import { openFailureOf, openMain, type Statements } from './database.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { History } from './history.ts';
import { Ledger } from './ledger.ts';
import { Listing } from './listing.ts';
import { Maintenance } from './maintenance.ts';

type Handlers = {
  readonly [Name in CallName]: (argument: Calls[Name]['argument']) => Calls[Name]['answer'];
};

/** Calls that change nothing. Without other calls they need no transaction. */
const READS: ReadonlySet<CallName> = new Set<CallName>([
  'positions',
  'allPositions',
  'lookup',
  'ledgerKeys',
  'next',
  'list',
  'get',
  'decision',
  'counts',
  'usage',
  'gaps',
  'firedSince',
  'read',
]);

/**
 * Calls that need not wait for the disk. A claim matters only to this process, and the first process
 * after a crash of the machine returns all claims anyway.
 */
const NEED_NO_DISK: ReadonlySet<CallName> = new Set<CallName>([...READS, 'claim']);

/** Answers requests. */
class RequestHandler {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;
  readonly #ledger: Ledger;
  readonly #history: History;
  readonly #handlers: Handlers;
  /** Set if the file is damaged; then every further request fails. */
  #end: CallFailure | null = null;

  constructor(db: Statements, data: WorkerData, note: (note: HistoryNote) => void) {
    this.#db = db;
    this.#deliveries = new DeliveryRows(db);
    this.#ledger = new Ledger(db);
    const isKept = (id: string): boolean => this.#deliveries.find(id) !== undefined;
    this.#history = new History(data.historyPath, isKept, note);
    this.#handlers = this.#handlersFor(data.maxBytes);
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
      requests.map(({ call, name, argument }) => {
        const handler = this.#handlers[name] as (argument: unknown) => unknown;
        return { call, answer: handler(argument) };
      });
    const isWriting = requests.some(({ name }) => !READS.has(name));
    const isForGood = requests.some(({ name }) => !NEED_NO_DISK.has(name));
    const replies = isWriting ? this.#db.transaction(handle, { isForGood }) : handle();
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

  #handlersFor(maxBytes: number): Handlers {
    const db = this.#db;
    const [deliveries, ledger, history] = [this.#deliveries, this.#ledger, this.#history];
    const parts = { db, deliveries, ledger, history, maxBytes };
    const journal = new Commits(parts);
    const outbox = new Claims(parts);
    const upkeep = new Maintenance(parts, journal);
    const listing = new Listing(db, deliveries);
    return {
      positions: ({ source }) => journal.positions(source),
      allPositions: () => journal.allPositions(),
      lookup: ({ keys }) => ledger.lookup(keys),
      ledgerKeys: ({ after }) => ledger.keys(after),
      commit: (argument) => journal.commit(argument),
      claim: (argument) => outbox.claim(argument),
      attempt: (argument) => outbox.attempt(argument),
      settle: (argument) => outbox.settle(argument),
      change: (argument) => outbox.change(argument),
      next: ({ trigger }) => outbox.next(trigger),
      list: (argument) => listing.list(argument),
      get: ({ id }) => deliveries.findWhole(id),
      decision: ({ id }) => history.find(id),
      counts: () => deliveries.stateCounts.counts,
      usage: () => journal.usage,
      gaps: ({ limit }) => journal.gaps(limit),
      firedSince: ({ since }) => ledger.firedSince(since),
      read: ({ name }) => db.text('SELECT value FROM keep WHERE name = ?', name) ?? null,
      write: ({ name, value }) => {
        db.run('INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)', name, value);
      },
      begin: (argument) => upkeep.begin(argument),
      retire: (argument) => {
        upkeep.retire(argument);
      },
      dropPositions: ({ gaps }) => {
        db.run('DELETE FROM position');
        journal.addGaps(gaps);
      },
      shift: ({ byMs }) => {
        deliveries.shiftBy(byMs);
      },
      sweep: (argument) => upkeep.sweep(argument),
    };
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

/** Receives all messages that have arrived. */
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
