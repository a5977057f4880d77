// What a run leaves behind: a file that explains itself, and the one that was committed last, to
// compare with. The machine is described by its processors and its Node.js, by nothing else.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { AIMS } from './aims.ts';
import { isReached, median, spreadOf } from './arithmetic.ts';
import type { Figure, Measured } from './figure.ts';

const root = join(import.meta.dirname, '..', '..');

/** The committed results, from the root of the project. */
export const RESULTS_FILE = 'spec/bench/results/figures.json';

/** A stored figure, with the values derived from its rounds. */
export interface KeptFigure extends Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly reached?: boolean;
}

/** Results of a run. */
export interface Results {
  readonly about: readonly string[];
  readonly measured: string;
  readonly commit: string;
  readonly machine: { readonly cores: number; readonly cpu: string; readonly node: string };
  readonly settings: {
    readonly rounds: number;
    readonly events: number;
    /** Load average of the minute before the run: above 0.5, something else was running as well. */
    readonly loadBefore: number;
  };
  readonly parts: readonly (Omit<Measured, 'figures'> & {
    readonly figures: readonly KeptFigure[];
  })[];
}

const ABOUT = [
  'Written by make bench. Ratios are formed within a round and are what counts; rates, times and',
  'sizes are of this machine at that time. median, min and max are over the rounds.',
  'Variants take turns within each round. A stand-in API server (TLS, HTTP/1.1, Events serialised',
  'beforehand), a counting receiver and the measured process share the machine: rates are of the',
  'whole box, CPU is user and system time of the measured process alone without its start.',
  'split, parse: bare https readers. post: the same with one POST an Event. Logs go to a file.',
] as const;

/** The results of some parts. */
export function toResults(measured: readonly Measured[], settings: Results['settings']): Results {
  const processors = cpus();
  return {
    about: ABOUT,
    measured: new Date().toISOString().slice(0, 10),
    commit: git('rev-parse', '--short', 'HEAD').trim(),
    machine: {
      cores: processors.length,
      cpu: processors[0]?.model ?? '',
      node: process.versions.node,
    },
    settings,
    parts: measured.map(({ part, summary, figures }) => ({
      part,
      summary,
      figures: figures.map((figure) => keep(part, figure)),
    })),
  };
}

function keep(part: string, figure: Figure): KeptFigure {
  const { rounds, ...told } = { ...figure, ...AIMS[`${part}/${figure.name}`] };
  const middle = median(rounds);
  return {
    ...told,
    median: rounded(middle),
    ...roundedSpread(rounds),
    ...(told.aim !== undefined && { reached: isReached(middle, told.aim) }),
    rounds: rounds.map(rounded),
  };
}

function roundedSpread(rounds: readonly number[]): { readonly min: number; readonly max: number } {
  const { min, max } = spreadOf(rounds);
  return { min: rounded(min), max: rounded(max) };
}

// More digits than the noise leaves would only make the difference of two files long.
const DIGITS = 4;

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Writes results to a file. */
export function writeResults(file: string, results: Results): void {
  writeFileSync(resolve(root, file), `${JSON.stringify(results, null, 2)}\n`);
}

/** The results committed last; undefined if there are none. */
export function committedResults(): Results | undefined {
  const text = git('show', `HEAD:${RESULTS_FILE}`);
  return text === '' ? undefined : (JSON.parse(text) as Results);
}

function git(...args: readonly string[]): string {
  const asked = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout : '';
}
