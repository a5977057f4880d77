// What a start finds: the work that earlier processes left behind, for how long nobody worked, and
// watch paths that nobody reads any more. It reports and hands on; it attempts nothing.

import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { PathPart, Source } from '../core/source.ts';
import type { RenamedTrigger, Store } from '../core/store.ts';
import { JUMP_MS } from './clock-watch.ts';
import { type Beat, Heartbeat, readBeat } from './heartbeat.ts';

/** What taking up works with. */
export interface TakeUpParts {
  readonly store: Pick<Store, 'upkeep' | 'keep'>;
  readonly clock: Clock;
  readonly incarnation: string;
  /** Triggers that have another name now. */
  readonly renamed: readonly RenamedTrigger[];
  readonly observe: Observe;
}

/** What was taken up. */
export interface TakenUp {
  /** Deliveries whose attempt was running when its process died. */
  readonly lost: readonly Delivery[];
  /** Every watch path that the store knows. */
  readonly paths: readonly string[];
  /** When an earlier process worked last, wall clock; null where none did. */
  readonly aliveAt: number | null;
  /** What earlier processes counted (see `RetentionClock`). */
  readonly readMs: number;
  /** By how much the clock went back while nobody watched it, in ms below zero; else 0. */
  readonly jumpedMs: number;
}

/** Takes up the work of earlier processes: before anything else. */
export async function takeUp(parts: TakeUpParts): Promise<TakenUp> {
  const { store, clock, incarnation, renamed, observe } = parts;
  const begun = await store.upkeep.begin({ incarnation, now: clock.now(), renamed });
  const { lost, unattempted, paths } = begun;
  const beat = await readBeat(store.keep);
  const downMs = beat === null ? null : Math.max(0, clock.now() - beat.at);
  observe({ kind: 'work-resumed', lost: lost.length, unattempted, downMs });
  for (const delivery of lost) tellLost(delivery, observe);
  if (beat === null) return { lost, paths, aliveAt: null, readMs: 0, jumpedMs: 0 };
  const { at, readMs } = beat;
  const jumpedMs = await followClock(beat, parts);
  return { lost, paths, aliveAt: Math.min(at, clock.now()), readMs, jumpedMs };
}

function tellLost(delivery: Delivery, observe: Observe): void {
  const { outcome, durationMs } = delivery.attempts.at(-1) ?? { outcome: null, durationMs: null };
  if (outcome === null) return;
  observe({ kind: 'attempt-ended', delivery, outcome, durationMs: durationMs ?? 0 });
}

/** A clock that stands before the last beat went back while nobody watched it. */
async function followClock(beat: Beat, { store, clock, observe }: TakeUpParts): Promise<number> {
  const byMs = clock.now() - beat.at;
  if (byMs > -JUMP_MS) return 0;
  await store.upkeep.shift(byMs);
  // At once: a start that dies now would find the same jump again.
  await new Heartbeat({ keep: store.keep, clock, readMs: () => beat.readMs }).beat();
  observe({ kind: 'clock-jumped', byMs });
  return byMs;
}

/** Hands over what is known of watch paths that are read under other paths now, or not at all. */
export async function retirePaths(
  paths: readonly string[],
  sources: readonly Source[],
  at: { readonly store: Pick<Store, 'upkeep'>; readonly readMs: number; readonly observe: Observe },
): Promise<void> {
  for (const path of paths) {
    const heirs = sources.flatMap((source) => source.heirsOf(path));
    if (heirs.some((heir) => isItself(heir, path))) continue;
    await at.store.upkeep.retire({ path, heirs, readMs: at.readMs });
    const names = [...new Set(heirs.map((heir) => heir.path))];
    at.observe({ kind: 'path-retired', path, heirs: names });
  }
}

function isItself(heir: PathPart, path: string): boolean {
  return heir.path === path && heir.namespace === null;
}
