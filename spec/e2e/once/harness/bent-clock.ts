// The machine's clock, bent: set off by hours while the process runs, or passing faster, so that
// what takes an hour can be seen in seconds. The monotonic clock and the wall clock keep step but
// for jumps.

import type { Clock } from '../../../../lib/core/clock.ts';
import { systemClock } from '../../../../lib/kit/system.ts';

/** How a clock is bent. */
export interface Bend {
  /** How far the wall clock is off when the process starts, in ms. */
  readonly offsetMs: number;
  /** How much faster than the machine's it goes. */
  readonly speed: number;
}

/** A clock that can be set while it goes. */
export interface BentClock extends Clock {
  /** Makes the wall clock jump. */
  jump(byMs: number): void;
}

/** The machine's clock with a bend. */
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
