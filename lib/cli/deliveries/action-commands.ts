// `sluice deliveries retry | rerun | release | discard`: actions on deliveries by id, or on all that
// match filters. lib/delivery/actions.ts implements the actions.

import { createInterface } from 'node:readline/promises';
import { toRefusal } from '../../api/delivery-routes.ts';
import { toProblem } from '../../api/problem-document.ts';
import type { DeliveryState } from '../../core/delivery.ts';
import type { ActName } from '../../delivery/actions.ts';
import { printable } from '../../kit/text/printable.ts';
import { token } from '../../telemetry/log-value.ts';
import type { Deliveries, DeliveriesQuery, RefusedAct } from '../../views/deliveries.ts';
import type { ActedDocument } from '../../views/delivery-documents.ts';
import { shortObject } from '../../views/object-ref.ts';
import type { Command, ProcessContext } from '../command.ts';
import {
  type FlagTable,
  FORMAT_FLAGS,
  formatOf,
  type GivenFlags,
  switchFlag,
  usage,
} from '../flags.ts';
import {
  FILTER_FLAGS,
  type Filters,
  filtersOf,
  idIn,
  notFoundText,
  pagesOf,
  queryOf,
} from './delivery-flags.ts';
import { deliveriesText, jsonLine, written } from './delivery-text.ts';
import { openTarget, TARGET_FLAGS, type Target } from './target.ts';

const SUMMARIES = {
  retry: 'attempts deliveries again now, with the same ids',
  rerun: 'starts the same again, as new deliveries with new ids',
  release: 'starts deliveries that a limit holds',
  discard: 'discards deliveries: they are no longer attempted',
} as const satisfies Record<ActName, string>;

const NOTES = {
  retry:
    'The id is the idempotency key. Without --state, --all selects those that failed: refused,\n' +
    'unknown, dead, orphaned.',
  rerun:
    'The receiver cannot recognize a rerun as a repetition: it builds again. --all needs --state.',
  release: 'Without --state, --all selects those that are held.',
  discard: 'A discarded delivery can be retried later. --all needs --state.',
} as const satisfies Record<ActName, string>;

// Default of --state with --all. The other actions have none: a missing flag must not select so much.
const STATES: Readonly<Partial<Record<ActName, readonly DeliveryState[]>>> = {
  retry: ['refused', 'unknown', 'dead', 'orphaned'],
  release: ['held'],
};

const ALL_FLAGS = {
  all: switchFlag('instead of IDs: all deliveries that match the filters'),
  yes: switchFlag('with --all: do not ask for confirmation'),
} as const satisfies FlagTable;

// If the store cannot count by the filters, so many are counted; more are reported as "more than".
const MOST_COUNTED = 10_000;
const PAGE = 500;

/** Makes the command of an action. */
export function actCommand(name: ActName): Command {
  return {
    name: `deliveries ${name}`,
    summary: SUMMARIES[name],
    synopsis: 'ID… | --all [--state STATE] [--trigger NAME] [flags]',
    arguments: Number.POSITIVE_INFINITY,
    flags: { ...ALL_FLAGS, ...FILTER_FLAGS, ...FORMAT_FLAGS, ...TARGET_FLAGS },
    notes: NOTES[name],
    run: async (given, context) => {
      const format = formatOf(given);
      const filters = selectionOf(name, given, context);
      const query = filters === null ? null : { ...queryOf(filters), limit: PAGE };
      await using target = await openTarget(given, context);
      const acting = new Acting({ name, target, format, context });
      if (query === null) return await acting.onEach(given.positionals.map(idIn));
      return await acting.onAll(query, given);
    },
  };
}

/** The filters of --all; null if ids are given. **Errors**: `usage`. */
function selectionOf(name: ActName, given: GivenFlags, { stdin }: ProcessContext): Filters | null {
  const filters = filtersOf(given);
  if (!given.isSet('all')) {
    if (given.positionals.length === 0) {
      throw usage(`${name} needs the ID of a delivery, or --all`);
    }
    const [stray] = filters;
    if (stray === undefined) return null;
    throw usage(`flag --${stray[0]} needs --all, but found IDs`);
  }
  if (given.positionals.length > 0) {
    throw usage('found IDs and --all, expected one of them');
  }
  if (!given.isSet('yes') && stdin.isTTY !== true) {
    throw usage('--all asks first, but standard input is not a terminal: add --yes');
  }
  if (filters.some(([flag]) => flag === 'state')) return filters;
  const states = STATES[name];
  if (states === undefined) throw usage(`${name} --all needs --state`);
  return [...filters, ...states.map((state) => ['state', state] as const)];
}

interface ActingParts {
  readonly name: ActName;
  readonly target: Target;
  readonly format: 'text' | 'json';
  readonly context: ProcessContext;
}

class Acting {
  readonly #parts: ActingParts;
  readonly #deliveries: Deliveries;
  #done = 0;
  #failed = 0;

  constructor(parts: ActingParts) {
    this.#parts = parts;
    this.#deliveries = parts.target.deliveries;
  }

  async onEach(ids: readonly string[]): Promise<number> {
    await this.#each(ids);
    this.#noteStart();
    return this.#failed === 0 ? 0 : 1;
  }

  /** Acts page by page. New deliveries, also those of reruns, are newer and so on no later page. */
  async onAll(query: DeliveriesQuery, given: GivenFlags): Promise<number> {
    const { stderr } = this.#parts.context;
    if (!given.isSet('yes') && !(await this.#isConfirmed(query))) {
      stderr.write('nothing was done\n');
      return 1;
    }
    for await (const { items } of pagesOf(this.#deliveries, query)) {
      if ((await this.#each(items.map(({ id }) => id))) === 'full') break;
    }
    const failed = this.#failed === 0 ? '' : `, ${deliveriesText(this.#failed)} refused`;
    stderr.write(`${this.#parts.name}: ${deliveriesText(this.#done)}${failed}\n`);
    this.#noteStart();
    return this.#failed === 0 ? 0 : 1;
  }

  async #each(ids: readonly string[]): Promise<'full' | 'room'> {
    for (const id of ids) if ((await this.#one(id)) === 'full') return 'full';
    return 'room';
  }

  async #one(id: string): Promise<'full' | 'room'> {
    const { name, format, context } = this.#parts;
    const { stdout, stderr, stop } = context;
    stop.throwIfAborted();
    const result = await this.#deliveries.act(name, id);
    if (result.ok) this.#done += 1;
    else this.#failed += 1;
    if (format === 'json') {
      const document = result.ok
        ? result.acted
        : { act: name, id, error: toProblem(toRefusal(result)) };
      await written(stdout, jsonLine(document), stop);
    } else if (result.ok) {
      await written(stdout, `${doneText(result.acted, this.#parts.target.from)}\n`, stop);
    } else {
      stderr.write(`sluice: ${await this.#failedText(id, result)}\n`);
    }
    return !result.ok && result.why === 'full' ? 'full' : 'room';
  }

  /** Says that a change to the store of a stopped gateway has no effect before the next start. */
  #noteStart(): void {
    const { name, target, context } = this.#parts;
    if (this.#done === 0 || target.from === 'gateway' || name === 'discard') return;
    context.stderr.write('no gateway runs: attempts are made after the next start\n');
  }

  async #failedText(id: string, { why, detail }: RefusedAct): Promise<string> {
    if (why === 'not-found') return notFoundText(this.#deliveries, id);
    return `${printable(id, 60)}: ${printable(detail, 500)}`;
  }

  async #isConfirmed(query: DeliveriesQuery): Promise<boolean> {
    const { name, context } = this.#parts;
    const { stdin, stderr, stop } = context;
    const many = await this.#manyText(query);
    if (many === null) return true;
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      const answer = await lines.question(`${name} ${many}? [y/N] `, { signal: stop });
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  }

  /** Renders the number of matching deliveries; null if there is none. */
  async #manyText(query: DeliveriesQuery): Promise<string | null> {
    let count = 0;
    for await (const { items, total } of pagesOf(this.#deliveries, query)) {
      if (count >= MOST_COUNTED) return `more than ${deliveriesText(count)}`;
      count += items.length;
      if (total === null) continue;
      count = total;
      break;
    }
    return count === 0 ? null : deliveriesText(count);
  }
}

/** Renders a result: `01k… build Pod/shop/web-1: was refused, is attempted now`. */
function doneText({ act, id, from, delivery }: ActedDocument, target: Target['from']): string {
  const what = `${token(id)} ${token(delivery.trigger)} ${token(shortObject(delivery.object))}`;
  const isNow = target === 'gateway';
  switch (act) {
    case 'retry':
      return `${what}: was ${from}, is ${isNow ? 'attempted' : 'due'} now`;
    case 'release':
      return `${what}: was ${from}, ${isNow ? 'starts' : 'is due'} now`;
    case 'rerun':
      return `${what}: stays ${from}, ${isNow ? 'starts' : 'is due'} again as ${token(delivery.id)}`;
    case 'discard':
      return `${what}: was ${from}, is discarded`;
    default:
      return act satisfies never;
  }
}
