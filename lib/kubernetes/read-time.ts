// When something was read, by the server's clock: the answer's Date header plus the monotonic time
// since. The gateway's own wall clock may be hours off, and everything is compared with times that
// the cluster wrote.

import type { Clock } from '../core/clock.ts';

/** The Date header in ms since 1970; `now` where there is none that parses. */
export function readAtOf(headers: Readonly<Record<string, string>>, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}

/** A running server clock, started by one answer: ms since 1970 at each call. */
export function serverClock(headers: Readonly<Record<string, string>>, clock: Clock): () => number {
  const date = readAtOf(headers, clock.now());
  const since = clock.monotonic();
  return () => Math.round(date + clock.monotonic() - since);
}
