// Imports modules in a process that has imported nothing else, and measures what that took.

import { serve, sharedNow } from '../rpc.ts';

/** What an import took. */
export interface Imported {
  /** Growth of the resident memory, in MB. */
  readonly mb: number;
  readonly ms: number;
}

/** Imports these modules, one after the other. */
async function load(specifiers: readonly string[]): Promise<Imported> {
  const before = process.memoryUsage.rss();
  const startedAt = sharedNow();
  for (const specifier of specifiers) await import(specifier);
  const ms = sharedNow() - startedAt;
  return { mb: (process.memoryUsage.rss() - before) / 1e6, ms };
}

serve({ load });
