// `sluice explain`: Events in, one decision each with the reason why every rule before it did not
// match. It makes no request and starts nothing.
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Plan } from '../assembly/plan.ts';
import { loadDocument } from '../config/load.ts';
import type { Explanation, TrailEntry } from '../core/decision.ts';
import { SluiceError } from '../core/errors.ts';
import { fileTrouble } from '../kit/file-trouble.ts';
import type { EventObject } from '../core/event.ts';
import { type Occurrence, toOccurrence } from '../core/occurrence.ts';
import { explain } from '../filters/decide.ts';
import { toExplanationDocument } from '../filters/explanation.ts';
import { printable } from '../kit/printable.ts';
import { parseEvents } from '../playback/parse-events.ts';
import { NAMESPACE_FLAGS, namespacesOf } from './cluster.ts';
import type { Command, Surroundings } from './command.ts';
import { CONFIG_FLAGS, requireConfiguration } from './configuration.ts';
import type { Given } from './flags.ts';
import { FORMAT_FLAGS, formatOf } from './format.ts';
import { showProblems } from './show-problems.ts';

/** Explains the decisions on given Events. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'says for given Events what is decided, by which rule, and why not by those before it',
  synopsis: '--config FILE [--events FILE] [--source NAME] [--format json]',
  flags: {
    ...CONFIG_FLAGS,
    ...NAMESPACE_FLAGS,
    ...FORMAT_FLAGS,
    events: {
      type: 'string',
      takes: 'FILE',
      help: 'Events as JSON lines, a recording, a List, or YAML; default: standard input',
    },
    source: {
      type: 'string',
      takes: 'NAME',
      help: 'the source they are taken to come from; default: the first one configured',
    },
  },
  notes: 'For instance: kubectl get events -o json | sluice explain --config sluice.yaml',
  run: async (given, surroundings) => {
    const format = formatOf(given);
    const context = { ...namespacesOf(given, surroundings.environment), exec: 'allowed' as const };
    const found = await requireConfiguration(given, surroundings, context);
    const { plan, form } = found;
    if (form === 'none') showProblems(found, surroundings.stderr, surroundings.environment);
    const source = sourceOf(given, plan);
    const render = format === 'json' ? explanationToJson : renderExplanation;
    const events = await readEvents(given.text('events'), surroundings);
    if (events.length === 0) surroundings.stderr.write('no Events to explain\n');
    for (const event of events) {
      const read = { source, path: '', from: 'list', readAt: surroundings.clock.now() } as const;
      const occurrence = toOccurrence(event, read);
      surroundings.stdout.write(`${render(occurrence, explain(plan.chain, occurrence))}\n`);
    }
    return 0;
  },
};

function sourceOf(given: Given, { sources }: Plan): string {
  const known = sources.map(({ name }) => name);
  const asked = given.text('source');
  if (asked === undefined) return known[0] ?? '';
  if (known.includes(asked)) return asked;
  const message = `flag --source: "${asked}" is not configured (there are ${known.join(', ')})`;
  throw new SluiceError('usage', message);
}

async function readEvents(
  file: string | undefined,
  { stdin, stop }: Surroundings,
): Promise<readonly EventObject[]> {
  if (file === undefined || file === '-') {
    // Whoever waits at a terminal for the end of nothing must be able to leave.
    const given = await text(addAbortSignal(stop, stdin));
    return parseEvents(given, 'standard input', parseYaml);
  }
  return parseEvents(await readText(file), file, parseYaml);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SluiceError('input-unusable', `read Events from ${file}: ${fileTrouble(cause)}`, {
      cause,
    });
  }
}

/** Documents of a YAML stream; each must be one that a configuration could be, too. */
function parseYaml(stream: string): readonly unknown[] {
  return stream
    .split(/^---(?:[ \t].*)?$/m)
    .filter((document) => document.trim() !== '')
    .map((document) => {
      const loaded = loadDocument(document);
      if (loaded.ok) return loaded.value;
      throw new Error(loaded.problems[0]?.message ?? 'no YAML');
    });
}

/** One explanation as a line of JSON. */
export function explanationToJson(occurrence: Occurrence, explanation: Explanation): string {
  return JSON.stringify(toExplanationDocument(occurrence, explanation));
}

/** One explanation for people: the Event, a line for each rule passed over, and the decision. */
export function renderExplanation(
  { fields, series, count }: Occurrence,
  { decision, trail }: Explanation,
): string {
  const object = `${fields.kind || '-'} ${fields.namespace || '-'}/${fields.objectName || '-'}`;
  const event = `${fields.eventNamespace}/${series.name}: ${fields.type || '-'} ${object} `;
  const head = printable(`${event}${fields.reason || '-'} ×${count}`);
  const lines = trail.map((entry) => `  ${renderEntry(entry)}`);
  return [head, ...lines, `  ${renderDecision({ decision, trail })}`].join('\n');
}

/** Why one rule did not match, for people. */
export function renderEntry({ index, name, field, wanted, found }: TrailEntry): string {
  const rule = `rule ${index}${name === null ? '' : ` ${printable(name)}`}`;
  const found_ = printable(JSON.stringify(found), 200);
  const wanted_ = printable(JSON.stringify(wanted), 200);
  if (field === 'not') return `${rule}: not: ${found_} matches ${wanted_}`;
  return `${rule}: ${field}: ${found_} does not match ${wanted_}`;
}

function renderDecision({ decision }: Explanation): string {
  const { action, rule, triggers } = decision;
  if (rule === null) return `${action}: no rule matches`;
  const by = `${action} by rule ${rule.index}${rule.name === null ? '' : ` ${printable(rule.name)}`}`;
  return triggers.length === 0
    ? by
    : `${by} → ${triggers.map((name) => printable(name)).join(', ')}`;
}
