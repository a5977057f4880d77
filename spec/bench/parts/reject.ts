// Reject 99 %: what reading and deciding cost, by what is logged and how, beside bare readers.

import { configurationOf, JOB, NOISE_OR_ACCEPT, type Variation } from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext } from '../part.ts';
import { floorRatios, plainFigures, ratioFigure } from '../run-figures.ts';

const FORMATS = ['json', 'text'] as const;
const DECISIONS = ['accepted', 'changes', 'all'] as const;

/** The case that most Events of a cluster are. */
export const rejectPart: Part = {
  name: 'reject',
  summary: 'all Events but the last are rejected by the first rule; beside bare https readers',
  run: reject,
};

async function reject(context: PartContext): Promise<readonly Figure[]> {
  const { world, events: count } = context;
  await world.standIn.ask('prepare', { count, acceptEvery: 0, stored: 0 });
  const gateways = FORMATS.flatMap((format) =>
    DECISIONS.map((decisions) => [`${format} ${decisions}`, { format, decisions }] as const),
  );
  const runs = await interleave<Run>(context, {
    split: () => measureReader(world, { work: 'split', count }),
    parse: () => measureReader(world, { work: 'parse', count }),
    ...Object.fromEntries(
      gateways.map(([name, logging]) => [name, () => gateway(context, logging)] as const),
    ),
  });
  const of = (name: string): readonly Run[] => runs[name] ?? [];
  return [
    ...gateways.flatMap(([name]) => floorRatios([name, of(name)], ['parse', of('parse')])),
    ratioFigure('cpu parse ÷ split', [of('parse'), of('split')], (run) => run.cpuMicrosPerEvent),
    ...Object.entries(runs).flatMap(([name, some]) => plainFigures(name, some)),
  ];
}

function gateway(
  { world, events }: PartContext,
  logging: Pick<Variation, 'format' | 'decisions'>,
): Promise<Run> {
  const filters = NOISE_OR_ACCEPT;
  const configuration = configurationOf({ filters, triggers: JOB, ...logging });
  return measureGateway(world, { configuration, events, end: { seen: 'log' } });
}
