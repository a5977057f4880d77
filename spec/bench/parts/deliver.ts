// Accept all: what a delivery costs beside a bare reader that posts each Event, with the same number
// of requests under way, to receivers that answer at once, after 20 ms and after 200 ms.

import { acceptFor, configurationOf, hooks } from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import { floorRatios, plainFigures } from '../run-figures.ts';

const CONCURRENCY = 16;
const LOADS = [
  // Code that has run a few thousand times is compiled; before, it is that which is measured.
  { name: 'instant', delayMs: 0, usual: 20_000 },
  { name: '20 ms', delayMs: 20, usual: 4_000 },
  { name: '200 ms', delayMs: 200, usual: 256 },
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
  const behaving = async (run: () => Promise<Run>): Promise<Run> => {
    await world.receiver.ask('behave', { delayMs });
    return run();
  };
  const reader = (work: 'post' | 'post-axios') => (): Promise<Run> =>
    behaving(() => measureReader(world, { work, count, concurrency: CONCURRENCY }));
  const gateway = (decisions: 'changes' | 'none') => (): Promise<Run> =>
    behaving(() => posting(context, { count, decisions }));
  const runs = await interleave<Run>(context, {
    [`post node ${name}`]: reader('post'),
    [`post axios ${name}`]: reader('post-axios'),
    [name]: gateway('changes'),
    // A log line costs the same whatever the receiver does.
    ...(delayMs === 0 && { [`${name} without log`]: gateway('none') }),
  });
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
    ...Object.entries(runs).flatMap(([variant, some]) => plainFigures(variant, some)),
  ];
}

function posting(
  { world }: PartContext,
  { count, decisions }: { readonly count: number; readonly decisions: 'changes' | 'none' },
): Promise<Run> {
  const triggers = hooks({ hook: world.receiverUrl });
  const filters = acceptFor(['hook']);
  const configuration = configurationOf({ filters, triggers, decisions, concurrency: CONCURRENCY });
  return measureGateway(world, { configuration, events: count, end: { seen: 'requests', count } });
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
