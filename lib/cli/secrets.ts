// Whether what a configuration names can be read: files and variables with secrets and certificates.
// `run` does not start without them, `check` only warns: they may be on another machine.

import type { Problem } from '../core/problem.ts';
import { readNeeded } from '../kit/secret.ts';
import type { Surroundings } from './command.ts';
import type { Found } from './configuration.ts';

const HINTS = {
  error: 'write the secret there, or name another file or variable',
  warning: 'run does not start without it where it runs: write the secret there, or name another',
} as const;

/** A problem for each secret that can not be read now, or that can not be one. */
export async function secretProblems(
  { secrets, folder }: Pick<Found, 'secrets' | 'folder'>,
  { environment }: Surroundings,
  severity: 'error' | 'warning',
): Promise<readonly Problem[]> {
  const places = { folder, environment };
  const problems = secrets.map(async (needed): Promise<readonly Problem[]> => {
    const read = await readNeeded(needed, places);
    if (read.ok) return [];
    const { path, line, column } = needed;
    return [
      {
        ...{ severity, code: 'secret-unreadable', path, line, column },
        message: `found ${read.why} (expected a readable secret)`,
        hint: HINTS[severity],
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}
