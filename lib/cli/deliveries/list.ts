// `sluice deliveries list`: a page of deliveries as a table, and how to see the next one.

import type { DeliverySummary } from '../../http/deliveries.ts';
import { shortObject } from '../../http/object-text.ts';
import { ruleLabel, token } from '../../telemetry/token.ts';
import type { Command, Terminal } from '../command.ts';
import { FORMAT_FLAGS, formatOf } from '../format.ts';
import { type Filters, listPage, type Page } from './client.ts';
import { DESK_FLAGS, openDesk } from './desk.ts';
import { FILTER_FLAGS, filtersOf, filterWords } from './filters.ts';
import { type Column, renderTable } from './table.ts';
import { ageText, grouped, nextText, outcomeText, stateText } from './words.ts';
import { jsonLine } from './write.ts';

/** Lists deliveries. */
export const listCommand: Command = {
  name: 'deliveries list',
  summary: 'lists deliveries, the newest first',
  synopsis: '[--state STATE] [--trigger NAME] [--object OBJECT] [--since TIME] [flags]',
  flags: {
    ...FILTER_FLAGS,
    order: { type: 'string', takes: 'newest|oldest', help: 'which come first; default newest' },
    limit: { type: 'string', takes: 'N', help: 'how many, at most 500; default 50' },
    after: { type: 'string', takes: 'ID', help: 'only those behind this one, the last of a page' },
    ...FORMAT_FLAGS,
    ...DESK_FLAGS,
  },
  notes:
    'A narrow terminal leaves columns out and says which; sluice deliveries show ID and --format json\n' +
    'have everything.',
  run: async (given, surroundings) => {
    const format = formatOf(given);
    const { stdout, clock } = surroundings;
    const filters = filtersOf(given);
    const paging = (['order', 'limit'] as const).flatMap((name): Filters => {
      const value = given.text(name);
      return value === undefined ? [] : [[name, value]];
    });
    const after = given.text('after');
    await using desk = await openDesk(given, surroundings);
    const asked = after === undefined ? [] : [['after', after] as const];
    const page = await listPage(desk.asker, [...filters, ...paging, ...asked]);
    if (format === 'json') {
      stdout.write(jsonLine(page));
      return 0;
    }
    const next = desk.command(`list${filterWords([...filters, ...paging])}`);
    stdout.write(renderPage(page, { now: clock.now(), width: widthOf(stdout), next }));
    return 0;
  },
};

/** How wide a terminal is; null where it is none, and nothing needs to be cut. */
export function widthOf({ isTTY = false, columns }: Terminal): number | null {
  return isTTY ? (columns ?? 80) : null;
}

/** A page for people; `next` is the command line that `--after` is put behind. */
export function renderPage(
  { items, next: after, total }: Page<DeliverySummary>,
  { now, width, next }: { now: number; width: number | null; next: string },
): string {
  if (items.length === 0) return 'no deliveries\n';
  const { text, omitted } = renderTable(columnsAt(now), items, width);
  const table = `${text}${omittedNote(omitted, width)}`;
  if (after === null) return table;
  const shown = grouped(items.length);
  const found = total === null ? `${shown} shown, there are more` : `${shown} of ${grouped(total)}`;
  return `${table}${found}: ${next} --after ${after}\n`;
}

/** Names the columns that a terminal is too narrow for, on lines that fit it. */
function omittedNote(omitted: readonly string[], width: number | null): string {
  if (omitted.length === 0) return '';
  const lines: string[] = [];
  for (const word of `not shown: ${omitted.join(', ')} (wider, or --format json)`.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
    if (width !== null && longer.length > width) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines.map((line) => `${line}\n`).join('');
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
