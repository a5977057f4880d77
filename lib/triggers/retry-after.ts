// How long a receiver asked to wait, in every form an API server can say so. It only reads; who
// waits decides.
// Source: RFC 9110 §10.2.3 (Retry-After), metav1.StatusDetails.retryAfterSeconds.
import type { Json } from '../core/event.ts';
import { jsonAt } from '../core/event.ts';
import { retryAfterMs } from '../kubernetes/trouble.ts';

// A receiver that asks for more is believed for an hour: a wrong clock or a zero too many must not
// park a delivery until it expires.
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
  const sent = Date.parse(answer.headers['date'] ?? '');
  const fromHeader =
    header === undefined ? null : retryAfterMs(header.trim(), Number.isNaN(sent) ? now : sent);
  const asked = fromHeader ?? fromBody(answer.body);
  return asked === undefined ? undefined : Math.min(LONGEST_MS, asked);
}

function fromBody(body: Json): number | undefined {
  const seconds = jsonAt(body, 'details', 'retryAfterSeconds');
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}
