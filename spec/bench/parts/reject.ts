// Reject 99 %: what reading and deciding cost, by what is logged and how, beside bare readers.

import { configurationOf, hooks, NOISE_OR_ACCEPT, type Variation } from '../configuration.ts';
import { acceptedOf } from '../event-lines.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext } from '../part.ts';
import { floorRatios, plainFigures, ratioFigure } from '../run-figures.ts';

// Lines of text differ from JSON by what a line costs, which shows best where there are most of them.
const LOGGINGS = [
  { format: 'json', decisions: 'accepted' },
  { format: 'json', decisions: 'changes' },
  { format: 'json', decisions: 'all' },
  { format: 'text', decisions: 'all' },
] as const;
const HUNDREDTH = 100;
const LAST_ONLY = 'json accepted last only';
const IN_MEMORY = 'json accepted';
const ON_DISK = 'json accepted sqlite';

/** The case that most Events of a cluster are. */
export const rejectPart: Part = {
  name: 'reject',
  summary:
    '99 % are rejected by the first rule, 1 % (or the last only) posted; beside bare https readers',
  run: reject,
};

async function reject(context: PartContext): Promise<readonly Figure[]> {
  const gateways = LOGGINGS.map(
    (logging) => [`${logging.format} ${logging.decisions}`, logging] as const,
  );
  const runs = await interleave<Run>(context, {
    split: () => reader(context, 'split'),
    parse: () => reader(context, 'parse'),
    [LAST_ONLY]: () => gateway(context, { acceptEvery: 0 }),
    [ON_DISK]: () =>
      gateway(context, { decisions: 'accepted', store: 'sqlite', acceptEvery: HUNDREDTH }),
    ...Object.fromEntries(
      gateways.map(([name, logging]) => [
        name,
        () => gateway(context, { ...logging, acceptEvery: HUNDREDTH }),
      ]),
    ),
  });
  const of = (name: string): readonly Run[] => runs[name] ?? [];
  const names = [...gateways.map(([name]) => name), LAST_ONLY];
  return [
    ...names.flatMap((name) => floorRatios([name, of(name)], ['parse', of('parse')])),
    ratioFigure(
      `rate ${ON_DISK} ÷ ${IN_MEMORY}`,
      [of(ON_DISK), of(IN_MEMORY)],
      (run) => run.perSecond,
    ),
    ratioFigure('cpu parse ÷ split', [of('parse'), of('split')], (run) => run.cpuMicrosPerEvent),
    ...Object.entries(runs).flatMap(([name, some]) => plainFigures(name, some)),
  ];
}

async function reader(
  { world, events: count }: PartContext,
  work: 'split' | 'parse',
): Promise<Run> {
  await world.prepare({ count, acceptEvery: HUNDREDTH });
  return measureReader(world, { work, count });
}

async function gateway(
  { world, events }: PartContext,
  asked: Pick<Variation, 'format' | 'decisions' | 'store'> & { readonly acceptEvery: number },
): Promise<Run> {
  const { acceptEvery, ...varied } = asked;
  const mix = { count: events, acceptEvery };
  await world.prepare(mix);
  await world.receiver.ask('behave', { delayMs: 0 });
  const triggers = hooks({ hook: world.receiverUrl });
  const configuration = configurationOf({ filters: NOISE_OR_ACCEPT, triggers, ...varied });
  const end = { seen: 'requests', count: acceptedOf(mix) } as const;
  return measureGateway(world, { configuration, events, end });
}
