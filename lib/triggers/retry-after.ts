// How long a receiver asked to wait: with one delivery, and with every request. It only reads; who
// waits decides.
// Source: RFC 9110 §10.2.3 (Retry-After), metav1.StatusDetails.retryAfterSeconds.

import { type Json, jsonAt } from '../core/event.ts';
import { retryAfterMs } from '../kubernetes/trouble.ts';
import { exhaustedMs } from './rate-limit.ts';

// A receiver that asks for more is believed for an hour: a wrong clock or a zero too many must not
// park a delivery until it expires, or a lane for a day.
const LONGEST_MS = 3_600_000;

/** What of an answer may say how long to wait. */
export interface WaitingAnswer {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

/**
 * The wait that an answer asks for; undefined where it asks for none or nothing readable.
 *
 * **Units**: milliseconds, at most an hour. A date counts from the answer's own Date header where
 * it has one, so that the two clocks need not agree, else from `now` (ms since 1970).
 */
export function askedWaitMs(answer: WaitingAnswer, now: number): number | undefined {
  const header = answer.headers['retry-after'];
  const fromHeader = header === undefined ? null : retryAfterMs(header.trim(), sentAt(answer, now));
  const asked = fromHeader ?? fromBody(answer.body);
  return asked === undefined ? undefined : Math.min(LONGEST_MS, asked);
}

/**
 * For how long an answer says that the receiver wants no request at all; undefined when it says nothing
 * readable of that kind.
 *
 * **Shape**: Retry-After counts with the statuses that speak of the receiver. With any status a limit
 * counts of which no request is left: the next one would be refused. Retry-After goes before it.
 * **Units**: as `askedWaitMs`.
 */
export function askedPauseMs(
  answer: WaitingAnswer & { readonly status: number },
  now: number,
): number | undefined {
  const asked = ABOUT_RECEIVER.has(answer.status) ? askedWaitMs(answer, now) : undefined;
  const exhausted = exhaustedMs(answer.headers, sentAt(answer, now));
  if (asked !== undefined || exhausted === undefined) return asked;
  return Math.min(LONGEST_MS, exhausted);
}

// 403 is how GitHub refuses what is above a limit.
const ABOUT_RECEIVER: ReadonlySet<number> = new Set([403, 429, 503]);

function sentAt({ headers }: Pick<WaitingAnswer, 'headers'>, now: number): number {
  const sent = Date.parse(headers['date'] ?? '');
  return Number.isNaN(sent) ? now : sent;
}

function fromBody(body: Json): number | undefined {
  const seconds = jsonAt(body, 'details', 'retryAfterSeconds');
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}
