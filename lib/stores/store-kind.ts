// Dependencies of every kind of store, and the constants that all kinds share.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { WatchPath } from '../core/ports/source.ts';

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
