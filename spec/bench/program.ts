// A program of the bench as a process of its own: forked, asked, ended by its pid.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Answer, type Question, READY_ID } from './rpc.ts';

/** The programs there are. */
export type ProgramName = 'stand-in' | 'receiver' | 'reader' | 'committer' | 'importer';

// Longer than any case may take; a program that is silent for so long hangs.
const PATIENCE_MS = 120_000;

/** A running program. Disposing kills it. */
export class Program implements AsyncDisposable {
  readonly #name: ProgramName;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = READY_ID;

  private constructor(name: ProgramName, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.on('message', (answer: Answer) => this.#settle(answer));
    child.once('exit', () => this.#giveUp());
  }

  /** Starts the one of that name in a folder, and waits until it can be asked. */
  static async start(folder: string, name: ProgramName): Promise<Program> {
    const child = fork(join(folder, `${name}.js`), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const program = new Program(name, child);
    await program.#expect(READY_ID, 'starts');
    return program;
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Calls it; rejects if it fails, ends, or does not answer in time. */
  async ask<T>(name: string, argument: unknown = null): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = this.#expect(id, name);
    this.#child.send({ id, name, argument } satisfies Question);
    return (await answered) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #expect(id: number, what: string): Promise<unknown> {
    const waiter = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiter);
    const late = AbortSignal.timeout(PATIENCE_MS);
    const onLate = (): void =>
      waiter.reject(new Error(`${this.#name}: no answer to "${what}" in ${PATIENCE_MS} ms`));
    late.addEventListener('abort', onLate);
    try {
      return await waiter.promise;
    } finally {
      late.removeEventListener('abort', onLate);
      this.#waiting.delete(id);
    }
  }

  #settle({ id, value, error }: Answer): void {
    const waiter = this.#waiting.get(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(`${this.#name}: ${error}`));
  }

  #giveUp(): void {
    for (const waiter of this.#waiting.values()) {
      waiter.reject(new Error(`${this.#name} has ended`));
    }
  }
}
