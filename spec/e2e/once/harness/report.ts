// Injected faults and counts of a fault run: a small table for people, JSON lines for docs.

import { appendFile } from 'node:fs/promises';
import { readFaultsEnvironment } from '../../../controlplane/environment.ts';
import type { Account } from './accounting.ts';

/** One run or row. */
export interface Told {
  readonly row: string;
  readonly seed: number;
  readonly injected: Readonly<Record<string, number | string>>;
  readonly accounts: readonly Account[];
  readonly counted: Readonly<Record<string, number | string>>;
}

const COLUMNS = [
  'expected',
  'once',
  'twice',
  'lost',
  'unknown',
  'possiblyTwice',
  'repeats',
  'lostAnswers',
  'poison',
] as const satisfies readonly (keyof Account)[];

/** Prints a row, and appends it to the file of `make faults` if there is one. */
export async function tell(told: Told): Promise<void> {
  process.stdout.write(
    `${rendered(told)
      .map((line) => `        ${line}`)
      .join('\n')}\n`,
  );
  const { reportFile } = readFaultsEnvironment();
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify(told)}\n`);
}

function rendered({ seed, injected, accounts, counted }: Told): readonly string[] {
  const rows = accounts.map((one) => [
    one.trigger,
    one.policy,
    ...COLUMNS.map((column) => String(one[column])),
  ]);
  const table = rows.length === 0 ? [] : aligned([['trigger', 'policy', ...COLUMNS], ...rows]);
  return [`seed ${seed}; injected: ${pairs(injected)}`, ...table, `counted: ${pairs(counted)}`];
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, place) =>
    Math.max(...rows.map((row) => (row[place] ?? '').length)),
  );
  return rows.map((row) => row.map((cell, place) => cell.padEnd(widths[place] ?? 0)).join('  '));
}

function pairs(values: Readonly<Record<string, number | string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
