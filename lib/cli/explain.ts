// `sluice explain`: the decision on each given Event, and why every earlier rule did not match. It makes
// no request and starts nothing. explain-input.ts reads the Events, explanation-text.ts renders the text.

import { SluiceError } from '../core/errors.ts';
import { type EventObject, toOccurrence } from '../core/occurrence.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { type ExplainedEvent, explainEvent, previewsOf } from '../plan/explain-event.ts';
import type { Plan } from '../plan/plan.ts';
import { counted, ruleLabel } from '../telemetry/log-value.ts';
import { NAMESPACE_FLAGS, namespacesOf } from './cluster-flags.ts';
import type { Command, ProcessContext } from './command.ts';
import { CONFIG_FLAGS, requireConfiguration, showProblems } from './configuration.ts';
import { written } from './deliveries/delivery-text.ts';
import { type ReadEvent, readEvents } from './explain-input.ts';
import { explanationToJson, increase, listed, renderExplanation } from './explanation-text.ts';
import {
  type FlagTable,
  FORMAT_FLAGS,
  formatOf,
  type GivenFlags,
  switchFlag,
  textFlag,
  usage,
} from './flags.ts';

const SELECTION_FLAGS = {
  accepted: switchFlag('show only Events that a rule accepts'),
  rule: textFlag(
    'NAME',
    'show only Events that this rule decides: its name, # and its index, or default',
  ),
  'last-state': switchFlag('explain only the last state of each series'),
} as const satisfies FlagTable;

/** Explains the decisions on given Events. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'explains the decision on given Events: by which rule, and why no earlier rule matched',
  synopsis: '--config FILE [--events FILE] [--accepted] [--render] [--format json] [flags]',
  flags: {
    ...CONFIG_FLAGS,
    ...NAMESPACE_FLAGS,
    ...FORMAT_FLAGS,
    events: textFlag(
      'FILE',
      'Events as kubectl prints them (JSON, YAML, a watch), or a recording; default: standard input',
    ),
    source: textFlag(
      'NAME',
      'the source to decide for; default: the first one that reads the Event',
    ),
    ...SELECTION_FLAGS,
    render: switchFlag(
      'also show the content that each trigger would send; secrets appear as their names',
    ),
  },
  notes:
    'For instance: kubectl get events -o json | sluice explain --config sluice.yaml\n' +
    'or for a watch: kubectl get events -w -o json | sluice explain --config sluice.yaml',
  run: async (given, context) => {
    const format = formatOf(given);
    const settings = { ...namespacesOf(given, context.environment), exec: 'allowed' as const };
    const found = await requireConfiguration(given, context, settings);
    const { plan, folder, form } = found;
    if (form === 'none') showProblems(found, context.stderr, context.environment);
    const asked: ExplainRequest = {
      format,
      plan,
      folder,
      source: sourceOf(given, plan),
      isWanted: selectionOf(given, plan),
      isRendered: given.isSet('render'),
    };
    const explaining = new Explaining(asked, context);
    const lastStates = given.isSet('last-state') ? new LastStates() : null;
    await explaining.run(given.text('events'), lastStates);
    return 0;
  },
};

/** Options of the command. */
interface ExplainRequest {
  readonly format: 'text' | 'json';
  readonly plan: Plan;
  readonly folder: string;
  readonly source: string | undefined;
  readonly isWanted: (explained: ExplainedEvent) => boolean;
  readonly isRendered: boolean;
}

/** One run of the command. */
class Explaining {
  readonly #asked: ExplainRequest;
  readonly #context: ProcessContext;
  readonly #summary = new ExplanationSummary();

  constructor(asked: ExplainRequest, context: ProcessContext) {
    this.#asked = asked;
    this.#context = context;
  }

  /** Explains each Event as it arrives, or at the end the last state of each series. */
  async run(file: string | undefined, lastStates: LastStates | null): Promise<void> {
    const { stderr } = this.#context;
    const isStopped = await this.#read(file, lastStates);
    if (!isStopped) {
      for (const event of lastStates?.events ?? []) await this.#explain(event);
    }
    // After a stop it is no news that nothing arrived.
    if (this.#summary.judged === 0 && !isStopped) stderr.write('no Events to explain\n');
    this.#summarize();
  }

  /** Reads all Events; returns whether a request to stop ended it. */
  async #read(file: string | undefined, lastStates: LastStates | null): Promise<boolean> {
    const { stop } = this.#context;
    try {
      for await (const read of readEvents(file, this.#context)) {
        stop.throwIfAborted();
        if (read.kind === 'skipped') this.#skip(read);
        else if (lastStates === null) await this.#explain(read.event);
        else lastStates.keep(read.event);
      }
      return false;
    } catch (error) {
      if (!stop.aborted) throw error;
      return true;
    }
  }

  #skip(read: Extract<ReadEvent, { readonly kind: 'skipped' }>): void {
    const { stderr } = this.#context;
    this.#summary.skip(read);
    if (read.what !== 'ERROR') return;
    stderr.write(`${read.place}: skipped an ERROR of the watch: ${read.detail || '-'}\n`);
  }

  async #explain(event: EventObject): Promise<void> {
    const { plan, source, isWanted, isRendered, format, folder } = this.#asked;
    const { clock, stdout, stop } = this.#context;
    const explained = explainEvent(event, plan, { source, now: clock.now() });
    const isShown = isWanted(explained);
    this.#summary.add(explained, { isShown });
    if (!isShown) return;
    const previews = isRendered ? previewsOf(explained, plan, folder) : null;
    const render = format === 'json' ? explanationToJson : renderExplanation;
    await written(stdout, render(explained, previews), stop);
  }

  /** Prints the summary; with JSON on standard error, because each line of standard output is an explanation. */
  #summarize(): void {
    const { stdout, stderr } = this.#context;
    const summary = this.#summary.render();
    const to = this.#asked.format === 'json' ? stderr : stdout;
    if (summary !== null && !to.destroyed) to.write(summary);
  }
}

// Enough for a recording of one week of a large cluster.
const MOST_SERIES = 200_000;

/** Keeps the last state of each series, in the order of their first states. */
class LastStates {
  readonly #events = new Map<string, EventObject>();

  get events(): Iterable<EventObject> {
    return this.#events.values();
  }

  keep(event: EventObject): void {
    const { identity } = toOccurrence(event, { source: '', path: '', from: 'list', readAt: 0 });
    this.#events.set(JSON.stringify(identity), event);
    if (this.#events.size <= MOST_SERIES) return;
    const message = `flag --last-state: more than ${MOST_SERIES} series (expected fewer); split the input`;
    throw new SluiceError('input-unusable', message);
  }
}

function sourceOf(given: GivenFlags, { sources }: Plan): string | undefined {
  const known = sources.map(({ name }) => name);
  const asked = given.text('source');
  if (asked === undefined || known.includes(asked)) return asked;
  throw usage(`flag --source: "${asked}" is not configured (there are ${known.join(', ')})`);
}

function selectionOf(given: GivenFlags, { chain }: Plan): ExplainRequest['isWanted'] {
  const isAccepted = given.isSet('accepted');
  const rule = given.text('rule');
  if (rule !== undefined) mustBeRule(rule, chain);
  return ({ explanation: { decision } }) => {
    if (isAccepted && decision.action !== 'accept') return false;
    return rule === undefined || namesOf(decision.rule).includes(rule);
  };
}

function mustBeRule(asked: string, { rules }: Plan['chain']): void {
  const names = rules.map(({ decision }) => ruleLabel(decision.rule));
  const known = [...rules.flatMap(({ decision }) => namesOf(decision.rule)), DEFAULT_RULE];
  if (known.includes(asked)) return;
  const near = nearestName(asked, known);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const there = `there are ${[...names, DEFAULT_RULE].join(', ')}`;
  throw usage(`flag --rule: "${asked}" is not configured (${there}${hint})`);
}

/** Values of `--rule` that select a rule, or the default rejection. */
function namesOf(rule: ExplainedEvent['explanation']['decision']['rule']): readonly string[] {
  if (rule === null) return [DEFAULT_RULE];
  return rule.name === null ? [`#${rule.index}`] : [rule.name, `#${rule.index}`];
}

/** Name of the default rejection in the summary and in `--rule`. */
const DEFAULT_RULE = 'default';

/** Counts decisions for the line at the end. */
class ExplanationSummary {
  readonly #byRule = { accept: new Map<string, number>(), reject: new Map<string, number>() };
  readonly #guarded = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  /** Number of explained Events, shown or not. */
  judged = 0;
  #unread = 0;
  #shown = 0;

  /** Counts an explained Event. */
  add({ explanation, facts }: ExplainedEvent, { isShown }: { readonly isShown: boolean }): void {
    const { action, rule } = explanation.decision;
    this.judged += 1;
    if (isShown) this.#shown += 1;
    if (facts.readBy.length === 0) this.#unread += 1;
    increase(this.#byRule[action], rule === null ? DEFAULT_RULE : ruleLabel(rule));
    if (facts.guard !== null) increase(this.#guarded, facts.guard.disposition);
  }

  /** Counts a line of a watch without an Event to explain. */
  skip({ what }: Extract<ReadEvent, { readonly kind: 'skipped' }>): void {
    increase(this.#skipped, what);
  }

  /** Renders the summary; null if the shown explanations are enough. */
  render(): string | null {
    const skipped = listed(this.#skipped);
    const isPlain = this.judged === this.#shown && skipped === '';
    if (isPlain && this.judged < 2) return null;
    const { accept, reject } = this.#byRule;
    const parts = [
      `${counted(this.judged, 'Event')}: ${sum(accept)} accepted${within(accept)}`,
      `${sum(reject)} rejected${within(reject)}`,
      ...(this.#guarded.size === 0 ? [] : [`stopped by a guard: ${listed(this.#guarded)}`]),
      ...(this.#unread === 0 ? [] : [`read by no source: ${this.#unread}`]),
      ...(this.#shown === this.judged ? [] : [`shown: ${this.#shown}`]),
      ...(skipped === '' ? [] : [`skipped: ${skipped}`]),
    ];
    return `${parts.join('; ')}\n`;
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}

function within(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? '' : ` (${listed(counts)})`;
}
