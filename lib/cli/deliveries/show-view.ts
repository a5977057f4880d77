// `sluice deliveries show`: one delivery as a page with its facts, decision, Events, attempts, next step
// and possible actions. Each text of an Event or a receiver comes out printable, on one line.

import type { DeadReason, DeliveredOccurrence } from '../../core/delivery.ts';
import { stringAt } from '../../core/json-object.ts';
import { toOccurrence } from '../../core/occurrence.ts';
import { ACTS, type ActName } from '../../delivery/actions.ts';
import { printable, quoted } from '../../kit/text/printable.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import { ruleLabel, token } from '../../telemetry/log-value.ts';
import type { AttemptDocument, WholeDelivery } from '../../views/delivery-documents.ts';
import { shortObject } from '../../views/object-ref.ts';
import type { Command } from '../command.ts';
import { eventText, renderEntry } from '../explanation-text.ts';
import { FORMAT_FLAGS, formatOf, usage } from '../flags.ts';
import { idIn, notFoundText } from './delivery-flags.ts';
import {
  ageText,
  endOfHolding,
  jsonLine,
  outcomeText,
  pausedMs,
  roughly,
  startedText,
  stateText,
} from './delivery-text.ts';
import { openTarget, TARGET_FLAGS, type Target } from './target.ts';

/** Time and source of a page; from a file: no gateway runs, so nothing happens before the next start. */
type PageSetting = Pick<Target, 'from' | 'command'> & { readonly now: number };

/** Renders the page of one delivery. */
function renderDelivery(delivery: WholeDelivery, setting: PageSetting): string {
  const { now } = setting;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    [`delivery ${token(delivery.id)}`, factsOf(delivery, now)],
    ['why', whyOf(delivery)],
    ['Events', delivery.occurrences.flatMap(eventLines)],
    ['attempts', delivery.attempts.flatMap((attempt) => attemptLines(attempt, now))],
    ['next', [nextLine(delivery, setting)]],
    ['you can', actLines(delivery, setting)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('\n');
}

function factsOf(delivery: WholeDelivery, now: number): readonly string[] {
  const { object, rule, trigger, cluster, source, createdAt, retriedAt, started, deaths } =
    delivery;
  const rows: readonly (readonly [string, string | null])[] = [
    ['state', stateText(delivery)],
    ['trigger', token(trigger)],
    ['rule', token(ruleLabel(rule))],
    ['object', objectText(object)],
    ['source', `${token(source)} of cluster ${token(cluster.name ?? cluster.id)}`],
    ['made', momentText(createdAt, now)],
    ['retried', retriedAt === null ? null : momentText(retriedAt, now)],
    ['deaths', deaths === 0 ? null : `the gateway died during its last ${deaths} attempts`],
    ['started', started === null ? null : startedText(started)],
  ];
  return rows.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(8)} ${text}`]));
}

function objectText(object: string): string {
  const short = shortObject(object);
  return short === object ? token(object) : `${token(short)} (${token(object)})`;
}

/** Renders the decision as `sluice explain` does. */
function whyOf({ decision, rule, trigger, match }: WholeDelivery): readonly string[] {
  const trail = decision?.trail.map(renderEntry) ?? [
    'why no earlier rule matched is no longer known',
  ];
  const name = rule.name === null ? '' : ` ${printable(rule.name)}`;
  const captures = Object.entries(match).map(
    ([key, value]) => `match ${token(key)}: ${quoted(value, 200)}`,
  );
  return [...trail, `accept by rule ${rule.index}${name} → ${printable(trigger)}`, ...captures];
}

function eventLines({ event, happenedAt, count }: DeliveredOccurrence): readonly string[] {
  const read = { source: '', path: '', from: 'list', readAt: 0 } as const;
  const what = eventText(toOccurrence(event, read), count);
  const message = stringAt(event, 'message');
  const head = `${printable(what, 600)}${happenedAt === '' ? '' : `, ${happenedAt}`}`;
  return message === '' ? [head] : [head, `  ${quoted(message, 1_000)}`];
}

function attemptLine({ number, at, outcome, durationMs }: AttemptDocument, now: number): string {
  const took = durationMs === null ? '' : ` after ${renderDuration(Math.ceil(durationMs))}`;
  const waitMs = outcome?.outcome === 'retry' ? outcome.afterMs : undefined;
  const askedMs = waitMs ?? outcome?.pauseMs;
  const asked = askedMs === undefined ? '' : `; asked to wait ${renderDuration(askedMs)}`;
  const verdict = outcome === null || outcome.outcome === 'delivered' ? '' : `${outcome.outcome}, `;
  return `${number}  ${momentText(at, now)}: ${verdict}${outcomeText(outcome)}${asked}${took}`;
}

/** Renders an attempt; its answer has its own line unless the detail of the outcome contains it. */
function attemptLines(attempt: AttemptDocument, now: number): readonly string[] {
  const line = attemptLine(attempt, now);
  const { outcome } = attempt;
  if (outcome?.answer === undefined) return [line];
  const { status, text } = outcome.answer;
  const said = text === '' ? '' : `: ${quoted(text)}`;
  if (outcome.outcome !== 'delivered' && outcome.detail.endsWith(`${status}${said}`)) return [line];
  return [line, `   answered ${status}${said}`];
}

function momentText(at: string | null, now: number): string {
  return at === null ? '-' : `${at} (${ageText(at, now)} ago)`;
}

const SETTLED = {
  delivered: 'nothing: it is delivered',
  refused: 'no retry: the receiver refused it and would refuse it again',
  unknown:
    'no retry: unknown outcome; it may be started, and the receiver cannot recognize a retry',
  orphaned: 'no retry: its trigger is no longer configured, or the cluster is another one',
  discarded: 'no retry: it was discarded',
} as const;

const DEAD: Readonly<Record<string, string>> = {
  expired: 'no retry: it expired, because attempts failed for as long as retry.for allows',
  'expired-held': 'no retry: it expired, because the limits held it for longer than holdFor',
  shed: 'no retry: too many deliveries were held, and it was evicted in favor of other namespaces',
  poison: 'no retry: the gateway died during three attempts of it in a row',
  bug: 'no retry: its trigger failed because of bugs; the log has the details',
} satisfies Record<DeadReason, string>;

function nextLine(delivery: WholeDelivery, { now, from }: PageSetting): string {
  const { state, dead, attemptCount } = delivery;
  const then = from === 'file' ? ', once a gateway runs' : '';
  // A newer gateway may have more reasons, and more actions below.
  if (dead !== null) return DEAD[dead] ?? 'no retry';
  switch (state) {
    case 'waiting':
      return `${waitingText(delivery, now)}${then}`;
    case 'held':
      return heldLine(delivery, { now, then });
    case 'open':
      return `it waits for more Events of its group${then}`;
    case 'running':
      return from === 'file'
        ? `attempt ${attemptCount} ran when the gateway ended: the next start recovers it`
        : `attempt ${attemptCount} runs`;
    case 'dead':
      return 'no retry';
    case 'delivered':
    case 'refused':
    case 'unknown':
    case 'orphaned':
    case 'discarded':
      return SETTLED[state];
  }
}

function heldLine(
  { dueAt, createdAt, held }: WholeDelivery,
  { now, then }: { readonly now: number; readonly then: string },
): string {
  const since = ageText(dueAt ?? createdAt, now);
  const { at, isExpiry } = held === null ? NOT_KNOWN : endOfHolding(held);
  if (held === null || at === null) {
    return `held by a limit for ${since}: it starts as the limit allows${then}, or expires after holdFor`;
  }
  const what = `held by limits.${held.budget} for ${since}`;
  const when = `in ${roughly(Date.parse(at) - now)}, at ${at}`;
  return isExpiry
    ? `${what}: it expires ${when}: the limit allows it only after holdFor`
    : `${what}: it starts ${when}, if no other delivery starts first`;
}

const NOT_KNOWN = { at: null, isExpiry: false } as const;

function waitingText({ dueAt, paused, attemptCount }: WholeDelivery, now: number): string {
  const dueMs = dueAt === null ? 0 : Date.parse(dueAt) - now;
  const attempt = `attempt ${attemptCount + 1}`;
  if (paused === null) {
    if (dueMs > 0) return `${attempt} in ${roughly(dueMs)}, at ${dueAt}`;
    return `${attempt} is due: it is made when its trigger has capacity`;
  }
  const untilMs = pausedMs(paused, now);
  const isOpen = paused.reason === 'breaker';
  const cause = isOpen ? 'the breaker of its trigger is open' : 'its trigger is paused';
  const why = `${cause}: ${printable(paused.why)}`;
  if (Math.max(dueMs, untilMs) <= 0) {
    return `${attempt} is made after a trial attempt has succeeded; ${why}`;
  }
  const [ms, at] = dueMs > untilMs ? [dueMs, dueAt] : [untilMs, paused.until];
  return `${attempt} in ${roughly(ms)} at the earliest, at ${at}; ${why}`;
}

const ACT_WORDS = {
  retry: 'attempts it again now, with the same id',
  rerun: 'starts the same again, as a new delivery with a new id',
  release: 'starts it now in spite of the limit',
  discard: 'discards it: no more attempts',
} as const satisfies Record<ActName, string>;

function actLines({ id, acts }: WholeDelivery, { command }: PageSetting): readonly string[] {
  const known = ACTS.filter((name) => acts.includes(name));
  const lines = known.map((name) => [command(`${name} ${id}`), ACT_WORDS[name]] as const);
  const width = Math.max(0, ...lines.map(([left]) => left.length));
  return lines.map(([left, words]) => `${left.padEnd(width)}  # ${words}`);
}

/** Shows one delivery. */
export const showCommand: Command = {
  name: 'deliveries show',
  summary: 'shows one delivery: Events, decision, attempts, next step',
  synopsis: 'ID [--format json] [flags]',
  arguments: 1,
  flags: { ...FORMAT_FLAGS, ...TARGET_FLAGS },
  notes: 'ID may also be the name of the started object, such as build-01kg….',
  run: async (given, context) => {
    const [text] = given.positionals;
    if (text === undefined) throw usage('show needs the ID of a delivery');
    const format = formatOf(given);
    const { stdout, stderr, clock } = context;
    await using target = await openTarget(given, context);
    const found = await target.deliveries.find(idIn(text));
    if (found === null) {
      stderr.write(`sluice: ${await notFoundText(target.deliveries, text)}\n`);
      return 1;
    }
    const { from, command } = target;
    if (format === 'json') stdout.write(jsonLine(found));
    else stdout.write(renderDelivery(found, { now: clock.now(), from, command }));
    return 0;
  },
};
