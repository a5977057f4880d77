// What a commit costs, straight against each store and in a process of its own: one after the other,
// with 1, 10 and 100 deliveries in each. Beside them the floor: the same bytes appended to a file and
// synchronised, which is what the disk allows. And what a store can work off where nothing is sent.

import { ratios } from '../arithmetic.ts';
import type { StoreName } from '../configuration.ts';
import { removeFolder } from '../disk.ts';
import type { Figure, Unit } from '../figure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import type { Timed } from '../programs/committer.ts';
import type { World } from '../world.ts';

const KINDS = ['append', 'memory', 'sqlite'] as const;
const STORES = ['memory', 'sqlite'] as const;
const BATCHES = [1, 10, 100] as const;
// Enough commits for a p99 where each takes some milliseconds.
const USUAL_MS = 1_000;
// Each round has hundreds of commits of its own.
const FEWER_ROUNDS = 3;
const USUAL_CYCLES = 10_000;
const CONCURRENCY = 16;
const FILL_BATCH = 500;

/** What it costs to be sure. */
export const commitPart: Part = {
  name: 'commit',
  summary: 'commits one after the other, straight against the store; beside append and fdatasync',
  run: commit,
};

async function commit(context: PartContext): Promise<readonly Figure[]> {
  const fewer = { ...context, rounds: Math.min(context.rounds, FEWER_ROUNDS) };
  const forMs = scaled(USUAL_MS, context.events);
  const runs = await interleave<Timed>(
    fewer,
    Object.fromEntries(
      BATCHES.flatMap((batch) =>
        KINDS.map((kind) => [
          nameOf(batch, kind),
          () => timed(context.world, { kind, batch, forMs }),
        ]),
      ),
    ),
  );
  const count = scaled(USUAL_CYCLES, context.events);
  const cycles = await interleave<number>(
    fewer,
    Object.fromEntries(
      STORES.map((kind) => [`cycles ${kind}`, () => cyclesOf(context.world, { kind, count })]),
    ),
  );
  return [
    ...BATCHES.flatMap((batch) => figuresOf(batch, (kind) => runs[nameOf(batch, kind)] ?? [])),
    ...Object.entries(cycles).map(([name, rounds]) => ({ ...CYCLES, name, rounds })),
  ];
}

const CYCLES = {
  unit: 'per second',
  meaning: `deliveries claimed, attempted and settled, ${CONCURRENCY} at a time, without a request`,
} as const;

type KindName = (typeof KINDS)[number];

function nameOf(batch: number, kind: KindName): string {
  return `batch ${batch} ${kind}`;
}

async function cyclesOf(
  world: World,
  { kind, count }: { readonly kind: StoreName; readonly count: number },
): Promise<number> {
  const folder = world.newData();
  await using committer = await world.startCommitter();
  await committer.ask('open', { kind, folder });
  await committer.ask('fill', { from: 0, count, batch: FILL_BATCH });
  const perSecond = await committer.ask<number>('work', { count, concurrency: CONCURRENCY });
  await committer.ask('close');
  removeFolder(folder);
  return perSecond;
}

async function timed(
  world: World,
  { kind, ...timing }: { readonly kind: KindName; readonly batch: number; readonly forMs: number },
): Promise<Timed> {
  const folder = world.newData();
  await using committer = await world.startCommitter();
  await committer.ask('open', { kind, folder });
  const result = await committer.ask<Timed>('time', timing);
  await committer.ask('close');
  removeFolder(folder);
  return result;
}

function figuresOf(batch: number, of: (kind: KindName) => readonly Timed[]): readonly Figure[] {
  return [
    ...besideAppend(batch, of),
    ...KINDS.flatMap((kind) => {
      const figure = (what: string, unit: Unit, value: (run: Timed) => number): Figure => ({
        name: `${what} ${nameOf(batch, kind)}`,
        unit,
        meaning: `${MEANINGS[what] ?? what}, ${batch} deliveries in each, ${kind}`,
        rounds: of(kind).map(value),
      });
      return [
        figure('commits', 'per second', commitsPerSecond),
        figure('records', 'per second', (run) => commitsPerSecond(run) * batch),
        figure('p50', 'ms', ({ p50Ms }) => p50Ms),
        figure('p99', 'ms', ({ p99Ms }) => p99Ms),
      ];
    }),
  ];
}

function besideAppend(batch: number, of: (kind: KindName) => readonly Timed[]): readonly Figure[] {
  const ratio = (what: string, value: (run: Timed) => number): Figure => ({
    name: `${what} ${nameOf(batch, 'sqlite')} ÷ append`,
    unit: 'ratio',
    meaning: `${what} beside append and fdatasync of the same bytes, of the same round`,
    rounds: ratios(of('sqlite').map(value), of('append').map(value)),
  });
  return [
    ratio('commits', commitsPerSecond),
    ratio('records', commitsPerSecond),
    ratio('p50', ({ p50Ms }) => p50Ms),
    ratio('p99', ({ p99Ms }) => p99Ms),
  ];
}

const MEANINGS: Readonly<Record<string, string>> = {
  commits: 'commits per second of committing, one after the other',
  records: 'deliveries committed per second of committing',
  p50: 'the middle duration of one commit',
  p99: 'the duration that 99 % of the commits keep within',
};

function commitsPerSecond({ commits, busyMs }: Timed): number {
  return (commits * 1000) / busyMs;
}
