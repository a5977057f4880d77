// `sluice deliveries list`: a page of deliveries as a table, with the command for the next page.
// `sluice deliveries export`: complete deliveries as JSON lines, read page by page, so that memory does
// not grow with their number.

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { fileTrouble } from '../../kit/file-trouble.ts';
import { ruleLabel, token } from '../../telemetry/log-value.ts';
import type { Deliveries, DeliveriesQuery, DeliveryPage } from '../../views/deliveries.ts';
import type { DeliverySummary } from '../../views/delivery-documents.ts';
import { shortObject } from '../../views/object-ref.ts';
import type { Command, ProcessContext } from '../command.ts';
import { FORMAT_FLAGS, formatOf, type GivenFlags, givenTexts, textFlag } from '../flags.ts';
import { type Column, renderTable, widthOf } from '../text-table.ts';
import {
  FILTER_FLAGS,
  filtersOf,
  filterWords,
  listPage,
  pagesOf,
  queryOf,
} from './delivery-flags.ts';
import {
  ageText,
  deliveriesText,
  grouped,
  jsonLine,
  nextText,
  outcomeText,
  stateText,
  written,
} from './delivery-text.ts';
import { openTarget, TARGET_FLAGS } from './target.ts';

/** Lists a page of deliveries. */
export const listCommand: Command = {
  name: 'deliveries list',
  summary: 'lists deliveries, newest first',
  synopsis: '[--state STATE] [--trigger NAME] [--object OBJECT] [--since TIME] [flags]',
  flags: {
    ...FILTER_FLAGS,
    order: textFlag('newest|oldest', 'which come first; default newest'),
    limit: textFlag('N', 'how many, at most 500; default 50'),
    after: textFlag('ID', 'only deliveries after this last one of a page'),
    ...FORMAT_FLAGS,
    ...TARGET_FLAGS,
  },
  notes:
    'On a narrow terminal some columns are omitted, and a line says which. sluice deliveries show ID\n' +
    'and --format json show everything.',
  run: async (given, context) => {
    const format = formatOf(given);
    const { stdout, clock } = context;
    const filters = filtersOf(given);
    const paging = givenTexts(given, ['order', 'limit']);
    const query = queryOf([...filters, ...paging, ...givenTexts(given, ['after'])]);
    await using target = await openTarget(given, context);
    const page = await listPage(target.deliveries, query);
    if (format === 'json') {
      stdout.write(jsonLine(page));
      return 0;
    }
    const next = target.command(`list${filterWords([...filters, ...paging])}`);
    stdout.write(renderPage(page, { now: clock.now(), width: widthOf(stdout), next }));
    return 0;
  },
};

/** Renders a page for people; `next` is the command line for the next page without `--after`. */
function renderPage(
  { items, next: after, total }: DeliveryPage,
  { now, width, next }: { now: number; width: number | null; next: string },
): string {
  if (items.length === 0) return 'no deliveries\n';
  const table = renderTable(columnsAt(now), items, { width, whole: '--format json' });
  if (after === null) return table;
  const shown = grouped(items.length);
  const found = total === null ? `${shown} shown, there are more` : `${shown} of ${grouped(total)}`;
  return `${table}${found}: ${next} --after ${after}\n`;
}

function columnsAt(now: number): readonly Column<DeliverySummary>[] {
  return [
    { title: 'ID', text: ({ id }) => token(id), least: 26, rank: 9 },
    { title: 'STATE', text: stateText, least: 9, rank: 8 },
    { title: 'TRIGGER', text: ({ trigger }) => token(trigger), least: 7, most: 20, rank: 2 },
    { title: 'RULE', text: ({ rule }) => token(ruleLabel(rule)), least: 7, most: 20, rank: 1 },
    {
      title: 'OBJECT',
      text: ({ object }) => token(shortObject(object)),
      least: 18,
      most: 40,
      rank: 7,
    },
    { title: 'AGE', text: ({ createdAt }) => ageText(createdAt, now), least: 4, rank: 5 },
    { title: 'TRIES', text: ({ attemptCount }) => String(attemptCount), least: 5, rank: 3 },
    { title: 'NEXT', text: (one) => nextText(one, now), least: 6, rank: 4 },
    { title: 'LAST FAILURE', text: failureText, least: 14, most: 60, rank: 6 },
  ];
}

function failureText({ lastFailure }: DeliverySummary): string {
  return lastFailure === null ? '-' : outcomeText(lastFailure.outcome);
}

// The API also limits a page by size.
const PAGE = 200;

/** Exports complete deliveries. */
export const exportCommand: Command = {
  name: 'deliveries export',
  summary: 'exports complete deliveries as JSON lines, with Events, attempts and decisions',
  synopsis: '[--output FILE] [--state STATE] [--since TIME] [flags]',
  flags: {
    output: textFlag('FILE', 'file to write; default: standard output'),
    order: textFlag('newest|oldest', 'which come first; default newest'),
    ...FILTER_FLAGS,
    ...TARGET_FLAGS,
  },
  run: async (given, context) => {
    const { stderr } = context;
    const filters = queryOf([...filtersOf(given), ...givenTexts(given, ['order'])]);
    const query = { ...filters, limit: PAGE, whole: true };
    await using target = await openTarget(given, context);
    await using out = await openOut(given, context);
    const count = await exportAll({ deliveries: target.deliveries, query, out }, context);
    const to = given.text('output');
    stderr.write(`exported ${deliveriesText(count)}${to === undefined ? '' : ` to ${to}`}\n`);
    return 0;
  },
};

async function exportAll(
  { deliveries, query, out }: { deliveries: Deliveries; query: DeliveriesQuery; out: Out },
  { stderr, stdout }: ProcessContext,
): Promise<number> {
  // Progress between exported lines on one terminal would garble both.
  const isShown = stderr.isTTY === true && (out.isOwn || stdout.isTTY !== true);
  let count = 0;
  for await (const { items } of pagesOf(deliveries, query)) {
    for (const delivery of items) await out.write(jsonLine(delivery));
    count += items.length;
    if (isShown) stderr.write(`\r${deliveriesText(count)} …\r`);
  }
  return count;
}

/** The output of an export. */
interface Out extends AsyncDisposable {
  readonly isOwn: boolean;
  write(line: string): Promise<void>;
}

async function openOut(given: GivenFlags, context: ProcessContext): Promise<Out> {
  const { stdout, folder, stop } = context;
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
