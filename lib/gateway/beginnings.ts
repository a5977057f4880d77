// What a start without a position means where the store keeps nothing: whatever happened before it
// is unknown, and that is said, once for each watch path.

import type { Batch, Gap, Positions } from '../core/source.ts';

/** Marks the first position of each path with a gap. */
export class Beginnings {
  readonly #known: Set<string>;

  constructor(positions: Positions) {
    this.#known = new Set(positions.keys());
  }

  /** The batch, with a gap for each path that begins in it. */
  mark(batch: Batch): Batch {
    const gaps: Gap[] = [];
    for (const [path, to] of batch.positions) {
      if (this.#known.has(path)) continue;
      this.#known.add(path);
      const why =
        'a start with a store that keeps nothing: earlier Events and deliveries are not known';
      gaps.push({ source: batch.source, path, loss: 'possible-loss', why, from: null, to });
    }
    return gaps.length === 0 ? batch : { ...batch, gaps: [...batch.gaps, ...gaps] };
  }
}
