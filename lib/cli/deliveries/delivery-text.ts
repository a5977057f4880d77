// Short texts about deliveries: states, ages, results. Texts of Events and receivers come out printable.
// Lines and pages are made in list-commands.ts and show-view.ts.

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Outcome, Started } from '../../core/delivery.ts';
import { printable } from '../../kit/text/printable.ts';
import { escapedJson } from '../../telemetry/line-format.ts';
import { token } from '../../telemetry/log-value.ts';
import type {
  DeliverySummary,
  HeldDocument,
  PauseDocument,
} from '../../views/delivery-documents.ts';

/** Renders a state with its reason: `dead (poison)`, `refused (invalid)`, `waiting`. */
export function stateText({ state, dead, lastFailure }: DeliverySummary): string {
  if (dead !== null) return `${state} (${dead})`;
  const outcome = lastFailure?.outcome;
  const isLast = state === 'refused' || state === 'unknown';
  return isLast && outcome?.outcome === state ? `${state} (${outcome.reason})` : state;
}

/** Renders a duration in its largest unit: `3m`, `2h`, `5d`. */
export function roughly(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 2 * 86_400
    ? `${Math.floor(seconds / 3_600)}h`
    : `${Math.floor(seconds / 86_400)}d`;
}

/** Renders the age of a time; `-` for null. */
export function ageText(at: string | null, now: number): string {
  return at === null ? '-' : roughly(now - Date.parse(at));
}

/**
 * Renders the time of the next attempt, with the reason if the trigger is paused: `now`, `in 2m`,
 * `in 58s (throttled)`. For a held delivery it is the start, or `dead in 40m` if it expires before.
 * `-` if no time is known.
 */
export function nextText({ state, dueAt, held, paused }: DeliverySummary, now: number): string {
  if (held !== null) {
    const { at, isExpiry } = endOfHolding(held);
    return at === null ? '-' : `${isExpiry ? 'dead ' : ''}${dueText(at, now)}`;
  }
  if (state !== 'waiting' || dueAt === null) return '-';
  if (paused === null) return dueText(dueAt, now);
  const ms = Math.max(Date.parse(dueAt) - now, pausedMs(paused, now));
  return ms <= 0 ? `soon (${paused.reason})` : `in ${roughly(ms)} (${paused.reason})`;
}

function dueText(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  return ms <= 0 ? 'now' : `in ${roughly(ms)}`;
}

/** Time until the trial attempt of a paused trigger, in ms; negative if it is due. */
export function pausedMs({ until }: PauseDocument, now: number): number {
  return until === null ? 0 : Date.parse(until) - now;
}

/** Time until which a limit holds a delivery, and whether it expires then. */
export function endOfHolding({ releaseAt, expiresAt }: HeldDocument): {
  readonly at: string | null;
  readonly isExpiry: boolean;
} {
  const isExpiry = releaseAt !== null && expiresAt !== null && expiresAt < releaseAt;
  return { at: isExpiry ? expiresAt : releaseAt, isExpiry };
}

/** Renders the outcome of an attempt: `unreachable: connect to …`. */
export function outcomeText(outcome: Outcome | null): string {
  if (outcome === null) return 'no answer so far';
  if (outcome.outcome === 'delivered') {
    return outcome.note === undefined ? 'delivered' : `delivered (${outcome.note})`;
  }
  return `${outcome.reason}: ${printable(outcome.detail)}`;
}

/** Renders a started object: `Job ci/build-01k… https://…`. */
export function startedText({ kind, namespace, name, url }: Started): string {
  const object = `${token(kind)} ${namespace === '' ? '' : `${token(namespace)}/`}${token(name)}`;
  return url === undefined ? object : `${object} ${printable(url)}`;
}

/** Renders a number of deliveries: `1,234 deliveries`. */
export function deliveriesText(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'delivery' : 'deliveries'}`;
}

/** Renders a number in groups of thousands. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Quotes a word for a POSIX shell. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Renders a document as one line of JSON without control characters. */
export function jsonLine(document: object): string {
  return `${escapedJson(document, 0)}\n`;
}

/**
 * Writes a text and waits for a slow reader.
 *
 * **Errors**: rejects with an AbortError after the signal aborts, which it does if the reader closes.
 */
export async function written(to: Writable, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!to.write(text)) await once(to, 'drain', { signal });
}
