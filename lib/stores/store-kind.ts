// Dependencies of every kind of store, and the constants and decisions that all kinds share.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { WatchPath } from '../core/ports/source.ts';
import type { ClaimRequest } from '../core/ports/store.ts';

/** Dependencies of a store. */
export interface StoreParts {
  /** The folder of relative paths, and of a store without a configured path. */
  readonly folder: string;
  /** Size in bytes beyond which new deliveries are not stored; 0: no bound. */
  readonly maxBytes: number;
  /** Receives the store's observations, if present. */
  readonly observe?: Observe;
  /** Spaces the checks of a store's files while it is open; absent: they are not checked. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/** After this time a waiting retry no longer blocks its successors under `order: object`. */
const OVERTAKE_MS = 60_000;

/** When a waiting delivery is due, and when its last attempt ended; null if there was none. */
export interface DueTimes {
  readonly dueAt: number;
  readonly endedAt: number | null;
}

/**
 * The delivery of an object that may be attempted; else when to check again, Infinity if none waits.
 * If sorted by due time, the first one is sufficient.
 */
export function firstDue<Waiting extends DueTimes>(
  waiting: Iterable<Waiting>,
  order: ClaimRequest['order'],
  now: number,
): { readonly due: Waiting | undefined; readonly lookAt: number } {
  let lookAt = Number.POSITIVE_INFINITY;
  for (const due of waiting) {
    if (due.dueAt <= now) return { due, lookAt: now };
    lookAt = Math.min(lookAt, due.dueAt);
    if (order === 'none') break;
    // A delivery that was never attempted cannot be overtaken.
    const passableAt = due.endedAt === null ? Number.POSITIVE_INFINITY : due.endedAt + OVERTAKE_MS;
    if (passableAt > now) return { due: undefined, lookAt: Math.min(lookAt, passableAt) };
  }
  return { due: undefined, lookAt };
}

/** Gaps kept for listings. */
export const GAPS_KEPT = 1_000;

/** Deletes the oldest entry of a map that has more than `kept`. */
export function dropOldest(map: Map<string, unknown>, kept: number): void {
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > kept) map.delete(oldest);
}

/** The path that now reads a key of a retired path; undefined if none does. */
export function successorOf(
  successors: readonly WatchPath[],
  eventKey: string,
): string | undefined {
  const namespace = eventKey.slice(0, eventKey.indexOf('/'));
  return successors.find((one) => one.namespace === null || one.namespace === namespace)?.path;
}
