// Tools around AbortSignal: an abort as a promise, a delayed abort, and a deadline that can be
// extended.

import type { Clock } from '../../core/clock.ts';

/** Resolves when the signal aborts, at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Makes a signal that aborts `ms` after another one, unless it is disposed before. */
export function abortedAfter(
  signal: AbortSignal,
  ms: number,
  clock: Pick<Clock, 'after'>,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let cancel: () => void = () => undefined;
  const begin = (): void => {
    cancel = clock.after(ms, () => controller.abort(signal.reason));
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', begin);
      cancel();
    },
  };
}

/**
 * Starts a countdown of `ms` within an outer signal.
 *
 * **Order and time**: disposing stops the timer and the listener on the outer signal without
 * aborting the inner signal; it is idempotent. All extensions share one timer, because a watch
 * extends its deadline for every chunk.
 */
export function openDeadline(clock: Clock, ms: number, signal: AbortSignal): Deadline {
  return new Deadline(clock, ms, signal);
}

/** A countdown that ends unless it is extended. */
class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #inner = new AbortController();
  readonly #onOuterAbort = (): void => this.#end(this.#outer.reason);
  #cancel: () => void = () => undefined;
  #endsAt: number;
  /** Time at which the running timer fires, which may be before `#endsAt` after an extension. */
  #armedFor = 0;
  #over = false;
  #expired = false;

  constructor(clock: Clock, ms: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.#endsAt = clock.monotonic() + ms;
    if (outer.aborted) {
      this.#end(outer.reason);
      return;
    }
    outer.addEventListener('abort', this.#onOuterAbort);
    this.#arm();
  }

  /** Aborts with the outer signal's reason, or with a `TimeoutError` at the end of the countdown. */
  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  /** Whether the countdown ended; stays false if the outer signal aborted first. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Restarts the countdown with `ms`; after the end it changes nothing. */
  extend(ms: number): void {
    if (this.#over) return;
    this.#endsAt = this.#clock.monotonic() + ms;
    // A timer that fires too early arms itself again; only one that fires too late is replaced.
    if (this.#endsAt >= this.#armedFor) return;
    this.#cancel();
    this.#arm();
  }

  /** Stops the countdown; an abort of the outer signal still aborts. */
  lift(): void {
    this.#cancel();
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#outer.removeEventListener('abort', this.#onOuterAbort);
    this.#cancel();
  }

  #arm(): void {
    this.#armedFor = this.#endsAt;
    const wait = Math.max(0, this.#endsAt - this.#clock.monotonic());
    this.#cancel = this.#clock.after(wait, () => this.#onTimer());
  }

  #onTimer(): void {
    if (this.#over) return;
    if (this.#clock.monotonic() < this.#endsAt) {
      this.#arm();
      return;
    }
    this.#expired = true;
    this.#end(new DOMException('waiting until a deadline: time is up', 'TimeoutError'));
  }

  #end(reason: unknown): void {
    this[Symbol.dispose]();
    this.#inner.abort(reason);
  }
}
