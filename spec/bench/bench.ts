// Runs parts of the bench one after the other, each in a world of its own, and ends what it started
// whatever happens.

import type { Measured } from './figure.ts';
import type { Part } from './part.ts';
import { openWorld } from './world.ts';

/** What a run of the bench is asked for. */
export interface BenchRequest {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly events: number;
  readonly cpuProf: string | null;
  /** Tells of progress. */
  readonly say: (what: string) => void;
  /** Ends it early, with an error. */
  readonly stop: AbortSignal;
}

/** Measures. */
export async function runBench(request: BenchRequest): Promise<readonly Measured[]> {
  const { parts, rounds, events, cpuProf, say, stop } = request;
  const measured: Measured[] = [];
  for (const { name, summary, run } of parts) {
    await using world = await openWorld({ cpuProf });
    const context = { world, rounds, events, say: (what: string) => say(`${name}: ${what}`) };
    measured.push({ part: name, summary, figures: await unlessStopped(run(context), stop) });
  }
  return measured;
}

// What is given up here fails by itself, for the world it runs in is ended.
async function unlessStopped<T>(running: Promise<T>, stop: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const onStop = (): void => stopped.reject(stop.reason as Error);
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop);
  running.catch(() => undefined);
  try {
    return await Promise.race([running, stopped.promise]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
