// The thread that has the file. It takes everything that has arrived, answers it together, and then
// rests; it decides nothing. Started by caller.ts, and only so.

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
import { foundIn, openMain, type Statements } from './database.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { History } from './history.ts';
import { Ledger } from './ledger.ts';
import { Listing } from './listing.ts';
import { Maintenance } from './maintenance.ts';

// Answers calls. Everything that is waiting when the worker turns to work shares one transaction, and
// so one wait for the disk; answers go out after COMMIT only. Where one of them fails, all is undone
// and each is done again by itself, so that one that can not be done undoes no other.

type Handlers = { readonly [Name in CallName]: (ask: Calls[Name]['ask']) => Calls[Name]['answer'] };

/** Calls that change nothing: alone they need no transaction. */
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
 * Calls that need not wait for the disk: what a claim changed matters to this process alone, and one
 * that comes after the machine died gives all claims back anyway.
 */
const NEED_NO_DISK: ReadonlySet<CallName> = new Set<CallName>([...READS, 'claim']);

/** Where calls are answered. */
export class RequestHandler {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;
  readonly #ledger: Ledger;
  readonly #history: History;
  readonly #handlers: Handlers;
  /** Once the file is found damaged, nothing more is done with it. */
  #end: CallFailure | null = null;

  constructor(db: Statements, data: WorkerData, note: (note: HistoryNote) => void) {
    this.#db = db;
    this.#deliveries = new DeliveryRows(db);
    this.#ledger = new Ledger(db);
    const isKept = (id: string): boolean => this.#deliveries.find(id) !== undefined;
    this.#history = new History(data.historyPath, isKept, note);
    this.#handlers = this.#handlersFor(data.maxBytes);
  }

  /** Answers all of them, in their order. */
  answer(asks: readonly Request[]): readonly Reply[] {
    try {
      return this.#together(asks);
    } catch (error) {
      this.#undo();
      if (asks.length > 1) return asks.flatMap((ask) => this.answer([ask]));
      const failure = this.#end ?? failureOf(error);
      if (failure.code === 'store-unusable') this.#end = failure;
      return asks.map(({ call }) => ({ call, failure }));
    }
  }

  /** Writes down what may wait until after the answers. */
  rest(): void {
    this.#history.flush();
  }

  close(): void {
    this.#history.close();
    this.#db.close();
  }

  #together(asks: readonly Request[]): readonly Reply[] {
    if (this.#end !== null) throw new Error(this.#end.message);
    const handle = (): Reply[] =>
      asks.map(({ call, name, ask }) => {
        const handler = this.#handlers[name] as (ask: unknown) => unknown;
        return { call, answer: handler(ask) };
      });
    const isWriting = asks.some(({ name }) => !READS.has(name));
    const isForGood = asks.some(({ name }) => !NEED_NO_DISK.has(name));
    const replies = isWriting ? this.#db.transaction(handle, { isForGood }) : handle();
    this.#deliveries.tally.commit();
    return replies;
  }

  #undo(): void {
    this.#deliveries.rollback();
    this.#ledger.rollback();
    try {
      this.#db.rollback();
      this.#deliveries.shift.reread();
      this.#deliveries.making.reread();
    } catch {
      // The next call finds the same trouble and tells it.
    }
  }

  #handlersFor(maxBytes: number): Handlers {
    const db = this.#db;
    const [deliveries, ledger, history] = [this.#deliveries, this.#ledger, this.#history];
    const parts = { db, deliveries, ledger, history, maxBytes };
    const journal = new Commits(parts);
    const outbox = new Claims(db, { deliveries, ledger });
    const upkeep = new Maintenance(parts, journal);
    const listing = new Listing(db, deliveries);
    return {
      positions: ({ source }) => journal.positions(source),
      allPositions: () => journal.allPositions(),
      lookup: ({ keys }) => ledger.lookup(keys),
      ledgerKeys: ({ after }) => ledger.keys(after),
      commit: (ask) => journal.commit(ask),
      claim: (ask) => outbox.claim(ask),
      attempt: (ask) => outbox.attempt(ask),
      settle: (ask) => outbox.settle(ask),
      change: (ask) => outbox.change(ask),
      next: ({ trigger }) => outbox.next(trigger),
      list: (ask) => listing.list(ask),
      get: ({ id }) => {
        const row = deliveries.find(id);
        return row === undefined ? null : deliveries.whole(row);
      },
      decision: ({ id }) => history.find(id),
      counts: () => deliveries.tally.counts,
      usage: () => journal.usage,
      gaps: ({ limit }) => journal.gaps(limit),
      firedSince: ({ since }) => ledger.firedSince(since),
      read: ({ name }) =>
        (db.value('SELECT value FROM keep WHERE name = ?', name) as string | undefined) ?? null,
      write: ({ name, value }) => {
        db.run('INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)', name, value);
        return null;
      },
      begin: (ask) => upkeep.begin(ask),
      retire: (ask) => {
        upkeep.retire(ask);
        return null;
      },
      dropPositions: ({ gaps }) => {
        db.run('DELETE FROM position');
        journal.keepGaps(gaps);
        return null;
      },
      shift: ({ byMs }) => {
        deliveries.shiftBy(byMs);
        return null;
      },
      sweep: (ask) => upkeep.sweep(ask),
    };
  }
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData);

function serve(port: MessagePort, data: WorkerData): void {
  const say = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const notes: HistoryNote[] = [];
  let isOpen = false;
  const desk = open(data, (note) => {
    if (isOpen) say({ kind: 'note', note });
    else notes.push(note);
  });
  if (!(desk instanceof RequestHandler)) {
    say(desk);
    port.close();
    return;
  }
  isOpen = true;
  port.on('message', (first: ToWorker) => {
    const { asks, isClosing } = taken(first, port);
    if (asks.length > 0) say({ kind: 'replies', replies: desk.answer(asks) });
    desk.rest();
    if (!isClosing) return;
    desk.close();
    port.close();
  });
  say({ kind: 'opened', notes });
}

function open(data: WorkerData, note: (note: HistoryNote) => void): RequestHandler | FromWorker {
  try {
    return new RequestHandler(openMain(data.path), data, note);
  } catch (error) {
    return { kind: 'refused', found: foundIn(error) };
  }
}

/** All that has arrived by now. */
function taken(
  first: ToWorker,
  port: MessagePort,
): { asks: readonly Request[]; isClosing: boolean } {
  const asks: Request[] = [];
  let next: ToWorker | undefined = first;
  while (next !== undefined) {
    switch (next.kind) {
      case 'asks':
        asks.push(...next.asks);
        break;
      case 'close':
        return { asks, isClosing: true };
      default:
        return next satisfies never;
    }
    next = (receiveMessageOnPort(port) as { message: ToWorker } | undefined)?.message;
  }
  return { asks, isClosing: false };
}
