// From where a source goes on: from its own positions, and from those of a source that has another
// name now, or that gave some of its namespaces away. So a path that was read before is not begun
// anew because somebody else reads it. Where reading goes on from several is the source's to say.

import type { Batch, Gap, Position, Positions, Source } from '../core/source.ts';

/** What decides who goes on from where. */
interface Inheritance {
  /** By the name of the source. */
  readonly positions: ReadonlyMap<string, Positions>;
  /** The sources that are configured. */
  readonly sources: readonly Pick<Source, 'name' | 'heirsOf'>[];
}

/** The positions from which a source goes on. */
export function positionsOf(name: string, { positions, sources }: Inheritance): Positions {
  const own = positions.get(name) ?? new Map<string, Position>();
  const found = new Map(own);
  for (const [path, { owner, position }] of latest(positions)) {
    const reader = sources.find((one) => one.name === owner);
    // Beside one that goes on reading it, another begins by its own `firstStart`.
    const isRead = reader?.heirsOf(path).some((heir) => heir.path === path) ?? false;
    if (!isRead) found.set(path, position);
  }
  return found;
}

interface Owned {
  readonly owner: string;
  readonly position: Position;
}

/** Of each path the position read last, whosever it is: an older one says nothing of since. */
function latest(positions: ReadonlyMap<string, Positions>): ReadonlyMap<string, Owned> {
  const found = new Map<string, Owned>();
  for (const [owner, paths] of positions) {
    for (const [path, position] of paths) {
      const known = found.get(path);
      if (known === undefined || known.position.at < position.at) {
        found.set(path, { owner, position });
      }
    }
  }
  return found;
}

// What a start without a position means where the store keeps nothing: whatever happened before it
// is unknown, and that is said, once for each watch path.

/** Marks the first position of each path with a gap. */
export class VolatileStartGaps {
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
