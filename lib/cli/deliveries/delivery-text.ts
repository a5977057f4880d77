// Deliveries in words: how it stands, how long ago, what failed. Texts of Events and receivers come out
// printable; nothing here knows where a line ends.

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type {
  DeliverySummary,
  HeldDocument,
  PauseDocument,
} from '../../api/documents/delivery-documents.ts';
import type { Outcome, Started } from '../../core/delivery.ts';
import type { Json } from '../../core/event.ts';
import { printable } from '../../kit/text/printable.ts';
import { escapedJson } from '../../telemetry/line-format.ts';
import { token } from '../../telemetry/log-value.ts';

/** `dead (poison)`, `refused (invalid)`, `waiting`. */
export function stateText({ state, dead, lastFailure }: DeliverySummary): string {
  if (dead !== null) return `${state} (${dead})`;
  const outcome = lastFailure?.outcome;
  const isLast = state === 'refused' || state === 'unknown';
  return isLast && outcome?.outcome === state ? `${state} (${outcome.reason})` : state;
}

/** A span of time in its largest unit: `3m`, `2h`, `5d`. */
export function roughly(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 2 * 86_400
    ? `${Math.floor(seconds / 3_600)}h`
    : `${Math.floor(seconds / 86_400)}d`;
}

/** How long ago a moment was; `-` for none. */
export function ageText(at: string | null, now: number): string {
  return at === null ? '-' : roughly(now - Date.parse(at));
}

/**
 * When the next attempt can be made, and why its trigger is paused: `now`, `in 2m`,
 * `in 58s (throttled)`; or when a limit lets it start, `dead in 40m` if it expires before; `-` if
 * neither is known.
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

/** How long until a paused trigger makes an attempt to see, in ms; below zero once it may. */
export function pausedMs({ until }: PauseDocument, now: number): number {
  return until === null ? 0 : Date.parse(until) - now;
}

/** When a limit holds a delivery no longer, and whether that is because it expires. */
export function endOfHolding({ releaseAt, expiresAt }: HeldDocument): {
  readonly at: string | null;
  readonly isExpiry: boolean;
} {
  const isExpiry = releaseAt !== null && expiresAt !== null && expiresAt < releaseAt;
  return { at: isExpiry ? expiresAt : releaseAt, isExpiry };
}

/** What an attempt came to: `unreachable: connect to …`; `running` while it does. */
export function outcomeText(outcome: Outcome | null): string {
  if (outcome === null) return 'no answer so far';
  if (outcome.outcome === 'delivered') {
    return outcome.note === undefined ? 'delivered' : `delivered (${outcome.note})`;
  }
  return `${outcome.reason}: ${printable(outcome.detail)}`;
}

/** What was started: `Job ci/build-01k… https://…`. */
export function startedText({ kind, namespace, name, url }: Started): string {
  const object = `${token(kind)} ${namespace === '' ? '' : `${token(namespace)}/`}${token(name)}`;
  return url === undefined ? object : `${object} ${printable(url)}`;
}

/** A number with its noun, grouped by thousands: `1,234 deliveries`. */
export function deliveriesText(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'delivery' : 'deliveries'}`;
}

/** A number grouped by thousands. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A word as a POSIX shell takes it. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// Lines of JSON that no terminal acts on, written as fast as the reader takes them, and no longer than
// there is one.

/** A document as one line of JSON. */
export function jsonLine(document: object): string {
  return `${escapedJson(document as Json, 0)}\n`;
}

/**
 * Writes a text, and waits where the reader is behind.
 *
 * **Errors**: rejects with an AbortError once the signal aborts, as it does when the reader leaves.
 */
export async function written(to: Writable, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!to.write(text)) await once(to, 'drain', { signal });
}
