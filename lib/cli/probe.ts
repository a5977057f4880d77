// `sluice probe`: the command of an exec probe, because an image without a shell has no `find` or `test`.

import { stat } from 'node:fs/promises';
import { fileTrouble } from '../kit/file-trouble.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import type { Command } from './command.ts';
import { durationOf, textFlag, usage } from './flags.ts';

/** Three beats of the default interval. */
const MAX_AGE_MS = 30_000;

/** Exits 0 if the heartbeat file of a gateway is recent, else 1. */
export const probeCommand: Command = {
  name: 'probe',
  summary: 'checks the heartbeat file of a gateway, for an exec probe',
  synopsis: '--heartbeat FILE [--max-age DURATION]',
  flags: {
    heartbeat: textFlag('FILE', 'the file of http.probes.heartbeat'),
    'max-age': textFlag('DURATION', 'the largest age of the file that is healthy; default 30s'),
  },
  notes:
    'Exits 0 if the file is recent, and 1 with the reason on standard error if it is old or missing.',
  run: async (given, { stderr, clock }) => {
    const file = given.text('heartbeat');
    if (file === undefined) throw usage('probe needs --heartbeat FILE');
    const maxAgeMs = durationOf(given, 'max-age', '30s') ?? MAX_AGE_MS;
    const trouble = await troubleOf(file, maxAgeMs, clock.now());
    if (trouble === null) return 0;
    stderr.write(`sluice: heartbeat ${file}: ${trouble}\n`);
    return 1;
  },
};

async function troubleOf(file: string, maxAgeMs: number, now: number): Promise<string | null> {
  try {
    const ageMs = now - (await stat(file)).mtimeMs;
    // A file from the future is no proof either: the clock was set back, and no beat came since.
    if (Math.abs(ageMs) <= maxAgeMs) return null;
    const age = renderDuration(Math.round(Math.abs(ageMs) / 1000) * 1000);
    const relation = ageMs > 0 ? 'old' : 'ahead of the clock';
    return `${age} ${relation} (expected at most ${renderDuration(maxAgeMs)})`;
  } catch (error) {
    return fileTrouble(error);
  }
}
