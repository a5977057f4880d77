// One target in a thread of its own, so that two run in parallel and one that hangs can be ended.

import { parentPort, workerData } from 'node:worker_threads';
import { type Range, runSession } from './session.ts';
import { targetOf } from './targets.ts';

/** Messages to a worker. */
export interface WorkerTask {
  readonly target: string;
  readonly range: Range;
  /** Where it says which case it is at: the number and how many began, as 32-bit integers. */
  readonly progress: SharedArrayBuffer;
}

const { target, range, progress } = workerData as WorkerTask;
const cells = new Int32Array(progress);
const tally = await runSession(targetOf(target), range, {
  began: (number) => {
    Atomics.store(cells, 0, number);
    Atomics.add(cells, 1, 1);
  },
});
parentPort?.postMessage(tally);
