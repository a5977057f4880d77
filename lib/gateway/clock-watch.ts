// Watches for jumps of the wall clock: an administrator, NTP, a machine that slept. What waits in
// the store is due on the wall clock, so it is shifted by the jump, and the steady clock of lanes
// and release after it. Which way round matters: at no moment may everything seem due at once.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { Upkeep } from '../core/store.ts';
import type { SteadyClock } from '../kit/async/steady-clock.ts';

/** What the watch works with. */
interface ClockWatchParts {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly upkeep: Pick<Upkeep, 'shift'>;
  readonly observe: Observe;
  /** Told of a jump once everything has followed it. */
  readonly clockJumped: (byMs: number) => Promise<void>;
}

/** What NTP slews away in small steps is no jump; retries and limits do not notice so little. */
export const JUMP_MS = 2_000;

/** A retry that falls due within this time of a jump back is late by no more than it. */
const EVERY_MS = 1_000;

/** Makes what waits follow the jumps of the wall clock. */
export class ClockWatch {
  readonly #parts: ClockWatchParts;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#parts.clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Looks once. */
  async look(): Promise<void> {
    const { steady, upkeep, observe, clockJumped } = this.#parts;
    const byMs = steady.driftMs;
    if (Math.abs(byMs) < JUMP_MS) return;
    if (byMs > 0) await upkeep.shift(byMs);
    steady.adjust(byMs);
    if (byMs < 0) await upkeep.shift(byMs);
    observe({ kind: 'clock-jumped', byMs });
    await clockJumped(byMs);
  }
}
