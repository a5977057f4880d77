// From the start of the process until it is ready, with a store in memory and with a new one on disk,
// beside a bare reader until its watch is open.

import { configurationOf, JOB, NOISE_OR_ACCEPT, type StoreName } from '../configuration.ts';
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
  const gatewayOn = (store: StoreName) => (): Promise<Run> => {
    const configuration = configurationOf({ filters: NOISE_OR_ACCEPT, triggers: JOB, store });
    return measureGateway(world, { configuration, events: EVENTS, end: { seen: 'log' } });
  };
  const {
    reader = [],
    gateway = [],
    sqlite = [],
  } = await interleave<Run>(context, {
    reader: () => measureReader(world, { work: 'parse', count: EVENTS }),
    gateway: gatewayOn('memory'),
    sqlite: gatewayOn('sqlite'),
  });
  const readyAfter = (run: Run): number => run.readyAfterMs;
  const meaning = 'from the start of the process until ready';
  return [
    ratioFigure('start gateway ÷ reader', [gateway, reader], readyAfter),
    ratioFigure('start sqlite ÷ gateway', [sqlite, gateway], readyAfter),
    { name: 'start gateway', unit: 'ms', meaning, rounds: gateway.map(readyAfter) },
    { name: 'start sqlite', unit: 'ms', meaning, rounds: sqlite.map(readyAfter) },
    { name: 'start reader', unit: 'ms', meaning, rounds: reader.map(readyAfter) },
  ];
}
