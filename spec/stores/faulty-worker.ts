// The worker of the sqlite store with failing statements, as on a failing disk. The result code and
// the statement are environment data of the thread; it begins after the key `armed` was written.

import { StatementSync } from 'node:sqlite';
import { getEnvironmentData, parentPort } from 'node:worker_threads';

/** A statement that fails. */
export interface Fault {
  /** SQLite's result code; 0 ends the thread. */
  readonly errcode: number;
  /** The beginning of the statement. */
  readonly sql: string;
  readonly times: number;
}

const { errcode, sql, times } = getEnvironmentData('fault') as Fault;
let isArmed = false;
let isWriting = false;
let left = times;

for (const name of ['run', 'get'] as const) {
  const original = Reflect.get(StatementSync.prototype, name) as (...values: unknown[]) => unknown;
  Reflect.set(
    StatementSync.prototype,
    name,
    function failing(this: StatementSync, ...values: unknown[]): unknown {
      const text = this.sourceSQL.trimStart();
      if (isArmed && left > 0 && text.startsWith(sql)) {
        left -= 1;
        if (errcode === 0) parentPort?.close();
        throw Object.assign(new Error('made to fail'), { errcode });
      }
      const answer = original.apply(this, values);
      isWriting ||= text.includes('INTO keep') && values[0] === 'armed';
      if (isWriting && text.startsWith('COMMIT')) isArmed = true;
      return answer;
    },
  );
}

await import('../../lib/stores/sqlite/worker/worker.ts');
