// A loop that works, sleeps and works again. It absorbs nothing: an error of the work ends it.

import type { Clock } from '../../core/clock.ts';

/** Does the work, and again `everyMs` after it has ended, until the signal aborts. */
export async function repeat(
  work: () => Promise<unknown>,
  { clock, everyMs }: { readonly clock: Pick<Clock, 'sleep'>; readonly everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await work();
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}
