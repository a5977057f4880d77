// A gate that many pass together, and one that must be alone passes alone: a delivery that may be
// what killed the process is attempted with nothing beside it. First come, first served: who waits
// to be alone stops those who come later.

/** Who passes: beside others, or alone. */
export type LockMode = 'shared' | 'exclusive';

interface LockWaiter {
  readonly mode: LockMode;
  readonly admit: (pass: Disposable) => void;
}

/** Lets attempts through. */
export class SharedLock {
  #shared = 0;
  #isAlone = false;
  readonly #waiting: LockWaiter[] = [];

  /** How many have not left yet. */
  get holders(): number {
    return this.#shared + (this.#isAlone ? 1 : 0);
  }

  /**
   * Resolves with what must be disposed of to leave, or with null where the signal aborted while it
   * waited; who need not wait passes whatever the signal says.
   */
  async acquire(mode: LockMode, signal: AbortSignal): Promise<Disposable | null> {
    if (this.#waiting.length === 0 && this.#isFree(mode)) return this.#admit(mode);
    if (signal.aborted) return null;
    return await new Promise<Disposable | null>((resolve) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(null);
        // Those behind may have waited for this one alone.
        this.#admitNext();
      };
      const admit = (pass: Disposable): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(pass);
      };
      const waiting: LockWaiter = { mode, admit };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #isFree(mode: LockMode): boolean {
    return !this.#isAlone && (mode === 'shared' || this.#shared === 0);
  }

  #admit(mode: LockMode): Disposable {
    if (mode === 'exclusive') this.#isAlone = true;
    else this.#shared += 1;
    let hasLeft = false;
    return {
      [Symbol.dispose]: () => {
        if (hasLeft) return;
        hasLeft = true;
        if (mode === 'exclusive') this.#isAlone = false;
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
