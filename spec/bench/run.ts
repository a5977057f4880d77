// `make bench`: measures the gateway beside the floors, prints a table of ratios, and writes what was
// measured to a file. Progress goes to standard error.

import { loadavg } from 'node:os';
import { inspect } from 'node:util';
import { runBench } from './bench.ts';
import { writeDocument } from './document.ts';
import { parseOptions } from './options.ts';
import { PARTS } from './parts/registry.ts';
import { renderTable } from './report.ts';
import { committedResults, RESULTS_FILE, toResults, writeResults } from './results.ts';
import { sharedNow } from './rpc.ts';

const MS_PER_SECOND = 1000;

async function main(args: readonly string[]): Promise<void> {
  const { only, variants, rounds, events, cpuProf, out } = parseOptions(args, RESULTS_FILE);
  const unknown = only.filter((name) => PARTS.every((part) => part.name !== name));
  if (unknown.length > 0) {
    const known = PARTS.map(({ name }) => name).join(', ');
    throw new Error(`no part "${unknown.join('", "')}"; there are ${known}`);
  }
  const parts = PARTS.filter(({ name }) => only.length === 0 || only.includes(name));
  const [loadBefore = 0] = loadavg();
  const startedAt = sharedNow();
  const seconds = (): string => String(Math.round((sharedNow() - startedAt) / MS_PER_SECOND));
  const say = (what: string): void => {
    process.stderr.write(`${seconds().padStart(4)} s  ${what}\n`);
  };
  const wants = (name: string): boolean =>
    variants.length === 0 || variants.some((text) => name.includes(text));
  const measured = await runBench({ parts, rounds, events, cpuProf, wants, say, stop: stopped() });
  const results = toResults(measured, { rounds, events, loadBefore });
  process.stdout.write(`\n${renderTable(results, committedResults())}`);
  if (out === null) return;
  writeResults(out, results);
  if (out === RESULTS_FILE) writeDocument(results);
  process.stdout.write(`written to ${out}\n`);
}

/** Aborts when a person or a machine has seen enough; what was started is ended then, too. */
function stopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  return stop.signal;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${inspect(error)}\n`);
  process.exitCode = 1;
}
