// The only place in specs that waits: for a condition, with a deadline.

import { setTimeout as pause, setImmediate as turnOfTheLoop } from 'node:timers/promises';

// Quick enough that a spec does not feel it, slow enough that asking is not the load.
const PAUSE_MS = 10;

/**
 * Asks a condition again and again until it gives something, and answers that.
 *
 * **Errors**: at the deadline, naming what was waited for; a condition that throws (an assertion)
 * is asked again, and its last error is the cause.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  deadlineMs = 5000,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  let trouble: unknown;
  do {
    try {
      const found = await condition();
      if (isThere(found)) return found;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    await pause(PAUSE_MS);
  } while (performance.now() < end);
  throw new Error(`waiting for ${what}: not so after ${deadlineMs} ms`, { cause: trouble });
}

/** Lets so many turns of the event loop pass, so that bytes on a loopback socket arrive. */
export async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await turnOfTheLoop();
}

function isThere<T>(found: T): found is Exclude<T, false | null | undefined> {
  return found !== false && found !== null && found !== undefined;
}
