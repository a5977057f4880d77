// Figures of runs: the reported numbers, and the ratios between two variants of a round.

import { ratios } from './arithmetic.ts';
import type { Figure, Unit } from './figure.ts';
import type { Run } from './measure.ts';

/** Figures of one variant by itself. */
export function plainFigures(name: string, runs: readonly Run[]): readonly Figure[] {
  const figure = (what: string, unit: Unit, of: (run: Run) => number): Figure => ({
    name: `${what} ${name}`,
    unit,
    meaning: `${MEANINGS[what] ?? what}, ${name}`,
    rounds: runs.map(of),
  });
  return [
    figure('rate', 'per second', (run) => run.perSecond),
    figure('cpu', 'µs CPU per Event', (run) => run.cpuMicrosPerEvent),
    figure('idle', 'MB', (run) => run.idle.rssMb),
    figure('peak', 'MB', (run) => run.end.peakMb),
    ...(runs.some((run) => run.logBytesPerEvent >= 1)
      ? [figure('log', 'bytes per Event', (run) => run.logBytesPerEvent)]
      : []),
  ];
}

/** How fast Events were committed, where that was asked of each run. */
export function committedFigure(name: string, runs: readonly Run[]): readonly Figure[] {
  const rounds = runs.flatMap(({ committedPerSecond }) => committedPerSecond ?? []);
  if (rounds.length < runs.length) return [];
  const meaning = `Events per second from the first frame written to the last one committed, ${name}`;
  return [{ name: `committed ${name}`, unit: 'per second', meaning, rounds }];
}

const MEANINGS: Readonly<Record<string, string>> = {
  rate: 'Events per second from the first frame written to the last one out, whole box',
  cpu: 'user and system time of the measured process alone, without its start',
  idle: 'resident memory before the first Event',
  peak: 'the most resident memory of its life (VmHWM)',
  log: 'what is written to the log file',
};

/** Memory figures of one variant. */
export function memoryFigures(name: string, runs: readonly Run[]): readonly Figure[] {
  return plainFigures(name, runs).filter(({ unit }) => unit === 'MB');
}

/** A ratio between two variants, round by round. */
export function ratioFigure(
  name: string,
  [upper, lower]: readonly [readonly Run[], readonly Run[]],
  of: (run: Run) => number,
): Figure {
  const meaning = `${name}, of the same round`;
  return { name, unit: 'ratio', meaning, rounds: ratios(upper.map(of), lower.map(of)) };
}

/** Rate and processor time of a variant, as ratios to a floor. */
export function floorRatios(
  [name, runs]: readonly [string, readonly Run[]],
  [floorName, floor]: readonly [string, readonly Run[]],
): readonly Figure[] {
  return [
    ratioFigure(`cpu ${name} ÷ ${floorName}`, [runs, floor], (run) => run.cpuMicrosPerEvent),
    ratioFigure(`rate ${name} ÷ ${floorName}`, [runs, floor], (run) => run.perSecond),
  ];
}
