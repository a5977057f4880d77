// The command line of the bench.

import { parseArgs } from 'node:util';
import { USUAL_EVENTS } from './part.ts';

/** Parsed options. */
export interface BenchOptions {
  /** Names of parts; empty: all. */
  readonly only: readonly string[];
  /** Parts of the names of variants; empty: all. */
  readonly variants: readonly string[];
  readonly rounds: number;
  readonly events: number;
  /** Where processor profiles of the gateway go. */
  readonly cpuProf: string | null;
  /** Where results are written; null: nowhere. */
  readonly out: string | null;
}

/** The usage text. */
export const USAGE = `node spec/bench/run.ts [flags]
  --only NAME     one part; may be repeated. Results are then printed and written nowhere
  --variant TEXT  only variants whose name has this; may be repeated. Floors are variants, too
  --rounds N      default 5
  --events N      Events of the reject case, default ${USUAL_EVENTS}; other cases in proportion
  --cpu-prof DIR  writes processor profiles of every gateway there
  --out FILE      where results go, from the root of the project
`;

// A median of fewer would be one disturbed run.
const USUAL_ROUNDS = 5;

/** Parses a command line; throws if it is invalid. */
export function parseOptions(args: readonly string[], usualOut: string): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      variant: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      events: { type: 'string' },
      'cpu-prof': { type: 'string' },
      out: { type: 'string' },
    },
  });
  const only = values.only ?? [];
  const variants = values.variant ?? [];
  const isWhole = only.length === 0 && variants.length === 0;
  return {
    only,
    variants,
    rounds: countOf('rounds', values.rounds, USUAL_ROUNDS),
    events: countOf('events', values.events, USUAL_EVENTS),
    cpuProf: values['cpu-prof'] ?? null,
    out: values.out ?? (isWhole ? usualOut : null),
  };
}

function countOf(flag: string, text: string | undefined, usual: number): number {
  const count = text === undefined ? usual : Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`--${flag} takes a whole number above 0, not "${text}"\n${USAGE}`);
}
