// Where the reading of a watch path begins, given the positions that were kept: its own, that of the
// path that covers it, those of the paths it covers. The newest of them counts, for a state that was
// read under one configuration is not judged again under the next. Nothing is asked of a server.

import { compareVersions, type JsonObject, stringAt } from '../../core/event.ts';
import type { Gap, Position, Positions } from '../../core/source.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import { covers, positionKeyOf, type WatchTarget } from './watch-target.ts';

/** Where the reading begins. */
export interface StartPoint {
  /** Null: a complete list must come first. */
  readonly position: Position | null;
  /** Of that first list: the version above which an item is new; null: judged as at a first start. */
  readonly floorOf: (object: JsonObject) => string | null;
  /** The positions from which it goes on, the one read longest ago first. */
  readonly known: readonly Position[];
}

/** Servers' clocks may differ by so much. */
const CLOCK_SLACK_MS = 60_000;

/** Where the reading of this path begins. */
export function startPointOf(watched: WatchTarget, positions: Positions): StartPoint {
  return watched.namespace === null ? ofAll(watched, positions) : ofOne(watched, positions);
}

/** The path of all namespaces brought everything of this one. */
function ofOne(watched: WatchTarget, positions: Positions): StartPoint {
  const covering = positions.get(positionKeyOf({ ...watched, namespace: null }));
  return resume(latterOf(positions.get(positionKeyOf(watched)), covering));
}

/** What was read of single namespaces since is not asked for again: a watch could not tell. */
function ofAll(watched: WatchTarget, positions: Positions): StartPoint {
  const own = positions.get(positionKeyOf(watched));
  const since = [...positions]
    .filter(([path, part]) => covers(watched, path) && latterOf(own, part) === part)
    .map(([, part]) => part);
  if (since.length === 0) return resume(own);
  const floorOf = (object: JsonObject): string | null => {
    const namespace = stringAt(object, 'metadata', 'namespace');
    const part = positions.get(positionKeyOf({ ...watched, namespace }));
    return latterOf(own, part)?.resourceVersion ?? null;
  };
  const known = [...(own === undefined ? [] : [own]), ...since].toSorted((a, b) => a.at - b.at);
  return { position: null, floorOf, known };
}

function resume(position: Position | undefined): StartPoint {
  const floor = position?.resourceVersion ?? null;
  const known = position === undefined ? [] : [position];
  return { position: position ?? null, floorOf: () => floor, known };
}

/**
 * The one that counts: that of the higher version, `own` where they are the same. One that was read
 * well before a lower one is of a store that has been replaced since, and not the future of this one.
 */
function latterOf(own: Position | undefined, other: Position | undefined): Position | undefined {
  if (own === undefined || other === undefined) return own ?? other;
  const order = compareVersions(own.resourceVersion, other.resourceVersion);
  if (order === 0) return own;
  const [low, high] = order < 0 ? [own, other] : [other, own];
  return low.at - high.at > CLOCK_SLACK_MS ? low : high;
}

// What may have been missed where a list took the place of a stream: always a gap of one of three
// kinds. A relist is no loss by itself: whatever was written meanwhile and is still there is in the
// list, in its last state. When to list and what its items are worth is the reader's.

/** A span in which nothing was read, and the list that ended it. */
export interface Relist {
  /** `at`: until when everything was heard of. */
  readonly from: Position;
  readonly to: Position;
  /** How many listed objects may have been written more than once within the span. */
  readonly hidden: number;
  /** Whether every page showed the same version of the store. */
  readonly isConsistent: boolean;
}

/** The kind of the gap; the cluster keeps objects for so long (ms), or null: until deleted. */
export function relistGap(
  { from, to, hidden, isConsistent }: Relist,
  keptForMs: number | null,
): Pick<Gap, 'loss' | 'why' | 'from' | 'to'> {
  const awayMs = Math.max(0, to.at - from.at);
  const away = renderDuration(Math.round(awayMs / 1000) * 1000);
  if (keptForMs !== null && awayMs > keptForMs) {
    // Whatever was written and expired again within the span can not be known.
    const why = `nothing was read for ${away}, and the cluster keeps them ${renderDuration(keptForMs)}`;
    return { loss: 'possible-loss', why, from, to };
  }
  if (!isConsistent) {
    const why = 'the pages of the list are of different versions';
    return { loss: 'possible-loss', why, from, to };
  }
  if (hidden > 0) {
    const why = `${hidden} may have been written more than once while nothing was read`;
    return { loss: 'coalesced', why, from, to };
  }
  const why = `listed anew after ${away}: all that was written meanwhile and is still there was read`;
  return { loss: 'none', why, from, to };
}
