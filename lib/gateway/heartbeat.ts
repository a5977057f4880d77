// The heartbeat: what a process leaves behind so that the next one knows how long nobody worked,
// whether the clock went back meanwhile, and for how long everything has been read. Spans without a
// gateway are kept for a bounded number of them, for ages of deliveries are counted without them.

import type { Clock } from '../core/clock.ts';
import type { KeyValues } from '../core/store.ts';
import type { PauseSpan } from '../delivery/retry-age.ts';
import { jsonOrNothing } from '../kit/data/json.ts';

/** What an earlier process wrote down last. */
export interface Beat {
  /** When it worked last; wall clock, ms since 1970. */
  readonly at: number;
  /** See `RetentionClock`. */
  readonly readMs: number;
}

/** What the heart works with. */
interface HeartbeatParts {
  readonly keep: KeyValues;
  readonly clock: Clock;
  readonly readMs: () => number;
}

const KEPT_AS = 'heartbeat';
const SPANS_KEPT_AS = 'without-gateway';

/** A delivery ages by so much too little at each kill; a store that syncs does not feel it. */
const EVERY_MS = 10_000;

/** A restart each hour for a week; what is forgotten ages as if a gateway had run. */
const SPANS_KEPT = 200;

/** The last beat of an earlier process; null where there was none, or none that can be read. */
export async function readBeat(keep: KeyValues): Promise<Beat | null> {
  const value = jsonOrNothing(await keep.read(KEPT_AS));
  if (typeof value !== 'object' || value === null) return null;
  if (!('at' in value) || typeof value.at !== 'number') return null;
  const readMs = 'readMs' in value && typeof value.readMs === 'number' ? value.readMs : 0;
  return { at: value.at, readMs };
}

/** Adds the span that ends now to those without a gateway; answers all of them, the oldest first. */
export async function recordDowntime(
  keep: KeyValues,
  span: PauseSpan | null,
): Promise<readonly PauseSpan[]> {
  const value = jsonOrNothing(await keep.read(SPANS_KEPT_AS));
  const known = Array.isArray(value) ? value.filter(isSpan) : [];
  if (span === null || span.to <= span.from) return known;
  const spans = [...known, span].slice(-SPANS_KEPT);
  await keep.write(SPANS_KEPT_AS, JSON.stringify(spans));
  return spans;
}

/** Beats while the gateway works. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Beats until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.beat();
      await this.#parts.clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Beats once. */
  async beat(): Promise<void> {
    const { keep, clock, readMs } = this.#parts;
    const beat: Beat = { at: clock.now(), readMs: readMs() };
    await keep.write(KEPT_AS, JSON.stringify(beat));
  }
}

function isSpan(value: unknown): value is PauseSpan {
  if (typeof value !== 'object' || value === null || !('from' in value) || !('to' in value)) {
    return false;
  }
  return typeof value.from === 'number' && typeof value.to === 'number';
}
