// A sleep that others can interrupt, for loops without work.

import type { Clock } from '../../core/clock.ts';

/** Lets a loop wait until it is rung or a time has passed. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | null = null;

  /** Wakes the waiting loop; if none waits, the next wait returns at once. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /**
   * Resolves when rung since the last wait, after `ms` (null: no limit), or when the signal aborts.
   * Only one loop may wait.
   */
  async wait(clock: Clock, ms: number | null, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) await this.#sleep(clock, ms, signal);
    this.#rung = false;
  }

  async #sleep(clock: Clock, ms: number | null, signal: AbortSignal): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    this.#wake = wake;
    signal.addEventListener('abort', wake);
    const cancel = ms === null ? null : clock.after(ms, wake);
    await woken;
    this.#wake = null;
    cancel?.();
    signal.removeEventListener('abort', wake);
  }
}
