// From the start of the process until it is ready, beside a bare reader until its watch is open.

import { configurationOf, JOB, NOISE_OR_ACCEPT } from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, measureReader, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext } from '../part.ts';
import { ratioFigure } from '../run-figures.ts';

// The start is what is measured; a run needs a few Events to end.
const EVENTS = 10;

/** How long a start takes. */
export const startPart: Part = {
  name: 'start',
  summary: 'from the start of the process to /readyz 200; of a bare reader to its open watch',
  run: start,
};

async function start(context: PartContext): Promise<readonly Figure[]> {
  const { world } = context;
  await world.prepare({ count: EVENTS, acceptEvery: 0 });
  const configuration = configurationOf({ filters: NOISE_OR_ACCEPT, triggers: JOB });
  const { reader = [], gateway = [] } = await interleave<Run>(context, {
    reader: () => measureReader(world, { work: 'parse', count: EVENTS }),
    gateway: () => measureGateway(world, { configuration, events: EVENTS, end: { seen: 'log' } }),
  });
  const readyAfter = (run: Run): number => run.readyAfterMs;
  const meaning = 'from the start of the process until ready';
  return [
    ratioFigure('start gateway ÷ reader', [gateway, reader], readyAfter),
    { name: 'start gateway', unit: 'ms', meaning, rounds: gateway.map(readyAfter) },
    { name: 'start reader', unit: 'ms', meaning, rounds: reader.map(readyAfter) },
  ];
}
