// What may have been missed where a list took the place of a stream: always a gap of one of three
// kinds. A relist is no loss by itself: whatever was written meanwhile and is still there is in the
// list, in its last state. When to list and what its items are worth is the reader's.

import type { Gap, Position } from '../core/source.ts';
import { renderDuration } from '../kit/duration.ts';

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
