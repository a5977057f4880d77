// The heartbeat: a record for the next process. It shows how long no gateway ran, whether the clock
// was set back meanwhile, and for how long every path was read. Spans without a gateway are stored
// too, a bounded number of them, because deliveries do not age in them.

import type { Clock } from '../core/clock.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { KeyValues } from '../core/ports/store.ts';
import type { PauseSpan } from '../delivery/retry-age.ts';
import { repeat } from '../kit/async/repeat.ts';
import { jsonOrNothing } from '../kit/data/json.ts';

/** Last record of an earlier process. */
export interface Beat {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** See `RetentionClock`. */
  readonly readMs: number;
}

/** Dependencies of the heartbeat. */
interface HeartbeatParts {
  readonly keyValues: KeyValues;
  readonly clock: Clock;
  readonly readMs: () => number;
}

const KEPT_AS = 'heartbeat';
const SPANS_KEPT_AS = 'without-gateway';

/** A kill makes a delivery up to this much too young; a store that syncs has no load by it. */
const EVERY_MS = 10_000;

/** A restart each hour for a week; a forgotten span counts as if a gateway had run in it. */
const SPANS_KEPT = 200;

/** Reads the last beat of an earlier process; null if there is none, or none that can be read. */
export async function readBeat(keyValues: KeyValues): Promise<Beat | null> {
  const value = jsonOrNothing(await keyValues.read(KEPT_AS));
  const { at, readMs } = isJsonObject(value) ? value : {};
  if (typeof at !== 'number') return null;
  return { at, readMs: typeof readMs === 'number' ? readMs : 0 };
}

/** Adds a span that ends now to those without a gateway; returns all, the oldest first. */
export async function recordDowntime(
  keyValues: KeyValues,
  span: PauseSpan | null,
): Promise<readonly PauseSpan[]> {
  const value = jsonOrNothing(await keyValues.read(SPANS_KEPT_AS));
  const known = Array.isArray(value) ? value.filter(isSpan) : [];
  if (span === null || span.to <= span.from) return known;
  const spans = [...known, span].slice(-SPANS_KEPT);
  await keyValues.write(SPANS_KEPT_AS, JSON.stringify(spans));
  return spans;
}

/** Records at intervals that the gateway runs, until the signal aborts. */
export function keepBeating(parts: HeartbeatParts, signal: AbortSignal): Promise<void> {
  return repeat(() => recordBeat(parts), { clock: parts.clock, everyMs: EVERY_MS }, signal);
}

/** Records once that the gateway runs. */
export async function recordBeat({ keyValues, clock, readMs }: HeartbeatParts): Promise<void> {
  const beat: Beat = { at: clock.now(), readMs: readMs() };
  await keyValues.write(KEPT_AS, JSON.stringify(beat));
}

function isSpan(value: unknown): value is PauseSpan {
  const { from, to } = isJsonObject(value) ? value : {};
  return typeof from === 'number' && typeof to === 'number';
}
