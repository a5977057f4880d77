// The system clock with changes: set by hours while the process runs, or faster, so that an hour
// takes seconds. The monotonic clock and the wall clock differ only by jumps.

import type { Clock } from '../../../../lib/core/clock.ts';
import { systemClock } from '../../../../lib/kit/system.ts';

/** Changes of a clock. */
export interface Bend {
  /** Offset of the wall clock when the process starts, in ms. */
  readonly offsetMs: number;
  /** Factor by which it is faster than the system clock. */
  readonly speed: number;
}

/** A clock that can be set while it runs. */
export interface BentClock extends Clock {
  /** Makes the wall clock jump. */
  jump(byMs: number): void;
}

/** The system clock with changes. */
export function bentClock(bend: Bend): BentClock {
  const { speed } = bend;
  let { offsetMs } = bend;
  const began = systemClock.now();
  const start = systemClock.monotonic();
  const passed = (): number => (systemClock.monotonic() - start) * speed;
  return {
    now: () => Math.round(began + passed() + offsetMs),
    monotonic: () => start + passed(),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    after: (ms, run) => systemClock.after(ms / speed, run),
    turn: () => systemClock.turn(),
    jump: (byMs) => void (offsetMs += byMs),
  };
}
