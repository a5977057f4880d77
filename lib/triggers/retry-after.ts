// How long a receiver asked to wait: with one delivery, and with every request. It only reads; who
// waits decides.
// Source: RFC 9110 §10.2.3 (Retry-After), metav1.StatusDetails.retryAfterSeconds.

import { type Json, jsonAt } from '../core/event.ts';
import { retryAfterMs } from '../kubernetes/watch/watch-errors.ts';

// A receiver that asks for more is believed for an hour: a wrong clock or a zero too many must not
// park a delivery until it expires, or a lane for a day.
const LONGEST_MS = 3_600_000;

/** What of an answer may say how long to wait. */
interface WaitingAnswer {
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

// What a receiver says of the limit on requests that it counts: that none is left, and until when. In
// the forms that CI systems and the drafts of the IETF use. It only reads; who waits decides.
// Source: docs.github.com "Rate limits for the REST API" (x-ratelimit-remaining, x-ratelimit-reset in
// epoch seconds); docs.gitlab.com "User and IP rate limits" (RateLimit-Remaining, RateLimit-Reset in
// epoch seconds); draft-ietf-httpapi-ratelimit-headers-06 (the same names, seconds from now), -07
// (RateLimit: limit=…, remaining=…, reset=…) and -08 and later (RateLimit: "policy";r=…;t=…).

type Headers = Readonly<Record<string, string>>;

/** Pairs of headers: how many requests are left, and when there are more. */
const PAIRS = [
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['x-rate-limit-remaining', 'x-rate-limit-reset'],
] as const;

/**
 * How long no request is allowed because none is left; undefined when one is, or nothing readable is
 * said. Of several limits that are used up the longest counts.
 *
 * **Units**: milliseconds from `sent`, the moment of the answer by the receiver's own clock (ms since
 * 1970), with which an epoch is compared. No bound.
 */
export function exhaustedMs(headers: Headers, sent: number): number | undefined {
  const waits = [...pairWaits(headers, sent), ...fieldWaits(headers['ratelimit'] ?? '')];
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function pairWaits(headers: Headers, sent: number): readonly number[] {
  return PAIRS.flatMap(([remaining, reset]) => {
    const left = numberIn(headers[remaining]);
    const until = numberIn(headers[reset]);
    return left === 0 && until !== undefined ? [waitMs(until, sent)] : [];
  });
}

// Some write a policy behind the number (`0;w=60`), some the same header twice.
function numberIn(text: string | undefined): number | undefined {
  const found = /^\s*(\d{1,15}(?:\.\d+)?)\s*(?:[;,]|$)/.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

// No window of a limit is as long as 30 years, and in milliseconds the epoch is past 1e12.
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;

/** One name, two meanings: GitHub and GitLab count seconds since 1970, the drafts seconds from now. */
function waitMs(reset: number, sent: number): number {
  if (reset >= EPOCH_MS) return Math.max(0, reset - sent);
  if (reset >= EPOCH_SECONDS) return Math.max(0, reset * 1000 - sent);
  return reset * 1000;
}

/** The field `RateLimit`: a list of policies, or one policy as a dictionary. */
function fieldWaits(field: string): readonly number[] {
  const plain = field.replaceAll(/"[^"]*"/g, '');
  const dictionary = waitOf(plain, /(?:^|,)\s*remaining=0\s*(?:,|$)/, /(?:^|,)\s*reset=(\d{1,9})/);
  const policies = plain
    .split(',')
    .flatMap((policy) => waitOf(policy, /;\s*r=0\s*(?:;|$)/, /;\s*t=(\d{1,9})/));
  return [...dictionary, ...policies];
}

function waitOf(text: string, isUsedUp: RegExp, reset: RegExp): readonly number[] {
  const seconds = reset.exec(text)?.[1];
  return isUsedUp.test(text) && seconds !== undefined ? [Number(seconds) * 1000] : [];
}
