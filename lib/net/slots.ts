// How many exchanges may be under way at once, each of which holds one socket until its answer is
// drained. First come, first served. Node's own limit counts no connection that is still being made
// through a proxy, so it would not hold.

/** A number of places that are taken and given back. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<(taken: boolean) => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place if one is free at once. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Waits for a place; false where the signal aborted or all were closed first. */
  take(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (taken: boolean): void => {
        this.#waiting.delete(settle);
        signal.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      const onAbort = (): void => settle(false);
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(settle);
    });
  }

  /** Gives a place back, to whoever waits longest. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  /** Sends everybody away who waits. */
  close(): void {
    for (const settle of this.#waiting) settle(false);
  }
}
