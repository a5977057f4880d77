// Where the reading of a watch path begins, given the positions that were kept: from its own, from
// that of a path that covered it, from those of the paths it now covers, or for the first time.
import { stringAt } from '../core/event.ts';
import type { JsonObject } from '../core/event.ts';
import type { Position, Positions } from '../core/source.ts';
import { positionKeyOf } from './watched.ts';
import type { Watched } from './watched.ts';

/** Where the reading begins. */
export interface StartPoint {
  /** Null: a complete list must come first. */
  readonly position: Position | null;
  /** Of that first list: the version above which an item is new; null: judged as at a first start. */
  readonly floorOf: (object: JsonObject) => string | null;
}

const FIRST: StartPoint = { position: null, floorOf: () => null };

/** Where the reading of this path begins. */
export function startPointOf(watched: Watched, positions: Positions): StartPoint {
  const own = positions.get(positionKeyOf(watched));
  if (own !== undefined) return resume(own);
  return watched.namespace === null
    ? fromCovered(watched, positions)
    : fromCovering(watched, positions);
}

function resume(position: Position): StartPoint {
  return { position, floorOf: () => position.resourceVersion };
}

/** The path of all namespaces brought everything of this one. */
function fromCovering(watched: Watched, positions: Positions): StartPoint {
  const covering = positions.get(positionKeyOf({ ...watched, namespace: null }));
  return covering === undefined ? FIRST : resume(covering);
}

function fromCovered(watched: Watched, positions: Positions): StartPoint {
  if (positions.size === 0) return FIRST;
  const floorOf = (object: JsonObject): string | null => {
    const namespace = stringAt(object, 'metadata', 'namespace');
    const position = positions.get(positionKeyOf({ ...watched, namespace }));
    return position?.resourceVersion ?? null;
  };
  return { position: null, floorOf };
}
