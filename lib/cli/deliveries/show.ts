// `sluice deliveries show`: everything that is known of one delivery.

import { SluiceError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { FORMAT_FLAGS, formatOf } from '../format.ts';
import { findOne } from './client.ts';
import { DESK_FLAGS, openDesk } from './desk.ts';
import { idIn, notFoundText } from './ids.ts';
import { renderDelivery } from './page.ts';
import { jsonLine } from './write.ts';

/** Shows one delivery. */
export const showCommand: Command = {
  name: 'deliveries show',
  summary: 'shows one: its Events, why it was made, every attempt, what comes next',
  synopsis: 'ID [--format json] [flags]',
  arguments: 1,
  flags: { ...FORMAT_FLAGS, ...DESK_FLAGS },
  notes: 'ID may also be the name of what it started, such as build-01kg….',
  run: async (given, surroundings) => {
    const [text] = given.positionals;
    if (text === undefined) throw new SluiceError('usage', 'show needs the ID of a delivery');
    const format = formatOf(given);
    const { stdout, stderr, clock } = surroundings;
    await using desk = await openDesk(given, surroundings);
    const found = await findOne(desk.asker, idIn(text));
    if (found === null) {
      stderr.write(`sluice: ${await notFoundText(desk.asker, text)}\n`);
      return 1;
    }
    const { from, command } = desk;
    if (format === 'json') stdout.write(jsonLine(found));
    else stdout.write(renderDelivery(found, { now: clock.now(), from, command }));
    return 0;
  },
};
