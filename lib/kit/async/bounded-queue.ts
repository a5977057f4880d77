// A bounded queue between producers and consumers. A full queue makes producers wait, so that a
// slow consumer slows the reading. It drops nothing and does not inspect its items.

import { SluiceError } from '../../core/errors.ts';

interface WaitingPusher<T> {
  readonly item: T;
  readonly admit: () => void;
}

/** A first-in first-out queue whose `push` waits while it is full. */
export class BoundedQueue<T> {
  readonly #bound: number;
  readonly #items: T[] = [];
  readonly #pushers: WaitingPusher<T>[] = [];
  readonly #takers: (() => void)[] = [];
  #closed = false;

  constructor(limits: { readonly items: number }) {
    this.#bound = limits.items;
  }

  /** Number of items in the queue, without those of waiting pushes. */
  get size(): number {
    return this.#items.length;
  }

  /** Whether the next push would wait. */
  get full(): boolean {
    return this.#items.length >= this.#bound;
  }

  /**
   * Adds an item, after waiting for room if the queue is full.
   *
   * **Order and time**: waiting pushes are admitted first come, first served. An abort while
   * waiting rejects, and the item is not added.
   * **Errors**: a push after `close` throws; it is a bug of the caller.
   */
  async push(item: T, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) throw new SluiceError('internal', 'push to a bounded queue: it is closed');
    if (this.full) await this.#waitForRoom(item, signal);
    else this.#add(item);
  }

  /**
   * Removes up to `max` items, oldest first, after waiting for at least one.
   *
   * **Shape**: an empty list once the queue is closed and empty.
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

  /** Refuses further items; those in the queue or waiting can still be taken. Idempotent. */
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
    // A second taker may be needed for the items that the first one left.
    if (this.#items.length > 0) this.#takers.shift()?.();
  }

  async #waitForRoom(item: T, signal: AbortSignal): Promise<void> {
    const admitted = await parked(signal, (wake) => {
      const waiting: WaitingPusher<T> = { item, admit: wake };
      this.#pushers.push(waiting);
      return () => remove(this.#pushers, waiting);
    });
    // Once admitted, the item is in the queue even if the signal aborts a moment later.
    if (!admitted) signal.throwIfAborted();
  }

  async #waitForItem(signal: AbortSignal): Promise<void> {
    await parked(signal, (wake) => {
      this.#takers.push(wake);
      return () => remove(this.#takers, wake);
    });
    if (!signal.aborted) return;
    // The wake-up may have been for this taker; pass it on.
    if (this.#items.length > 0) this.#takers.shift()?.();
    signal.throwIfAborted();
  }
}

/**
 * Waits in a list of waiters: true once woken, false at an abort. `park` adds a wake-up to the list
 * and returns the function that removes it.
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
