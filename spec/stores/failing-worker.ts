// The worker of the sqlite store in a process that is killed at a named point of a transaction. The
// point is environment data of the thread: `after` kills after a statement with this beginning has
// run for the `nth` time, `before` kills before that run.

import { StatementSync } from 'node:sqlite';
import { getEnvironmentData } from 'node:worker_threads';

/** A point at which to kill. */
export interface Point {
  readonly before?: string;
  readonly after?: string;
  readonly nth: number;
}

const { before, after, nth } = getEnvironmentData('point') as Point;
let left = nth;

function countDown(statement: StatementSync, point: string | undefined): void {
  if (point === undefined || !statement.sourceSQL.trimStart().startsWith(point)) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['run', 'get'] as const) {
  const original = Reflect.get(StatementSync.prototype, name) as (...values: unknown[]) => unknown;
  Reflect.set(
    StatementSync.prototype,
    name,
    function failing(this: StatementSync, ...values: unknown[]): unknown {
      countDown(this, before);
      const answer = original.apply(this, values);
      countDown(this, after);
      return answer;
    },
  );
}

await import('../../lib/stores/sqlite/worker/worker.ts');
