// The work of a child process on a store until it is killed: numbered batches of deliveries and ledger
// entries that follow from their number.

import type { Commit } from '../../lib/core/ports/store.ts';
import { aCommit, anEntry, deliveries, idOf, NOW, PATH } from '../support/builders.ts';

/** The number of deliveries in each commit. */
export const BATCH = 4;

/** The path whose position is the number of the last commit. */
export const POSITION_PATH = PATH;

/** The ledger key of a delivery. */
export function workKey(id: string): string {
  return `k ${id}`;
}

/** The commit with a number, from 0; always the same. */
export function commitOf(number: number): Commit {
  const made = deliveries(BATCH).map((one, place) => {
    const id = idOf(number * BATCH + place);
    return { ...one, id, key: workKey(id), object: `v1/Pod/shop/web-${(number * 7 + place) % 50}` };
  });
  return aCommit({
    deliveries: made,
    ledger: made.map(({ id, key }) => anEntry({ key, id, eventKey: `shop/${id}` })),
    decisions: made.map(({ id }) => ({ id, at: NOW, trail: [] })),
    positions: new Map([[POSITION_PATH, { resourceVersion: `${number}`, at: NOW }]]),
  });
}
