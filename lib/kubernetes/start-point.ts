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
  /** The positions of the paths that it covers, the one read longest ago first. */
  readonly covered: readonly Position[];
}

const FIRST: StartPoint = { position: null, floorOf: () => null, covered: [] };

/** Where the reading of this path begins. */
export function startPointOf(watched: Watched, positions: Positions): StartPoint {
  const own = positions.get(positionKeyOf(watched));
  if (own !== undefined) return resume(own);
  return watched.namespace === null
    ? fromCovered(watched, positions)
    : fromCovering(watched, positions);
}

function resume(position: Position): StartPoint {
  return { position, floorOf: () => position.resourceVersion, covered: [] };
}

/** The path of all namespaces brought everything of this one. */
function fromCovering(watched: Watched, positions: Positions): StartPoint {
  const covering = positions.get(positionKeyOf({ ...watched, namespace: null }));
  return covering === undefined ? FIRST : resume(covering);
}

function fromCovered(watched: Watched, positions: Positions): StartPoint {
  const floorOf = (object: JsonObject): string | null => {
    const namespace = stringAt(object, 'metadata', 'namespace');
    const position = positions.get(positionKeyOf({ ...watched, namespace }));
    return position?.resourceVersion ?? null;
  };
  const covered = [...positions]
    .filter(([key]) => isCovered(key, watched))
    .map(([, position]) => position)
    .toSorted((a, b) => a.at - b.at);
  return { position: null, floorOf, covered };
}

function isCovered(key: string, watched: Watched): boolean {
  const namespace = /\/namespaces\/([^/?]+)\//.exec(key)?.[1];
  return namespace !== undefined && positionKeyOf({ ...watched, namespace }) === key;
}
