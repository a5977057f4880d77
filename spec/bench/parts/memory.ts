// Memory: at rest, and whether its peak grows with the Events read, with those that were there at the
// start, and with those that wait for a slow receiver.

import {
  acceptFor,
  configurationOf,
  hooks,
  JOB,
  NOISE_OR_ACCEPT,
  type StoreName,
} from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import { memoryFigures, ratioFigure } from '../run-figures.ts';

const STORED = [0, 10_000, 50_000] as const;
const WAITING = [2_000, 40_000] as const;
const TIMES = 4;
const DELIVERED = 5_000;
// What is read after a list, to see that it goes on.
const AFTER_LIST = 1_000;
const SLOW_MS = 200;
// Memory varies less than time, and these runs are long.
const FEWER_ROUNDS = 3;

/** How much memory it takes. */
export const memoryPart: Part = {
  name: 'memory',
  summary: 'resident memory at rest and at its peak, by what grows around the gateway',
  run: memory,
};

async function memory(context: PartContext): Promise<readonly Figure[]> {
  const rounds = Math.min(context.rounds, FEWER_ROUNDS);
  const runs = await interleave<Run>({ ...context, rounds }, variantsOf(context));
  const of = (name: string): readonly Run[] => runs[name] ?? [];
  const peak = (name: string, upper: string, lower: string): Figure =>
    ratioFigure(`peak ${name}`, [of(upper), of(lower)], (run) => run.end.peakMb);
  return [
    ratioFigure('idle ÷ reader', [of('1× Events'), of('reader')], (run) => run.idle.rssMb),
    peak('÷ reader', '1× Events', 'reader'),
    peak('4× ÷ 1× Events', '4× Events', '1× Events'),
    peak('4× ÷ 1× delivered', '4× delivered', '1× delivered'),
    peak('10,000 ÷ 0 stored', '10,000 stored', '0 stored'),
    peak('50,000 ÷ 0 stored', '50,000 stored', '0 stored'),
    peak('40,000 ÷ 2,000 waiting', '40,000 waiting', '2,000 waiting'),
    peak('40,000 ÷ 2,000 waiting sqlite', '40,000 waiting sqlite', '2,000 waiting sqlite'),
    ...Object.entries(runs).flatMap(([name, some]) => memoryFigures(name, some)),
  ];
}

type Variants = Readonly<Record<string, () => Promise<Run>>>;

function variantsOf(context: PartContext): Variants {
  const { events } = context;
  return {
    reader: () => bareReader(context, events),
    '4× reader': () => bareReader(context, events * TIMES),
    '1× Events': () => rejecting(context, { count: events, stored: 0 }),
    '4× Events': () => rejecting(context, { count: events * TIMES, stored: 0 }),
    '1× delivered': () => delivered(context, scaled(DELIVERED, events)),
    '4× delivered': () => delivered(context, scaled(DELIVERED, events) * TIMES),
    ...each(STORED, 'stored', (stored) =>
      rejecting(context, { count: AFTER_LIST, stored: scaledFrom(stored, events) }),
    ),
    ...each(WAITING, 'waiting', (count) =>
      waiting(context, { count: scaled(count, events), store: 'memory' }),
    ),
    ...each(WAITING, 'waiting sqlite', (count) =>
      waiting(context, { count: scaled(count, events), store: 'sqlite' }),
    ),
  };
}

function each(
  counts: readonly number[],
  word: string,
  run: (count: number) => Promise<Run>,
): Variants {
  const name = (count: number): string => `${count.toLocaleString('en-US')} ${word}`;
  return Object.fromEntries(counts.map((count) => [name(count), () => run(count)]));
}

function scaledFrom(stored: number, events: number): number {
  return stored === 0 ? 0 : scaled(stored, events);
}

async function bareReader({ world }: PartContext, count: number): Promise<Run> {
  await world.prepare({ count, acceptEvery: 0 });
  return measureReader(world, { work: 'parse', count });
}

async function rejecting(
  { world }: PartContext,
  { count, stored }: { readonly count: number; readonly stored: number },
): Promise<Run> {
  await world.prepare({ count, acceptEvery: 0, stored });
  const configuration = configurationOf({ filters: NOISE_OR_ACCEPT, triggers: JOB });
  return measureGateway(world, { configuration, events: count, end: { seen: 'log' } });
}

async function delivered({ world }: PartContext, count: number): Promise<Run> {
  await world.prepare({ count, acceptEvery: 1 });
  await world.receiver.ask('behave', { delayMs: 0 });
  const end = { seen: 'requests', count } as const;
  const configuration = hooked(world.receiverUrl, 'memory');
  return measureGateway(world, { configuration, events: count, end });
}

/** Everything is accepted at once, and the receiver takes a small part of it meanwhile. */
async function waiting(
  { world }: PartContext,
  { count, store }: { readonly count: number; readonly store: StoreName },
): Promise<Run> {
  await world.prepare({ count, acceptEvery: 1 });
  await world.receiver.ask('behave', { delayMs: SLOW_MS });
  const end = { seen: 'log' } as const;
  const configuration = hooked(world.receiverUrl, store);
  return measureGateway(world, { configuration, events: count, end });
}

function hooked(url: string, store: StoreName): Readonly<Record<string, unknown>> {
  const triggers = hooks({ hook: url });
  return configurationOf({ filters: acceptFor(['hook']), triggers, concurrency: 16, store });
}
