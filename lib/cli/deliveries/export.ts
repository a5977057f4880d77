// `sluice deliveries export`: whole deliveries as JSON lines, page by page, so that memory does not grow
// with their number.

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';

import { SluiceError } from '../../core/errors.ts';
import { fileTrouble } from '../../kit/file-trouble.ts';
import type { Command, Surroundings } from '../command.ts';
import type { Given } from '../flags.ts';
import { type Asker, type Filters, listWholePage } from './client.ts';
import { DESK_FLAGS, openDesk } from './desk.ts';
import { FILTER_FLAGS, filtersOf } from './filters.ts';
import { deliveriesText } from './words.ts';
import { jsonLine, written } from './write.ts';

// A page has a bound of its own by size.
const PAGE = '200';

/** Writes deliveries out. */
export const exportCommand: Command = {
  name: 'deliveries export',
  summary: 'writes whole deliveries as JSON lines, with their Events, attempts and decisions',
  synopsis: '[--output FILE] [--state STATE] [--since TIME] [flags]',
  flags: {
    output: { type: 'string', takes: 'FILE', help: 'where to; default: standard output' },
    order: { type: 'string', takes: 'newest|oldest', help: 'which come first; default newest' },
    ...FILTER_FLAGS,
    ...DESK_FLAGS,
  },
  run: async (given, surroundings) => {
    const { stderr } = surroundings;
    await using desk = await openDesk(given, surroundings);
    const order = given.text('order');
    const filters = [
      ...filtersOf(given),
      ...(order === undefined ? [] : [['order', order] as const]),
    ];
    await using out = await openOut(given, surroundings);
    const count = await exportAll({ asker: desk.asker, filters, out }, surroundings);
    const to = given.text('output');
    stderr.write(`exported ${deliveriesText(count)}${to === undefined ? '' : ` to ${to}`}\n`);
    return 0;
  },
};

interface Export {
  readonly asker: Asker;
  readonly filters: Filters;
  readonly out: Out;
}

async function exportAll(
  { asker, filters, out }: Export,
  { stderr, stdout }: Surroundings,
): Promise<number> {
  // Lines on a terminal and a progress in between would be neither.
  const isTold = stderr.isTTY === true && (out.isOwn || stdout.isTTY !== true);
  let count = 0;
  let after: string | null = null;
  do {
    const place: Filters = after === null ? [] : [['after', after]];
    const page = await listWholePage(asker, [...filters, ['limit', PAGE], ...place]);
    for (const delivery of page.items) {
      await out.write(jsonLine(delivery));
    }
    count += page.items.length;
    if (isTold) stderr.write(`\r${deliveriesText(count)} …\r`);
    after = page.next;
  } while (after !== null);
  return count;
}

/** Where lines go. */
interface Out extends AsyncDisposable {
  readonly isOwn: boolean;
  write(line: string): Promise<void>;
}

async function openOut(given: Given, surroundings: Surroundings): Promise<Out> {
  const { stdout, folder, stop } = surroundings;
  const file = given.text('output');
  if (file === undefined || file === '-') {
    const write = (line: string): Promise<void> => written(stdout, line, stop);
    return { isOwn: false, write, [Symbol.asyncDispose]: async () => undefined };
  }
  const unusable = (cause: unknown): SluiceError =>
    new SluiceError('output-unusable', `write ${file}: ${fileTrouble(cause)}`, { cause });
  const handle = await open(resolve(folder, file), 'w').catch((cause: unknown) => {
    throw unusable(cause);
  });
  return {
    isOwn: true,
    write: async (line) => {
      stop.throwIfAborted();
      await handle.writeFile(line).catch((cause: unknown) => {
        throw unusable(cause);
      });
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
