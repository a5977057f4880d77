// Opens the sqlite store in a child process of the specs, which is killed at a named point.

import { setEnvironmentData } from 'node:worker_threads';
import type { Store } from '../../lib/core/ports/store.ts';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import type { Point } from './failing-worker.ts';

/** Named points of a transaction. At the fortieth time or so the store already has other work. */
export const POINTS: Readonly<Record<string, Point>> = {
  'before BEGIN': { before: 'BEGIN', nth: 40 },
  'before the first row of a delivery': { before: 'INSERT INTO delivery', nth: 40 },
  'between the row and the body of a delivery': { before: 'INSERT INTO body', nth: 41 },
  'between deliveries and ledger': { before: 'INSERT INTO ledger', nth: 40 },
  'before the position': { before: 'INSERT INTO position', nth: 20 },
  'between the state of a delivery and its queue': { before: 'UPDATE queue', nth: 40 },
  'after an attempt was noted, before COMMIT': { after: 'UPDATE delivery SET attempts', nth: 20 },
  'before COMMIT': { before: 'COMMIT', nth: 40 },
  'after COMMIT, before the answer': { after: 'COMMIT', nth: 40 },
};

/** Opens the store; without a point the parent process kills it. */
export async function open(point: string, path: string): Promise<Store> {
  const named = POINTS[point];
  if (named === undefined) return openSqliteStore({ path, maxBytes: 0 });
  setEnvironmentData('point', named);
  const worker = new URL('./failing-worker.ts', import.meta.url);
  return openSqliteStore({ path, maxBytes: 0, worker });
}
