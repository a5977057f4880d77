// What a kind of store may have, and nothing more.

import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';

/** What a kind of store may have. */
export interface StoreParts {
  /** Where relative paths begin, and where a store without a path of its own lies. */
  readonly folder: string;
  /** New deliveries are not stored beyond so many bytes; 0: no bound. */
  readonly maxBytes: number;
  /** Told of what a store notices by itself; absent: nobody is. */
  readonly observe?: Observe;
  /** Of a store that is open for long: says when to look after its files. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

// What every store that keeps order within an object agrees on.

/** After so long a waiting retry no longer holds up its successors under `order: object`. */
export const OVERTAKE_MS = 60_000;
