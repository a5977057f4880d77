// A queue with a bound between one who produces and one who takes: a full queue makes the producer
// wait, which is how a slow consumer slows the reading. It drops nothing and knows nothing of what
// it holds.

import { SluiceError } from '../../core/errors.ts';

interface WaitingTaker<T> {
  readonly item: T;
  readonly admit: () => void;
}

/** A first-in first-out queue that makes whoever pushes wait while it is full. */
export class BoundedQueue<T> {
  readonly #bound: number;
  readonly #items: T[] = [];
  readonly #pushers: WaitingTaker<T>[] = [];
  readonly #takers: (() => void)[] = [];
  #closed = false;

  constructor(limits: { readonly items: number }) {
    this.#bound = limits.items;
  }

  /** How many items are held, without those that still wait to get in. */
  get size(): number {
    return this.#items.length;
  }

  /** Whether the next push would wait. */
  get full(): boolean {
    return this.#items.length >= this.#bound;
  }

  /**
   * Adds an item, after waiting for room where there is none.
   *
   * **Order and time**: those who wait get in first come, first served; an abort while waiting
   * rejects and the item is not added.
   * **Errors**: a push after `close` is a bug of the caller and throws.
   */
  async push(item: T, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) {
      throw new SluiceError('internal', 'push to a bounded queue: it is closed');
    }
    if (this.full) {
      await this.#waitForRoom(item, signal);
      return;
    }
    this.#add(item);
  }

  /**
   * Removes up to `max` items, oldest first, after waiting for at least one.
   *
   * **Shape**: the empty list once the queue is closed and nothing is left.
   */
  async take(max: number, signal: AbortSignal): Promise<readonly T[]> {
    signal.throwIfAborted();
    while (this.#items.length === 0) {
      if (this.#closed) return [];
      await this.#waitForItem(signal);
    }
    const taken = this.#items.splice(0, max);
    this.#admitWaiting();
    return taken;
  }

  /** Takes no further item; those held or waiting to get in can still be taken. Twice is fine. */
  close(): void {
    this.#closed = true;
    for (const wake of this.#takers.splice(0)) wake();
  }

  #add(item: T): void {
    this.#items.push(item);
    this.#takers.shift()?.();
  }

  #admitWaiting(): void {
    while (!this.full) {
      const next = this.#pushers.shift();
      if (next === undefined) break;
      this.#add(next.item);
      next.admit();
    }
    // A second taker may have been woken for what the first one left.
    if (this.#items.length > 0) this.#takers.shift()?.();
  }

  async #waitForRoom(item: T, signal: AbortSignal): Promise<void> {
    const admitted = await parked(signal, (wake) => {
      const waiting: WaitingTaker<T> = { item, admit: wake };
      this.#pushers.push(waiting);
      return () => remove(this.#pushers, waiting);
    });
    // Once admitted the item is in, whatever the signal says a moment later.
    if (!admitted) signal.throwIfAborted();
  }

  async #waitForItem(signal: AbortSignal): Promise<void> {
    await parked(signal, (wake) => {
      this.#takers.push(wake);
      return () => remove(this.#takers, wake);
    });
    if (!signal.aborted) return;
    // The wake-up may have been ours to use; hand it on.
    if (this.#items.length > 0) this.#takers.shift()?.();
    signal.throwIfAborted();
  }
}

/**
 * Waits in a line: true once woken, false at an abort. `park` enters the line with a wake-up and
 * answers how to leave it.
 */
function parked(signal: AbortSignal, park: (wake: () => void) => () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (woken: boolean): void => {
      signal.removeEventListener('abort', onAbort);
      leave();
      resolve(woken);
    };
    const onAbort = (): void => end(false);
    const leave = park(() => end(true));
    signal.addEventListener('abort', onAbort);
  });
}

function remove<T>(list: T[], entry: T): void {
  const place = list.indexOf(entry);
  if (place >= 0) list.splice(place, 1);
}
