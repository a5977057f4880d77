// Concurrent tasks that end together. A failure of a task is reported once; an abort by the group
// itself is not a failure.

/** A task of the group; it ends soon after the signal aborts. */
type Task = (signal: AbortSignal) => Promise<void>;

/** Runs tasks until it is stopped. */
export class TaskGroup implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #failed: (error: unknown) => Promise<void>;

  /** `failed` receives the errors of tasks while the group runs. */
  constructor(failed: (error: unknown) => Promise<void>) {
    this.#failed = failed;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  spawn(task: Task): void {
    const { signal } = this;
    const failed = async (error: unknown): Promise<void> => {
      const isOver = signal.aborted || (error instanceof Error && error.name === 'AbortError');
      if (!isOver) await this.#failed(error);
    };
    const running: Promise<void> = task(signal)
      .catch(failed)
      .catch(() => undefined)
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  /** Asks every task to end. */
  stop(reason?: unknown): void {
    this.#stop.abort(reason);
  }

  /** Stops when a signal aborts, until the returned value is disposed. */
  stopWith(signal: AbortSignal): Disposable {
    const stop = (): void => this.stop(signal.reason);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    return { [Symbol.dispose]: () => signal.removeEventListener('abort', stop) };
  }

  /** Stops, and settles when every task has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.allSettled([...this.#tasks]);
  }
}
