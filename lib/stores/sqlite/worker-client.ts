// The main thread's client of the worker. It sends all calls of one turn in one message and resolves
// their promises. If the worker ends, every call fails, because it is unknown whether the last calls
// were stored.

import { Worker } from 'node:worker_threads';
import { SluiceError } from '../../core/errors.ts';
import type { FromWorker, HistoryNote, OpenFailure, Reply, WorkerData } from './protocol.ts';
import type { CallName, Calls, Request, ToWorker } from './worker/worker.ts';

interface PendingCall {
  readonly name: CallName;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface WorkerCallbacks {
  readonly note: (note: HistoryNote) => void;
  /** Called after the worker has ended. */
  readonly close: () => void;
  readonly called: () => void;
}

type OpenedWorker =
  | { readonly client: WorkerClient; readonly notes: readonly HistoryNote[] }
  | { readonly found: OpenFailure };

/** The worker's file, as source or compiled. */
const WORKER = new URL(import.meta.url.replace(/worker-client(\.[jt]s)$/, 'worker/worker$1'));

/**
 * New objects of the worker are short-lived, so a larger young generation would only keep garbage
 * longer. The old generation gets no bound, because a worker that reaches one ends.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

/** Starts the worker on its files. */
export async function startWorker(
  data: WorkerData,
  callbacks: WorkerCallbacks,
  url: URL = WORKER,
): Promise<OpenedWorker> {
  // The flags of this process do not apply to the worker.
  const worker = new Worker(url, { workerData: data, execArgv: [], resourceLimits: LIMITS });
  return new Promise((resolve, reject) => {
    const onEnd = (cause: unknown): void => {
      const message = `open store ${data.path}: its thread ended`;
      reject(new SluiceError('store-unusable', message, { cause }));
    };
    worker.once('error', onEnd);
    worker.once('exit', onEnd);
    worker.once('message', (message: FromWorker) => {
      worker.off('error', onEnd);
      worker.off('exit', onEnd);
      if (message.kind === 'refused') resolve({ found: message.found });
      else if (message.kind === 'opened') {
        resolve({ client: new WorkerClient(worker, data.path, callbacks), notes: message.notes });
      }
    });
  });
}

/** Makes calls to one worker. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #callbacks: WorkerCallbacks;
  readonly #waiting = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #requests: Request[] = [];
  #calls = 0;
  /** A message was sent and its answers have not arrived. */
  #isBusy = false;
  #end: SluiceError | null = null;

  constructor(worker: Worker, path: string, callbacks: WorkerCallbacks) {
    this.#worker = worker;
    this.#path = path;
    this.#callbacks = callbacks;
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail(undefined);
        this.#callbacks.close();
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
    ...values: Parameters<Calls[Name]>
  ): Promise<ReturnType<Calls[Name]>> {
    this.#callbacks.called();
    if (this.#end !== null) throw this.#end;
    return new Promise<ReturnType<Calls[Name]>>((resolve, reject) => {
      const call = (this.#calls += 1);
      const answered = resolve as (answer: unknown) => void;
      this.#waiting.set(call, { name, resolve: answered, reject });
      // Calls made while the worker is busy are sent together after its answers. Each message
      // wakes a thread, and the calls of one message wait for the disk only once.
      const isFirst = this.#requests.push({ call, name, values }) === 1;
      if (isFirst && !this.#isBusy) queueMicrotask(() => this.#send());
    });
  }

  /** Ends the worker after it has answered everything. May be called twice. */
  async close(): Promise<void> {
    if (this.#end === null) {
      this.#send();
      this.#post({ kind: 'close' });
      const message = `use store ${this.#path}: it is closed`;
      this.#end = new SluiceError('store-unusable', message);
    }
    await this.#ended;
  }

  /** Ends the worker and fails every call, because later starts would not find its changes. */
  giveUp(why: SluiceError): void {
    if (this.#end !== null) return;
    this.#post({ kind: 'close' });
    this.#failAll(why);
  }

  #send(): void {
    const requests = this.#requests;
    this.#requests = [];
    this.#isBusy = requests.length > 0;
    if (requests.length > 0) this.#post({ kind: 'requests', requests });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'replies':
        for (const reply of message.replies) this.#settle(reply);
        // In a microtask, so that calls which follow from these answers are sent as well.
        queueMicrotask(() => this.#send());
        break;
      case 'note':
        this.#callbacks.note(message.note);
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
    if (!('failure' in reply)) {
      waiting.resolve(reply.answer);
      return;
    }
    const { code, result, message } = reply.failure;
    const what = `${waiting.name} in store ${this.#path}: ${message}`;
    waiting.reject(new SluiceError(code, what, { details: { result } }));
  }

  #fail(error: unknown): void {
    const message = `use store ${this.#path}: its thread ended, so it is unknown whether the last calls were stored; start again`;
    this.#failAll(this.#end ?? new SluiceError('store-unusable', message, { cause: error }));
  }

  #failAll(why: SluiceError): void {
    this.#end = why;
    this.#requests = [];
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
