// A lock with shared and exclusive holders: a delivery that may have killed the process is
// attempted while no other attempt runs. First come, first served: a waiting exclusive holder
// blocks later shared ones.

/** Whether others may hold the lock at the same time. */
export type LockMode = 'shared' | 'exclusive';

interface LockWaiter {
  readonly mode: LockMode;
  readonly admit: (lock: Disposable) => void;
}

/** Grants attempts the shared or the exclusive lock. */
export class SharedLock {
  #shared = 0;
  #isExclusive = false;
  readonly #waiting: LockWaiter[] = [];

  get holders(): number {
    return this.#shared + (this.#isExclusive ? 1 : 0);
  }

  /**
   * Acquires the lock; disposing of the result releases it. Resolves with null if the signal aborts
   * while it waits; a lock that is free is acquired in any case.
   */
  async acquire(mode: LockMode, signal: AbortSignal): Promise<Disposable | null> {
    if (this.#waiting.length === 0 && this.#isFree(mode)) return this.#admit(mode);
    if (signal.aborted) return null;
    return await new Promise<Disposable | null>((resolve) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(null);
        // Later waiters may have waited only for this one.
        this.#admitNext();
      };
      const admit = (lock: Disposable): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(lock);
      };
      const waiting: LockWaiter = { mode, admit };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #isFree(mode: LockMode): boolean {
    return !this.#isExclusive && (mode === 'shared' || this.#shared === 0);
  }

  #admit(mode: LockMode): Disposable {
    if (mode === 'exclusive') this.#isExclusive = true;
    else this.#shared += 1;
    let isReleased = false;
    return {
      [Symbol.dispose]: () => {
        if (isReleased) return;
        isReleased = true;
        if (mode === 'exclusive') this.#isExclusive = false;
        else this.#shared -= 1;
        this.#admitNext();
      },
    };
  }

  #admitNext(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#isFree(first.mode)) return;
      this.#waiting.shift();
      first.admit(this.#admit(first.mode));
    }
  }
}
