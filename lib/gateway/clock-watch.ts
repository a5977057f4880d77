// Detects jumps of the wall clock: an administrator, NTP, a machine that slept. Due times in the
// store are wall clock times, so they are shifted by the jump. The steady clock of lanes and
// release is shifted, too. The order matters: at no moment may all waiting deliveries seem due.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { Upkeep } from '../core/ports/store.ts';
import { repeat } from '../kit/async/repeat.ts';
import type { SteadyClock } from '../kit/async/steady-clock.ts';

/** Dependencies of the watch. */
interface ClockWatchParts {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly upkeep: Pick<Upkeep, 'shift'>;
  readonly observe: Observe;
  /** Called with a jump after the store and the steady clock were shifted. */
  readonly clockJumped: (byMs: number) => Promise<void>;
}

/** NTP slews smaller differences in small steps; retries and limits do not notice them. */
export const JUMP_MS = 2_000;

/** A retry that falls due this soon after a jump back is late by at most this time. */
const EVERY_MS = 1_000;

/** Shifts due times and the steady clock when the wall clock jumps, until the signal aborts. */
export function watchClock(parts: ClockWatchParts, signal: AbortSignal): Promise<void> {
  return repeat(() => compareClocks(parts), { clock: parts.clock, everyMs: EVERY_MS }, signal);
}

/** Compares the clocks once. */
export async function compareClocks(parts: Omit<ClockWatchParts, 'clock'>): Promise<void> {
  const { steady, upkeep, observe, clockJumped } = parts;
  const byMs = steady.driftMs;
  if (Math.abs(byMs) < JUMP_MS) return;
  if (byMs > 0) await upkeep.shift(byMs);
  steady.adjust(byMs);
  if (byMs < 0) await upkeep.shift(byMs);
  observe({ kind: 'clock-jumped', byMs });
  await clockJumped(byMs);
}
