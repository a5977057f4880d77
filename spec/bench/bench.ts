// Runs parts of the bench one after the other in one world, and always ends what it started.

import type { Measured } from './figure.ts';
import type { Part, PartContext } from './part.ts';
import { openWorld } from './world.ts';

/** Options of a run of the bench. */
export interface BenchRequest {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly events: number;
  readonly cpuProf: string | null;
  readonly wants: PartContext['wants'];
  /** Tells of progress. */
  readonly say: (what: string) => void;
  /** Ends it early, with an error. */
  readonly stop: AbortSignal;
}

/** Measures. */
export async function runBench(request: BenchRequest): Promise<readonly Measured[]> {
  const { parts, rounds, events, cpuProf, wants, say, stop } = request;
  const measured: Measured[] = [];
  await using world = await openWorld({ cpuProf });
  for (const { name, summary, run } of parts) {
    const told = (what: string): void => say(`${name}: ${what}`);
    const context = { world, rounds, events, wants, say: told };
    const figures = await unlessStopped(run(context), stop);
    const complete = figures.filter((figure) => figure.rounds.length > 0);
    measured.push({ part: name, summary, figures: complete });
  }
  return measured;
}

// An abandoned part fails by itself, because its world is ended.
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
