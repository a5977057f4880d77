// The main thread's end: calls go out together, as many as were made in one turn, and their answers
// come back as promises. Where the worker ends, every call fails, for it is not known what of the
// last ones was stored.

import { Worker } from 'node:worker_threads';
import { SluiceError } from '../../core/errors.ts';
import type {
  CallFailure,
  CallName,
  Calls,
  FromWorker,
  HistoryNote,
  OpenFailure,
  Reply,
  Request,
  ToWorker,
  WorkerData,
} from './protocol.ts';

interface PendingCall {
  readonly name: CallName;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Who is told what the worker notices. */
interface WorkerNotes {
  readonly note: (note: HistoryNote) => void;
  /** The worker has ended. */
  readonly close: () => void;
  /** A call is made. */
  readonly called: () => void;
}

/** What the worker said when it had looked at the files. */
type OpenedWorker =
  | { readonly caller: WorkerClient; readonly notes: readonly HistoryNote[] }
  | { readonly found: OpenFailure };

/** Beside this file, as source or compiled. */
const WORKER = new URL(import.meta.url.replace(/worker-client(\.[jt]s)$/, 'worker/worker$1'));

/**
 * What the worker makes anew is short-lived: more room for it would only be garbage that stays longer.
 * Its old objects have no bound of their own, for a worker that meets one ends.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

/** Starts the worker on its files. */
export async function startWorker(
  data: WorkerData,
  told: WorkerNotes,
  url: URL = WORKER,
): Promise<OpenedWorker> {
  // No flags of whoever runs this process are for it.
  const worker = new Worker(url, { workerData: data, execArgv: [], resourceLimits: LIMITS });
  return new Promise((resolve, reject) => {
    const onEnd = (error: unknown): void => {
      reject(
        new SluiceError('store-unusable', `open store ${data.path}: its thread ended`, {
          cause: error,
        }),
      );
    };
    worker.once('error', onEnd);
    worker.once('exit', onEnd);
    worker.once('message', (message: FromWorker) => {
      worker.off('error', onEnd);
      worker.off('exit', onEnd);
      if (message.kind === 'refused') resolve({ found: message.found });
      else if (message.kind === 'opened') {
        resolve({ caller: new WorkerClient(worker, data.path, told), notes: message.notes });
      }
    });
  });
}

/** Calls of one worker. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #told: WorkerNotes;
  readonly #waiting = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #asks: Request[] = [];
  #calls = 0;
  /** A message is on its way, and its answers are not back. */
  #isBusy = false;
  #end: SluiceError | null = null;

  constructor(worker: Worker, path: string, told: WorkerNotes) {
    this.#worker = worker;
    this.#path = path;
    this.#told = told;
    worker.on('message', (message: FromWorker) => this.#hear(message));
    worker.on('error', (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail(undefined);
        this.#told.close();
        resolve();
      });
    });
  }

  /**
   * Makes a call.
   *
   * **Errors**: `store-unavailable`, `store-unusable`; `internal` for a bug.
   */
  async call<Name extends CallName>(
    name: Name,
    ask: Calls[Name]['ask'],
  ): Promise<Calls[Name]['answer']> {
    this.#told.called();
    if (this.#end !== null) throw this.#end;
    return new Promise<Calls[Name]['answer']>((resolve, reject) => {
      const call = (this.#calls += 1);
      const answered = resolve as (answer: unknown) => void;
      this.#waiting.set(call, { name, resolve: answered, reject });
      // What is asked while the worker is busy goes out together when it has answered: each message
      // wakes a thread, and what comes together waits for the disk together.
      const isFirst = this.#asks.push({ call, name, ask }) === 1;
      if (isFirst && !this.#isBusy) queueMicrotask(() => this.#send());
    });
  }

  /** Ends the worker once it has answered everything; twice is as good as once. */
  async close(): Promise<void> {
    if (this.#end === null) {
      this.#send();
      this.#post({ kind: 'close' });
      const message = `use store ${this.#path}: it is closed`;
      this.#end = new SluiceError('store-unusable', message);
    }
    await this.#ended;
  }

  /** Ends the worker, because nothing that it stores would be found again: every call fails. */
  giveUp(why: SluiceError): void {
    if (this.#end !== null) return;
    this.#post({ kind: 'close' });
    this.#failAll(why);
  }

  #send(): void {
    const asks = this.#asks;
    this.#asks = [];
    this.#isBusy = asks.length > 0;
    if (asks.length > 0) this.#post({ kind: 'asks', asks });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'replies':
        for (const reply of message.replies) this.#settle(reply);
        // After what these answers lead to at once, so that it goes along.
        queueMicrotask(() => this.#send());
        break;
      case 'note':
        this.#told.note(message.note);
        break;
      case 'opened':
      case 'refused':
        break;
      default:
        message satisfies never;
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.call);
    this.#waiting.delete(reply.call);
    if (waiting === undefined) return;
    if ('failure' in reply) waiting.reject(this.#errorOf(waiting.name, reply.failure));
    else waiting.resolve(reply.answer);
  }

  #errorOf(name: CallName, { code, result, message }: CallFailure): SluiceError {
    return new SluiceError(code, `${name} in store ${this.#path}: ${message}`, {
      details: { result },
    });
  }

  #fail(error: unknown): void {
    const message = `use store ${this.#path}: its thread ended, so it is not known what of the last calls was stored; start again`;
    this.#failAll(this.#end ?? new SluiceError('store-unusable', message, { cause: error }));
  }

  #failAll(why: SluiceError): void {
    this.#end = why;
    this.#asks = [];
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
