// Waits that a receiver asks for, with one delivery or with every request. They come from
// Retry-After and from the rate limits of CI systems and IETF drafts. It only reads; callers wait.
// Source: RFC 9110 §10.2.3 (Retry-After), metav1.StatusDetails.retryAfterSeconds; docs.github.com
// "Rate limits for the REST API" (x-ratelimit-*, reset in epoch seconds); docs.gitlab.com "User and
// IP rate limits" (RateLimit-*, reset in epoch seconds). draft-ietf-httpapi-ratelimit-headers: -06
// (same names, seconds from now), -07 (RateLimit: limit=…, remaining=…, reset=…), -08
// ("policy";r=…;t=…).

import type { AboutReceiver } from '../core/delivery.ts';
import { type Json, jsonAt } from '../core/json-object.ts';
import { retryAfterMs, sentAt } from '../net/retry-after.ts';

// A longer wait counts as one hour. A wrong clock or a zero too many must not hold a delivery until
// it expires, or a lane for a day.
const LONGEST_MS = 3_600_000;

/** Parts of an answer that may ask for a wait. */
interface WaitingAnswer {
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

/**
 * The wait that an answer asks for; undefined if it asks for none, or not readably.
 *
 * **Units**: milliseconds, at most an hour. A date counts from the answer's own Date header, so
 * that the two clocks need not agree. Without that header it counts from `now` (ms since 1970).
 */
export function askedWaitMs(answer: WaitingAnswer, now: number): number | undefined {
  const header = answer.headers['retry-after'];
  const fromHeader =
    header === undefined ? null : retryAfterMs(header.trim(), sentAt(answer.headers, now));
  const asked = fromHeader ?? fromBody(answer.body);
  return asked === undefined ? undefined : Math.min(LONGEST_MS, asked);
}

/**
 * How long the receiver accepts no request at all; undefined if the answer does not say so
 * readably.
 *
 * **Shape**: Retry-After counts only with statuses about the receiver. An exhausted rate limit
 * counts with any status, because the next request would be refused. Retry-After takes precedence.
 * **Units**: as `askedWaitMs`.
 */
export function askedPauseMs(
  answer: WaitingAnswer & { readonly status: number },
  now: number,
): number | undefined {
  const asked = ABOUT_RECEIVER.has(answer.status) ? askedWaitMs(answer, now) : undefined;
  const { headers } = answer;
  // Most answers have none of them.
  if (asked !== undefined || !LIMIT_HEADERS.some((name) => name in headers)) return asked;
  const exhausted = exhaustedMs(headers, sentAt(headers, now));
  return exhausted === undefined ? undefined : Math.min(LONGEST_MS, exhausted);
}

// GitHub refuses requests above a limit with 403.
const ABOUT_RECEIVER: ReadonlySet<number> = new Set([403, 429, 503]);

function fromBody(body: Json): number | undefined {
  const seconds = jsonAt(body, 'details', 'retryAfterSeconds');
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

/** Pairs of headers: the remaining requests, and when the limit resets. */
const PAIRS = [
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['x-rate-limit-remaining', 'x-rate-limit-reset'],
] as const;

/** Headers without which an answer names no exhausted limit. */
const LIMIT_HEADERS = ['ratelimit', ...PAIRS.map(([remaining]) => remaining)];

/**
 * How long no request is allowed because a rate limit is exhausted; undefined if none is. Of
 * several exhausted limits the longest counts.
 *
 * **Units**: milliseconds from `sent`, the moment of the answer by the receiver's own clock (ms
 * since 1970), with which an epoch is compared. Unbounded.
 */
export function exhaustedMs(headers: WaitingAnswer['headers'], sent: number): number | undefined {
  const waits = [...pairWaits(headers, sent), ...fieldWaits(headers['ratelimit'] ?? '')];
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function pairWaits(headers: WaitingAnswer['headers'], sent: number): readonly number[] {
  return PAIRS.flatMap(([remaining, reset]) => {
    const left = numberIn(headers[remaining]);
    const until = numberIn(headers[reset]);
    return left === 0 && until !== undefined ? [waitMs(until, sent)] : [];
  });
}

// Some receivers append a policy to the number (`0;w=60`), some send the header twice.
function numberIn(text: string | undefined): number | undefined {
  const found = /^\s*(\d{1,15}(?:\.\d+)?)\s*(?:[;,]|$)/.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

// No rate limit has a window of 30 years, and the present in milliseconds since 1970 is above 1e12.
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;

/** The reset as a wait: GitHub and GitLab give seconds since 1970, the drafts seconds from now. */
function waitMs(reset: number, sent: number): number {
  if (reset >= EPOCH_MS) return Math.max(0, reset - sent);
  if (reset >= EPOCH_SECONDS) return Math.max(0, reset * 1000 - sent);
  return reset * 1000;
}

/** Waits of the header `RateLimit`: a list of policies, or one policy as a dictionary. */
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

/** The pause of the receiver as part of an outcome; none if the wait is over. */
export function pausing(pauseMs: number | undefined): AboutReceiver {
  return pauseMs === undefined || pauseMs === 0 ? {} : { pauseMs };
}
