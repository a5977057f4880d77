// Results as a table of text: ratios first, aims beside, and what has changed since the results
// that were committed last.

import { type Aim, changeOf } from './arithmetic.ts';
import type { KeptFigure, Results } from './results.ts';

const HEAD = ['figure', 'median', 'min–max', 'aim', '', 'since the last', 'comparable'] as const;

// A load average above which rates and delays say more about the neighbours.
const BUSY = 0.5;

/** The whole table. */
export function renderTable(now: Results, before: Results | undefined): string {
  const blocks = now.parts.map(({ part, summary, figures }) => {
    const earlier = new Map(
      before?.parts.find((one) => one.part === part)?.figures.map((one) => [one.name, one]),
    );
    const isRatio = ({ unit }: KeptFigure): boolean => unit === 'ratio';
    const ordered = [...figures.filter(isRatio), ...figures.filter((one) => !isRatio(one))];
    const rows = ordered.map((one) => rowOf(one, earlier.get(one.name)));
    return [`${part}: ${summary}`, ...aligned([HEAD, ...rows])].join('\n');
  });
  return `${blocks.join('\n\n')}\n\n${footOf(now, before)}\n`;
}

function rowOf(figure: KeptFigure, before: KeptFigure | undefined): readonly string[] {
  const { name, unit, median, min, max, aim, reached, anchor = '' } = figure;
  const verdict = reached === undefined ? '' : reached ? 'reached' : 'NOT reached';
  return [
    unit === 'ratio' ? name : `${name} (${unit})`,
    shown(median),
    `${shown(min)}–${shown(max)}`,
    aim === undefined ? '' : aimOf(aim),
    verdict,
    before === undefined ? '' : sinceOf(figure, before),
    anchor,
  ];
}

/** An aim in symbols. */
export function aimOf(aim: Aim): string {
  return 'atMost' in aim ? `≤ ${aim.atMost}` : `≥ ${aim.atLeast}`;
}

function sinceOf(now: KeptFigure, before: KeptFigure): string {
  const { factor, beyondNoise } = changeOf(now.rounds, before.rounds);
  const percent = Math.round((factor - 1) * 100);
  const sign = percent > 0 ? '+' : '';
  return `${sign}${percent} % of ${shown(before.median)}${beyondNoise ? '' : ' (noise)'}`;
}

/** A number with as many digits as a reader can use. */
export function shown(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => padded(cell, column, widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function padded(cell: string, column: number, width: number): string {
  return column === 1 ? cell.padStart(width) : cell.padEnd(width);
}

function footOf({ machine, settings, commit }: Results, before: Results | undefined): string {
  const { cores, cpu, node } = machine;
  const { rounds, events, loadBefore } = settings;
  const on = `${cores} × ${cpu}, Node.js ${node}, ${rounds} rounds, ${events} Events`;
  const busy = loadBefore > BUSY ? `; the machine was BUSY before (load ${shown(loadBefore)})` : '';
  const compared =
    before === undefined ? 'nothing committed to compare with' : `compared with ${before.commit}`;
  return `at ${commit}; ${on}${busy}; ${compared}`;
}
