// Dependencies of every kind of store, and the one constant that all kinds share.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { WatchPath } from '../core/source.ts';

/** Dependencies of a store. */
export interface StoreParts {
  /** The folder of relative paths, and of a store without a configured path. */
  readonly folder: string;
  /** Size in bytes beyond which new deliveries are not stored; 0: no bound. */
  readonly maxBytes: number;
  /** Receives the store's observations, if present. */
  readonly observe?: Observe;
  /** Schedules checks of the files of a store that stays open; absent: they are not checked. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/** After this time a waiting retry no longer blocks its successors under `order: object`. */
export const OVERTAKE_MS = 60_000;

/** Gaps kept for listings. */
export const GAPS_KEPT = 1_000;

/** The path that now reads a key of a retired path; undefined if none does. */
export function heirOf(heirs: readonly WatchPath[], eventKey: string): string | undefined {
  const namespace = eventKey.slice(0, eventKey.indexOf('/'));
  return heirs.find((one) => one.namespace === null || one.namespace === namespace)?.path;
}
