// Plays a recording into a store: at the pace at which it was recorded, some times that, or as fast
// as it can be read. What was recorded as simultaneous is applied without a pause between.

import type { Clock } from '../core/clock.ts';
import type { EventStore } from './event-store.ts';
import type { RecordingEntry } from './recording.ts';

/** How many times faster than recorded, or as fast as can be. */
export type Speed = number | 'full';

/** A recording as a file gives it, or as a spec writes it down. */
export type Recording = AsyncIterable<RecordingEntry> | Iterable<RecordingEntry>;

/** How far a recording has been played. */
export interface Progress {
  readonly applied: number;
  /** Entries that changed nothing: without a name, or the end of what had not begun. */
  readonly skipped: number;
}

/** What playing needs. */
export interface PlayerParts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly speed: Speed;
  readonly progressed: (progress: Progress) => void;
}

/** Plays to the end; rejects with the signal's reason, or with what the recording throws. */
export async function play(
  recording: Recording,
  parts: PlayerParts,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, speed, progressed } = parts;
  const startedAt = clock.monotonic();
  let firstAt: number | undefined;
  let progress: Progress = { applied: 0, skipped: 0 };
  for await (const { at, type, object } of recording) {
    firstAt ??= at;
    if (speed !== 'full') {
      const waitMs = startedAt + (at - firstAt) / speed - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    }
    signal.throwIfAborted();
    const counted = store.apply(type, object) ? 'applied' : 'skipped';
    progress = { ...progress, [counted]: progress[counted] + 1 };
    progressed(progress);
  }
}
