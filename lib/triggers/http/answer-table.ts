// The outcome of a request by its answer: one table for statuses and one for missing answers. `expect:`
// of the section decides before the tables. Answers are classified by status, header, kind of
// failure and JSON values, never by text. Their text is untrusted, and is only shown and kept.
// Source: RFC 9110 §15, RFC 6585; Standard Webhooks and the CloudEvents webhook profile for 3xx, 410
// and 429; docs/guarantees.md (lost answers), docs/triggers.md (expect, answers).

import type { Answer, Delivered, Outcome, Started } from '../../core/delivery.ts';
import { isJsonObject, type Json } from '../../core/json-object.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { parsePath, valueAtPath } from '../../kit/data/json-path.ts';
import { quoted } from '../../kit/text/printable.ts';
import type {
  HttpAnswered,
  HttpFailed,
  HttpResult,
  NetworkFailure,
} from '../../net/http-client.ts';
import { askedPauseMs, askedWaitMs, pausing } from '../asked-wait.ts';
import { type FailureMeaning, refused, retry, unknown } from '../outcome-builders.ts';
import type { ExpectSection, StartedSection } from './section.ts';

type HttpMeaning = Delivered | FailureMeaning;

interface MeaningFound {
  readonly means: HttpMeaning;
  /** Names what was found, for people. */
  readonly found: string;
}

/** Decides by `expect:` of the section; null if the table decides. */
export type ExpectedAnswer = (answer: HttpAnswered) => MeaningFound | null;

/** A row of the table of answers. The first row that matches decides. */
interface HttpAnswerRow extends MeaningFound {
  /** The lowest and the highest status of the row. */
  readonly status: readonly [number, number];
  /** A further condition. */
  readonly when?: (answer: Pick<HttpAnswered, 'headers'>) => boolean;
}

/** A row of the table of missing answers. The first row that matches decides. */
interface HttpFailureRow {
  readonly reached: HttpFailed['reached'];
  /** Any, if absent. */
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

// Not a final status of HTTP: the sender of such an answer may have acted on the request.
const NO_HTTP = row(
  [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  unknown('server-error'),
  'not an HTTP status',
);

// `retry`: the request may succeed later, or after an operator corrected the URL, the credentials or
// the receiver. The backlog is then sent without further help. `refused`: the answer is about this
// request and would be the same again. A row may be `retry` only if a receiver that acted cannot give
// this answer. Otherwise the repeated request would start a second build.
/** Rows for every status, and for all other numbers. */
const ANSWER_ROWS: readonly HttpAnswerRow[] = [
  row([200, 299], { outcome: 'delivered' }, 'accepted'),
  // No redirect is followed: the operator did not name its target, and credentials would go along.
  // 300 asks for a choice first, 307 and 308 for the same request at another URL: nothing was started.
  row(300, retry('redirected'), 'redirected'),
  // "See other" names the page of the result (RFC 9110 §15.4.4).
  row(303, { outcome: 'delivered', note: 'answered 303' }, 'accepted'),
  row([307, 308], retry('redirected'), 'redirected'),
  // 301 and 302: some receivers act and then redirect to a page, others only redirect to a login.
  // 304 and 305 do not answer our requests, and unregistered statuses promise nothing.
  row([300, 399], unknown('redirected'), 'redirected'),
  row(400, refused('invalid'), 'bad request'),
  row(401, retry('unauthorized'), 'unauthorized'),
  // A quota or a bill: the operator must act, and the answer is not about this request.
  row(402, retry('forbidden'), 'payment required'),
  // GitHub answers so above a limit. Any other 403 is about permissions.
  {
    status: [403, 403],
    when: ({ headers }) => askedPauseMs({ status: 403, headers, body: null }, 0) !== undefined,
    means: retry('throttled'),
    found: 'throttled',
  },
  row(403, retry('forbidden'), 'forbidden'),
  row(404, retry('not-found'), 'not found'),
  row(405, retry('not-permitted'), 'method not allowed'),
  row(407, retry('unauthorized'), 'proxy authentication required'),
  // A proxy also answers so if the receiver was slow after it got the whole request.
  row(408, unknown('timeout'), 'request timeout'),
  // An earlier request with the same idempotency key may still run, or may be done.
  row(409, unknown('conflict'), 'conflict'),
  row(410, refused('gone'), 'gone'),
  row([413, 414], refused('too-large'), 'too large'),
  // The connection led to the wrong server; the next one may not.
  row(421, retry('unavailable'), 'misdirected request'),
  row(423, retry('unavailable'), 'locked'),
  row(425, retry('unavailable'), 'too early'),
  row(429, retry('throttled'), 'throttled'),
  row(431, refused('too-large'), 'headers too large'),
  row([400, 499], refused('invalid'), 'refused'),
  row(501, refused('invalid'), 'not implemented'),
  // A proxy could not reach the receiver, or lost the connection. It does not say which.
  row(502, unknown('connection-lost'), 'bad gateway'),
  // A receiver that sends Retry-After did not act. A bare 503 may come from a proxy whose connection
  // was cut. Varnish adds Retry-After in this case, but also Via.
  {
    status: [503, 503],
    when: ({ headers }) => 'retry-after' in headers && !('via' in headers),
    means: retry('unavailable'),
    found: 'unavailable',
  },
  row(504, unknown('timeout'), 'gateway timeout'),
  row(505, refused('invalid'), 'HTTP version not supported'),
  // A captive portal answers instead of the receiver, which did not get the request.
  row(511, retry('unauthorized'), 'network authentication required'),
  row([500, 599], unknown('server-error'), 'server error'),
  NO_HTTP,
];

/** Rows for every kind of missing answer. */
const FAILURE_ROWS: readonly HttpFailureRow[] = [
  // Sluice refuses the address. Waiting does not help, and the receiver did not fail, so this must
  // not open the circuit breaker.
  { reached: 'never', failure: 'forbidden-address', means: retry('not-permitted') },
  { reached: 'never', means: retry('unreachable') },
  { reached: 'perhaps', failure: 'timeout', means: unknown('timeout') },
  { reached: 'perhaps', failure: 'aborted', means: unknown('stopped') },
  { reached: 'perhaps', failure: 'bad-answer', means: unknown('server-error') },
  { reached: 'perhaps', means: unknown('connection-lost') },
];

/** One attempt, for the detail of its outcome. */
export interface SentAttempt {
  /** `POST https://host/path`, without query and credentials, and without a path that is secret. */
  readonly doing: string;
  /** The wall clock, ms since 1970. */
  readonly now: number;
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
  /** If absent or null, the table alone decides. */
  readonly expects?: ExpectedAnswer | null;
}

/** The outcome of a request by the answer to it, or by the failure to get one. */
export function outcomeOf(result: HttpResult, tried: SentAttempt): Outcome {
  return result.answered ? ofAnswer(result, tried) : ofFailure(result, tried);
}

// About the URL, the method, the headers or the protocol: RFC 9110 §15.5, RFC 6585, RFC 7725.
const ABOUT_EVERY_REQUEST: ReadonlySet<number> = new Set([
  406, 410, 411, 412, 414, 415, 416, 417, 426, 428, 431, 451, 501, 505,
]);

/**
 * Whether a refusal may be about the content of the request. A status about something that all
 * requests of the trigger have would be the same for any other content.
 */
export function blamesContent(result: HttpResult): boolean {
  return result.answered && !ABOUT_EVERY_REQUEST.has(result.status);
}

function rowOf({ status, headers }: Pick<HttpAnswered, 'status' | 'headers'>): HttpAnswerRow {
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
  const quote = quotedIn(answer.excerpt, tried);
  const detail = `${tried.doing}: ${found}${target}, ${answer.status}${quote}`;
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

// The host shows where a receiver moved to. The rest of a location may be secret.
const LONGEST_HOST = 100;

function targetOf({ headers }: HttpAnswered, { redact }: SentAttempt): string {
  const { location } = headers;
  // The parsed host is in lower case, in which a secret would not be found.
  if (location === undefined || redact(location) !== location) return '';
  const host = URL.parse(location)?.host ?? '';
  return host === '' ? ' to another path of it' : ` to ${quoted(host, LONGEST_HOST)}`;
}

// Enough for the first sentence of an error page or a JSON error. The log line has more parts.
const LONGEST_QUOTE = 200;

function quotedIn(excerpt: string, { redact }: SentAttempt): string {
  const text = redact(excerpt).trim();
  return text === '' ? '' : `: ${quoted(text, LONGEST_QUOTE)}`;
}

/** Facts that decide which parts of an answer are kept. */
interface KeptParts {
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
  /** The URL of the request. */
  readonly url: URL;
  /** Undefined if answers name no URL. */
  readonly started: StartedSection | undefined;
}

/**
 * Adds the kept parts of an answer to its outcome: the status and the beginning of the body without
 * secrets. If `started:` names its place, the URL of the started build is added too.
 */
export function withAnswer(outcome: Outcome, result: HttpResult, keeping: KeptParts): Outcome {
  if (!result.answered) return outcome;
  const answer = toAnswer(result, keeping);
  if (outcome.outcome !== 'delivered') return { ...outcome, answer };
  const started = startedIn(result, keeping);
  return { ...outcome, ...(started === undefined ? {} : { started }), answer };
}

// Each attempt stores all attempts of its delivery again, so this must be short.
const LONGEST_TEXT = 512;
// Far more than is kept, so that a secret which this cut divides is not in the kept part.
const LOOKED_AT = 16_384;

function toAnswer({ status, excerpt }: HttpAnswered, { redact }: KeptParts): Answer {
  if (excerpt === '') return { status, text: '' };
  const text = redact(excerpt.slice(0, LOOKED_AT)).trim();
  if (text.length <= LONGEST_TEXT) return { status, text: text.toWellFormed() };
  // Drops a character that the cut divided.
  const kept = text.slice(0, LONGEST_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '');
  return { status, text: `${kept.toWellFormed()}…` };
}

// Browsers and proxies do not accept longer URLs.
const LONGEST_URL = 2_048;
const LONGEST_NAME = 100;

/** The URL of the started build: `http:` or `https:`, without credentials and secrets of ours. */
function startedIn(answer: HttpAnswered, { redact, url, started }: KeptParts): Started | undefined {
  const written = started === undefined ? undefined : writtenIn(answer, started);
  if (written === undefined || written.length > LONGEST_URL || redact(written) !== written) {
    return undefined;
  }
  const target = URL.parse(written, url.href);
  if (target === null || !/^https?:$/.test(target.protocol)) return undefined;
  const { href, username, password, pathname, host } = target;
  if (username !== '' || password !== '') return undefined;
  if (href.length > LONGEST_URL || redact(href) !== href) return undefined;
  const name = pathname.split('/').findLast((segment) => segment !== '') ?? host;
  return { kind: 'build', namespace: '', name: name.slice(0, LONGEST_NAME), url: href };
}

function writtenIn(answer: HttpAnswered, started: StartedSection): string | undefined {
  if ('header' in started) return answer.headers[started.header.toLowerCase()]?.trim();
  const body = jsonIn(answer.excerpt);
  const found = body === undefined ? undefined : valueAtPath(body, parsePath(started.json) ?? []);
  return typeof found === 'string' ? found : undefined;
}

/** The JSON of a body; undefined if it is not JSON, or was too long to be read as a whole. */
function jsonIn(excerpt: string): Json | undefined {
  const parsed = jsonOrNothing(excerpt.replace(/^\uFEFF/, ''));
  return isJson(parsed) ? parsed : undefined;
}

function isJson(value: unknown): value is Json {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  return value === null || isScalar || Array.isArray(value) || isJsonObject(value);
}

const ACCEPTED: HttpMeaning = { outcome: 'delivered' };

// A receiver that acted may still answer with another status, a page instead of JSON, or an unexpected
// value. Such answers are lost answers. Only `false` instead of `true`, or the reverse, is a refusal:
// it is not retried, because the same request would be refused again.
/** Compiles `expect:`, whose path is valid. */
export function compileExpectation({ status, json }: ExpectSection): ExpectedAnswer {
  const judge = json === undefined ? null : compileJudge(json);
  return (answer) => {
    const byTable = rowOf(answer);
    const isAccepted = byTable.means.outcome === 'delivered';
    const counts = status?.includes(answer.status) ?? isAccepted;
    if (counts && judge !== null) return judge(answer);
    if (counts) return status === undefined ? null : { means: ACCEPTED, found: 'accepted' };
    if (!isAccepted) return null;
    const found = 'a status that expect: does not list';
    return { means: unknown('unexpected-answer'), found };
  };
}

function compileJudge({ path, value }: NonNullable<ExpectSection['json']>) {
  const steps = parsePath(path) ?? [];
  const wanted = `${path}: ${JSON.stringify(value)}`;
  return ({ excerpt }: HttpAnswered): MeaningFound => {
    const body = jsonIn(excerpt);
    const what = `no complete JSON (expected ${wanted})`;
    if (body === undefined) return { means: unknown('unexpected-answer'), found: what };
    const found: Json = valueAtPath(body, steps) ?? null;
    if (found === value) return { means: ACCEPTED, found: 'accepted' };
    const isRefusal = typeof found === 'boolean' && typeof value === 'boolean';
    const means = isRefusal ? refused('invalid') : unknown('unexpected-answer');
    return { means, found: `an answer without ${wanted}` };
  };
}
