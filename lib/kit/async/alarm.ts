// A sleep that others can cut short: what a loop waits on when it has nothing to do.

import type { Clock } from '../../core/clock.ts';

/** Something a loop waits on until it is rung or a time has passed. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | null = null;

  /** Wakes the waiting loop; where none waits, its next wait returns at once. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /**
   * Resolves when rung since the last wait, after `ms` (null: never), or when the signal aborts.
   * One loop waits at a time.
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
