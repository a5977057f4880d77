// `make faults`: the long form of the fault specs, with at least 200 kills and every row at its
// full length, and a summary at the end. The printed seed reproduces the schedule of faults.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment } from '../../controlplane/environment.ts';
import type { Account } from './harness/accounting.ts';
import type { Told } from './harness/report.ts';

const USAGE = `node spec/e2e/once/run.ts [--seed S] [--kills N] [--only TEXT] [--out FILE]
  --seed   of the first round of the main run (a new one where absent)
  --kills  of the main run (200)
  --only   the specs with this in their names; nothing is written to FILE then
  --out    where what was injected and counted is kept (spec/e2e/once/results/faults.json)
`;
const KILLS = 200;
const SPECS = join(import.meta.dirname, '*.spec.ts');
const RUNNER = join(import.meta.dirname, '..', '..', 'run.ts');
const RESULTS = join(import.meta.dirname, 'results', 'faults.json');
const SEEDS = 1_000_000;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: String(new Date().getTime() % SEEDS) },
      kills: { type: 'string', default: String(KILLS) },
      only: { type: 'string' },
      out: { type: 'string', default: RESULTS },
      help: { type: 'boolean', default: false },
    },
  });
  const { seed, kills, only, out } = values;
  if (values.help || [seed, kills].some((text) => !/^\d+$/.test(text))) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  process.stdout.write(`faults: seed ${seed}, ${kills} kills\n`);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
  try {
    const report = join(folder, 'report.ndjson');
    const began = performance.now();
    const code = await run(only === undefined ? [] : ['--grep', only], {
      SLUICE_FAULTS: 'long',
      SLUICE_FAULTS_SEED: seed,
      SLUICE_FAULTS_KILLS: kills,
      SLUICE_FAULTS_REPORT: report,
    });
    const told = await toldIn(report);
    const minutes = Math.round((performance.now() - began) / 6_000) / 10;
    process.stdout.write(summaryOf(told, { seed, minutes }));
    if (code === 0 && only === undefined) await keep(out, { seed, minutes, told });
    return code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(args: readonly string[], variables: Record<string, string>): Promise<number> {
  const child = spawn(process.execPath, [RUNNER, SPECS, ...args], {
    stdio: 'inherit',
    env: childEnvironment(variables),
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('close', (code) => resolve(code ?? 1));
  return promise;
}

async function toldIn(file: string): Promise<readonly Told[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told);
}

const SUMMED = [
  'expected',
  'once',
  'twice',
  'lost',
  'unknown',
  'possiblyTwice',
  'lostAnswers',
  'poison',
] as const satisfies readonly (keyof Account)[];

/** One line for each policy about lost answers, summed over the whole run. */
function summaryOf(
  told: readonly Told[],
  { seed, minutes }: { readonly seed: string; readonly minutes: number },
): string {
  const accounts = Map.groupBy(
    told.flatMap((one) => one.accounts),
    ({ trigger, policy }) => `${trigger} (${policy})`,
  );
  const lines = [...accounts].map(([name, list]) => {
    const sums = SUMMED.map((column) => `${column} ${sum(list.map((one) => one[column]))}`);
    return `  ${name}: ${sums.join(', ')}`;
  });
  const kills = sum(told.map(({ injected }) => Number(injected['kills'] ?? 0)));
  return `faults: seed ${seed}, ${minutes} min, ${kills} kills that were counted\n${lines.join('\n')}\n`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}

async function keep(file: string, content: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

process.exitCode = await main(process.argv.slice(2));
