// Accept all: what a delivery costs beside a bare reader that posts each Event, with the same number
// of requests under way, to receivers that answer at once, after 20 ms and after 200 ms; and what it
// costs where the store is on disk, beside the one in memory.

import {
  acceptFor,
  batchHook,
  configurationOf,
  hooks,
  type StoreName,
  type Variation,
} from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import type { Manner } from '../programs/receiver.ts';
import { committedFigure, floorRatios, plainFigures, ratioFigure } from '../run-figures.ts';

const CONCURRENCY = 16;
const BATCH = 100;
const ALONE = 'commits alone';
const LOADS = [
  // Code that has run a few thousand times is compiled; before, it is that which is measured.
  { name: 'instant', delayMs: 0, usual: 20_000, hasSqlite: true },
  { name: '20 ms', delayMs: 20, usual: 4_000, hasSqlite: true },
  { name: '200 ms', delayMs: 200, usual: 256, hasSqlite: false },
] as const;

type Load = (typeof LOADS)[number];

/** The case that costs most. */
export const deliverPart: Part = {
  name: 'deliver',
  summary: `all Events are accepted and posted, ${CONCURRENCY} at a time; beside bare readers that post`,
  run: deliver,
};

async function deliver(context: PartContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const load of LOADS) figures.push(...(await underLoad(context, load)));
  return figures;
}

async function underLoad(context: PartContext, load: Load): Promise<readonly Figure[]> {
  const { world, events } = context;
  const { name, delayMs } = load;
  const count = scaled(load.usual, events);
  await world.prepare({ count, acceptEvery: 1 });
  const runs = await interleave<Run>(context, variantsOf(context, { load, count }));
  const of = (variant: string): readonly Run[] => runs[variant] ?? [];
  const node = ['post node', of(`post node ${name}`)] as const;
  const axios = ['post axios', of(`post axios ${name}`)] as const;
  const silent = `${name} without log`;
  return [
    ...floorRatios([name, of(name)], node),
    ...floorRatios([name, of(name)], axios),
    ...floorRatios([silent, of(silent)], node),
    ...floorRatios([`post axios ${name}`, axios[1]], node),
    ...(delayMs === 0 ? [] : [possible(load, { count, runs: of(name) })]),
    ...storeRatios(name, of),
    ...Object.entries(runs).flatMap(([variant, some]) => [
      ...plainFigures(variant, some),
      ...committedFigure(variant, some),
    ]),
  ];
}

function variantsOf(
  context: PartContext,
  { load: { name, delayMs, hasSqlite }, count }: { readonly load: Load; readonly count: number },
): Readonly<Record<string, () => Promise<Run>>> {
  const { world } = context;
  const behaving = async (manner: Manner, run: () => Promise<Run>): Promise<Run> => {
    await world.receiver.ask('behave', manner);
    return run();
  };
  const reader = (work: 'post' | 'post-axios') => (): Promise<Run> =>
    behaving({ delayMs }, () => measureReader(world, { work, count, concurrency: CONCURRENCY }));
  const gateway = (variation: Partial<Variation>) => (): Promise<Run> =>
    behaving({ delayMs }, () => posting(context, { count, variation }));
  const batched = (store: StoreName) => (): Promise<Run> => {
    const variation = { store, triggers: batchHook(world.receiverUrl, BATCH) };
    const manner = { delayMs, counts: 'deliveries' } as const;
    return behaving(manner, () => posting(context, { count, variation }));
  };
  // The first requests are never answered: nothing is delivered beside what is committed.
  const alone = (store: StoreName) => (): Promise<Run> =>
    behaving({ delayMs: null }, () => committing(context, { count, store }));
  return {
    [`post node ${name}`]: reader('post'),
    [name]: gateway({}),
    ...(hasSqlite && { [`${name} sqlite`]: gateway({ store: 'sqlite' }) }),
    // What follows costs the same whatever the receiver does.
    ...(delayMs === 0 && {
      [`post axios ${name}`]: reader('post-axios'),
      [`${name} without log`]: gateway({ decisions: 'none' }),
      [`${name} batch`]: batched('memory'),
      [`${name} batch sqlite`]: batched('sqlite'),
      [ALONE]: alone('memory'),
      [`${ALONE} sqlite`]: alone('sqlite'),
    }),
  };
}

/** What is on disk beside what is in memory, and commits alone beside what is delivered. */
function storeRatios(name: string, of: (variant: string) => readonly Run[]): readonly Figure[] {
  const beside = (upper: string, lower: string): readonly Figure[] => [
    ratioFigure(`rate ${upper} ÷ ${lower}`, [of(upper), of(lower)], (run) => run.perSecond),
    ratioFigure(`cpu ${upper} ÷ ${lower}`, [of(upper), of(lower)], (run) => run.cpuMicrosPerEvent),
  ];
  const rateAlone = (store: string): Figure =>
    ratioFigure(
      `rate ${ALONE}${store} ÷ ${name}${store}`,
      [of(`${ALONE}${store}`), of(`${name}${store}`)],
      (run) => run.perSecond,
    );
  const committed = ratioFigure(
    `committed ${name} sqlite ÷ ${name}`,
    [of(`${name} sqlite`), of(name)],
    (run) => run.committedPerSecond ?? Number.NaN,
  );
  return [
    ...beside(`${name} sqlite`, name),
    committed,
    ...beside(`${name} batch`, name),
    ...beside(`${name} batch sqlite`, `${name} batch`),
    ...beside(`${ALONE} sqlite`, ALONE),
    rateAlone(''),
    rateAlone(' sqlite'),
  ].filter(({ rounds }) => rounds.length > 0);
}

interface Posting {
  readonly count: number;
  readonly variation: Partial<Variation>;
}

function posting({ world }: PartContext, { count, variation }: Posting): Promise<Run> {
  return measureGateway(world, {
    configuration: configurationOf({
      filters: acceptFor(['hook']),
      triggers: hooks({ hook: world.receiverUrl }),
      decisions: 'changes',
      concurrency: CONCURRENCY,
      ...variation,
    }),
    events: count,
    end: { seen: 'requests', count },
    ...(variation.decisions === 'none' ? {} : { timesCommits: true }),
  });
}

function committing(
  { world }: PartContext,
  { count, store }: { readonly count: number; readonly store: StoreName },
): Promise<Run> {
  const triggers = hooks({ hook: world.receiverUrl });
  const usual = { filters: acceptFor(['hook']), decisions: 'changes', concurrency: 1 } as const;
  const configuration = configurationOf({ ...usual, triggers, store });
  const end = { seen: 'log' } as const;
  return measureGateway(world, { configuration, events: count, end, timesCommits: true });
}

/** The rate beside what so many requests under way and the receiver's delay allow. */
function possible(
  { name, delayMs }: Load,
  { count, runs }: { readonly count: number; readonly runs: readonly Run[] },
): Figure {
  // The last request arrives when all waves before it have been answered.
  const seconds = (Math.floor((count - 1) / CONCURRENCY) * delayMs) / 1000;
  return {
    name: `rate ${name} ÷ possible`,
    unit: 'ratio',
    meaning: `Events per second beside what ${CONCURRENCY} requests under way and ${delayMs} ms allow`,
    rounds: runs.map(({ perSecond }) => perSecond / (count / seconds)),
  };
}
