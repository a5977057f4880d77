// A clock that specs move themselves: nothing sleeps, and a minute passes when a spec says so.

import type { Clock } from '../../lib/core/clock.ts';
import { turnsOfTheLoop } from './until.ts';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** A clock that moves only by `advance` and `jump`. */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #sleepers: Sleeper[] = [];
  /**
   * Turns of the event loop that pass before the clock moves on. An answer over loopback arrives in
   * one, over TLS and HTTP/2 in a few.
   */
  turns = 1;

  /** Starts at 2026-01-31T12:00:00Z by default. */
  constructor(now: number = Date.UTC(2026, 0, 31, 12)) {
    this.#wall = now;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        const place = this.#sleepers.indexOf(sleeper);
        if (place >= 0) this.#sleepers.splice(place, 1);
        resolve();
      };
      const sleeper: Sleeper = { wakesAt: this.#monotonic + Math.max(0, ms), wake: end };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', end);
    });
    signal.throwIfAborted();
  }

  after(ms: number, run: () => void): () => void {
    const cancel = (): void => {
      const place = this.#sleepers.indexOf(sleeper);
      if (place >= 0) this.#sleepers.splice(place, 1);
    };
    const end = (): void => {
      cancel();
      run();
    };
    const sleeper: Sleeper = { wakesAt: this.#monotonic + Math.max(0, ms), wake: end };
    this.#sleepers.push(sleeper);
    return cancel;
  }

  /** Nothing arrives from outside on this clock. */
  async turn(): Promise<void> {
    await Promise.resolve();
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /**
   * Moves both clocks on and wakes who is due, in the order of their times; between two of them
   * everything that became ready runs, so that a loop that sleeps again is woken again.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await turnsOfTheLoop(this.turns);
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#moveTo(next.wakesAt);
      next.wake();
      await turnsOfTheLoop(this.turns);
    }
    this.#moveTo(end);
    await turnsOfTheLoop(this.turns);
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #due(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.wakesAt > end) continue;
      if (first === undefined || sleeper.wakesAt < first.wakesAt) first = sleeper;
    }
    return first;
  }

  #moveTo(monotonic: number): void {
    if (monotonic <= this.#monotonic) return;
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}
