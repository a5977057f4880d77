// What came of a request, as the outcome of its delivery: one table for every status and one for
// every way in which an answer can be missing. It classifies by status, header and kind of failure,
// never by text; the receiver's text is only shown. It waits for nothing and asks nothing again.
// Source: RFC 9110 §15, RFC 6585; Standard Webhooks and the CloudEvents webhook profile for 3xx,
// 410 and 429; docs/guarantees.md for which answers count as lost.

import type { Delivered, Outcome, RetryReason, Unknown } from '../../core/delivery.ts';
import { quoted } from '../../kit/text/printable.ts';
import type {
  HttpAnswered,
  HttpFailed,
  HttpResult,
  NetworkFailure,
} from '../../net/http-client.ts';
import { type FailureMeaning, pausing, refused, retry, unknown } from '../outcomes.ts';
import { askedPauseMs, askedWaitMs } from '../retry-after.ts';

/** What a row of the tables says. */
export type HttpMeaning = Delivered | FailureMeaning;

/** Meaning of an answer. */
export interface MeaningFound {
  readonly means: HttpMeaning;
  /** Names what was found, for people. */
  readonly found: string;
}

/** Meaning of an answer by `expect:` of the section; null if the table decides. */
export type ExpectedAnswer = (answer: HttpAnswered) => MeaningFound | null;

/** One row of the table of answers; the first one that fits holds. */
interface HttpAnswerRow extends MeaningFound {
  /** The lowest and the highest status it is for. */
  readonly status: readonly [number, number];
  /** What else must hold. */
  readonly when?: (answer: Pick<HttpAnswered, 'headers'>) => boolean;
}

/** One row of the table of missing answers; the first one that fits holds. */
interface HttpFailureRow {
  readonly reached: HttpFailed['reached'];
  /** Absent: any. */
  readonly failure?: NetworkFailure;
  readonly means: FailureMeaning;
}

function row(
  status: number | readonly [number, number],
  means: HttpMeaning,
  found: string,
): HttpAnswerRow {
  return { status: typeof status === 'number' ? [status, status] : status, means, found };
}

// No final answer of HTTP at all: who said it may have taken the request.
const NO_HTTP = row(
  [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  unknown('server-error'),
  'no answer of HTTP',
);

// A request that may be good at another time, or once an operator has mended the URL, the
// credentials or the receiver, is retried: the backlog then heals by itself. What is about this very
// request will be said again of it and is refused. A row may be `retry` only if a receiver that acted
// on the request cannot answer so: a request that started a build and is sent again starts another.
/** Every status that an answer can have, and every number besides. */
const ANSWER_ROWS: readonly HttpAnswerRow[] = [
  row([200, 299], { outcome: 'delivered' }, 'taken'),
  // No redirect is followed: the operator did not name its target, and credentials would go along.
  // 300 asks for a choice first, 307 and 308 for the same request at another URL: nothing was done.
  row(300, retry('redirected'), 'redirected'),
  // "See other" names the page of what the request has started (RFC 9110 §15.4.4).
  row(303, { outcome: 'delivered', note: 'answered 303' }, 'taken'),
  row([307, 308], retry('redirected'), 'redirected'),
  // 301 and 302: some receivers act and then point at a page, others point at a login and do nothing.
  // 304 and 305 answer no request of ours, and what is not registered promises nothing.
  row([300, 399], unknown('redirected'), 'redirected'),
  row(400, refused('invalid'), 'a bad request'),
  row(401, retry('unauthorized'), 'unauthorized'),
  // Quota or a bill: the operator's to mend, and nothing about this request.
  row(402, retry('forbidden'), 'payment required'),
  // How GitHub refuses what is above a limit; any other 403 is about what we may do.
  {
    status: [403, 403],
    when: ({ headers }) => askedPauseMs({ status: 403, headers, body: null }, 0) !== undefined,
    means: retry('throttled'),
    found: 'throttled',
  },
  row(403, retry('forbidden'), 'forbidden'),
  row(404, retry('not-found'), 'not found'),
  row(405, retry('not-permitted'), 'the method is not permitted'),
  row(407, retry('unauthorized'), 'the proxy asks for credentials'),
  // A proxy says so too when the receiver behind it was slow, after it had sent the whole request.
  row(408, unknown('timeout'), 'the receiver gave up waiting'),
  // An earlier request with the same idempotency key may still be at work, or may have been done.
  row(409, unknown('conflict'), 'a conflict'),
  row(410, refused('gone'), 'gone'),
  row([413, 414], refused('too-large'), 'too large'),
  // A connection that ended at the wrong server; the next may not.
  row(421, retry('unavailable'), 'the wrong server'),
  row(423, retry('unavailable'), 'locked'),
  row(425, retry('unavailable'), 'too early'),
  row(429, retry('throttled'), 'throttled'),
  row(431, refused('too-large'), 'headers too large'),
  row([400, 499], refused('invalid'), 'refused'),
  row(501, refused('invalid'), 'not supported'),
  // A proxy that could not reach the receiver, or lost it on the way: it does not say which.
  row(502, unknown('connection-lost'), 'a proxy without an answer'),
  // A receiver that says when to come again has turned the request away. A bare 503 may be a proxy's
  // word for a connection that was cut, and Varnish adds a Retry-After to that: it also adds a Via.
  {
    status: [503, 503],
    when: ({ headers }) => 'retry-after' in headers && !('via' in headers),
    means: retry('unavailable'),
    found: 'unavailable',
  },
  row(504, unknown('timeout'), 'a timeout behind a proxy'),
  row(505, refused('invalid'), 'the HTTP version is not supported'),
  // A captive portal answers in the receiver's place: the request never got out.
  row(511, retry('unauthorized'), 'the network asks for credentials'),
  row([500, 599], unknown('server-error'), 'an error of the receiver'),
  NO_HTTP,
];

/** Every way in which an answer can be missing. */
const FAILURE_ROWS: readonly HttpFailureRow[] = [
  // Our own refusal of an address: no waiting mends it, and the receiver is not at fault, so it
  // must not open the breaker.
  { reached: 'never', failure: 'forbidden-address', means: retry('not-permitted') },
  { reached: 'never', means: retry('unreachable') },
  { reached: 'perhaps', failure: 'timeout', means: unknown('timeout') },
  { reached: 'perhaps', failure: 'aborted', means: unknown('stopped') },
  { reached: 'perhaps', failure: 'bad-answer', means: unknown('server-error') },
  { reached: 'perhaps', means: unknown('connection-lost') },
];

/** What was tried, so that an outcome can say so. */
export interface SentAttempt {
  /** `POST https://host/path`, without query and credentials; without the path if that is secret. */
  readonly doing: string;
  /** The wall clock, ms since 1970. */
  readonly now: number;
  /** Takes what is secret out of a text. */
  readonly redact: (text: string) => string;
  /** Absent or null: the table alone decides. */
  readonly expects?: ExpectedAnswer | null;
}

/** What came of a request, as an outcome. */
export function outcomeOf(result: HttpResult, tried: SentAttempt): Outcome {
  return result.answered ? ofAnswer(result, tried) : ofFailure(result, tried);
}

// They are about the URL, the method, the headers or the protocol: RFC 9110 §15.5, RFC 6585, RFC 7725.
const ABOUT_EVERY_REQUEST: ReadonlySet<number> = new Set([
  406, 410, 411, 412, 414, 415, 416, 417, 426, 428, 431, 451, 501, 505,
]);

/**
 * Whether a refusal may be about what the request carries. A status that is about something which
 * every request of the trigger has in common says the same of any other content.
 */
export function blamesContent(result: HttpResult): boolean {
  return result.answered && !ABOUT_EVERY_REQUEST.has(result.status);
}

/** What a failure means that came before anything was sent which starts something. */
export function retryOf(result: HttpResult, tried: SentAttempt): Outcome {
  const outcome = outcomeOf(result, tried);
  switch (outcome.outcome) {
    case 'unknown':
      return { ...outcome, outcome: 'retry', reason: askedReason(result, outcome) };
    case 'delivered':
    case 'refused': {
      const found = 'note' in outcome ? `${tried.doing}: ${outcome.note}` : tried.doing;
      const detail = 'detail' in outcome ? outcome.detail : found;
      return { outcome: 'retry', reason: 'not-permitted', detail, ...pausing(outcome.pauseMs) };
    }
    case 'retry':
      return outcome;
  }
}

function askedReason({ answered }: HttpResult, { reason }: Unknown): RetryReason {
  if (reason === 'redirected') return 'redirected';
  return answered ? 'unavailable' : 'unreachable';
}

/** The row that holds for an answer. */
export function rowOf({
  status,
  headers,
}: Pick<HttpAnswered, 'status' | 'headers'>): HttpAnswerRow {
  const found = ANSWER_ROWS.find(({ status: [from, to], when }) => {
    return status >= from && status <= to && (when === undefined || when({ headers }));
  });
  return found ?? NO_HTTP;
}

function ofAnswer(answer: HttpAnswered, tried: SentAttempt): Outcome {
  const { means, found } = tried.expects?.(answer) ?? rowOf(answer);
  const asking = { status: answer.status, headers: answer.headers, body: null };
  const pauseMs = askedPauseMs(asking, tried.now);
  const pause = pausing(pauseMs);
  if (means.outcome === 'delivered') return { ...means, ...pause };
  const target = means.reason === 'redirected' ? targetOf(answer, tried) : '';
  const said = saidIn(answer.excerpt, tried);
  const detail = `${tried.doing}: ${found}${target}, ${answer.status}${said}`;
  if (means.outcome !== 'retry') return { ...means, detail, ...pause };
  const afterMs = askedWaitMs(asking, tried.now) ?? pauseMs;
  return { ...means, detail, ...(afterMs === undefined ? {} : { afterMs }), ...pause };
}

function ofFailure({ reached, failure, detail: text }: HttpFailed, tried: SentAttempt): Outcome {
  const found = FAILURE_ROWS.find(
    (one) => one.reached === reached && (one.failure === undefined || one.failure === failure),
  );
  const means = found?.means ?? unknown('connection-lost');
  return { ...means, detail: `${tried.doing}: ${failure}, ${tried.redact(text)}` };
}

// A host is enough to see where a receiver has moved to; the rest of a location may be secret.
const LONGEST_HOST = 100;

function targetOf({ headers }: HttpAnswered, { redact }: SentAttempt): string {
  const { location } = headers;
  // A host is written in lower case, in which a secret would not be found any more.
  if (location === undefined || redact(location) !== location) return '';
  const host = URL.parse(location)?.host;
  return host === undefined || host === ''
    ? ' to another path of it'
    : ` to ${quoted(host, LONGEST_HOST)}`;
}

// The first sentence of an error page or a JSON error; the log line has more to say than this.
const LONGEST_SAID = 200;

function saidIn(excerpt: string, { redact }: SentAttempt): string {
  const said = redact(excerpt).trim();
  return said === '' ? '' : `: ${quoted(said, LONGEST_SAID)}`;
}
