// Drives a reader or a source in a spec: pulls in the background and keeps what came, so that the
// spec can play the server meanwhile.

import { until } from './until.ts';

/** Pulls an iterable in the background. */
export class Reading<Item> {
  readonly items: Item[] = [];
  error: unknown = null;
  isOver = false;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #isPaused = false;
  #isLeaving = false;
  #resume: (() => void) | null = null;

  constructor(open: (signal: AbortSignal) => AsyncIterable<Item>) {
    this.#running = this.#pull(open(this.#stop.signal));
  }

  /** Waits until a fact about what came is true. */
  async have(fact: (items: readonly Item[]) => boolean, what: string): Promise<void> {
    await until(() => {
      this.throwError();
      return fact(this.items) ? true : null;
    }, what);
  }

  /** Throws what the iterable threw, if it did. */
  throwError(): void {
    if (this.error === null) return;
    throw this.error instanceof Error ? this.error : new Error('the iterable threw no Error');
  }

  /** Takes what comes next and then nothing more, until resumed. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on. */
  resume(): void {
    this.#isPaused = false;
    this.#resume?.();
  }

  /** Aborts and waits for the end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.resume();
    await this.#running;
  }

  /** Leaves the loop without an abort, at the next item at the latest, and waits for the end. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.resume();
    await this.#running;
  }

  /** Waits for the end that comes by itself. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #pull(iterable: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of iterable) {
        this.items.push(item);
        if (this.#isLeaving) break;
        if (this.#isPaused) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    } catch (error) {
      this.error = error;
    } finally {
      this.isOver = true;
    }
  }
}
