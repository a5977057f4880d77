// What an API server's answer to the creation of an object means: one table for every kind that
// creates objects. It classifies by status, reason, cause and details, never by message text; the
// message is only shown. It waits for nothing and asks nothing again.
// Source: metav1.Status; k8s.io/apimachinery pkg/api/errors; k8s.io/apiserver pkg/admission (errors.go,
// plugin/webhook/errors, plugin/policy) and pkg/endpoints/handlers/responsewriters; docs/guarantees.md.

import type { Outcome } from '../core/delivery.ts';
import { isJsonList, isJsonObject, type Json, jsonAt, stringAt } from '../core/event.ts';
import { printable } from '../kit/text/printable.ts';
import type { ApiAnswer, ApiAnswered, ApiFailed } from '../kubernetes/client/kubernetes-api.ts';
import { isStatus } from '../kubernetes/watch/watch-errors.ts';
import { type FailureMeaning, pausing, refused, retry, unknown } from './outcomes.ts';
import { askedWaitMs } from './retry-after.ts';

/** What a row of the tables says. */
type ApiMeaning = { readonly outcome: 'created' } | { readonly outcome: 'exists' } | FailureMeaning;

/** One row of the table of answers; the first one that fits holds. */
interface ApiAnswerRow {
  /** The lowest and the highest status it is for. */
  readonly status: readonly [number, number];
  /** What else must hold. */
  readonly when?: (answer: ApiAnswered, name: string) => boolean;
  readonly means: ApiMeaning;
  /** What was found, for people. */
  readonly found: string;
  /** The command for a person once the cause is gone. */
  readonly next?: string;
  /** Whether a permission is missing, which the outcome then names. */
  readonly needsPermission?: true;
}

// Refused deliveries wait for a person.
const TAKE_UP = 'sluice deliveries retry --all --state refused';

/** One row of the table of missing answers; the first one that fits holds. */
interface ApiFailureRow {
  readonly reached: ApiFailed['reached'];
  /** Absent: any. */
  readonly code?: string;
  readonly means: FailureMeaning;
}

// `retry` may stand only where an object that was created cannot be answered so; see http/outcome.ts.
/** Every status that an answer can have. */
export const ANSWER_ROWS: readonly ApiAnswerRow[] = [
  { status: [200, 299], means: { outcome: 'created' }, found: 'created' },
  // Policies and webhooks may answer with any status, so these rows come first. All of them refuse.
  // Whether they let an object in can depend on what an Event says, and an Event's author must not
  // keep a thousand deliveries in retry for a day. A webhook may also answer as the server does about
  // a malformed object (400 BadRequest, 422 with fields). The rows below refuse that as well.
  {
    status: [400, 599],
    when: isDeniedByPolicy,
    means: refused('admission'),
    found: 'an admission policy denied it',
    next: `when the policy lets it in: ${TAKE_UP}`,
  },
  {
    status: [400, 599],
    when: isDeniedByWebhook,
    means: refused('admission'),
    found: 'an admission webhook denied it',
    next: `when the webhook lets it in: ${TAKE_UP}`,
  },
  { status: [401, 401], means: retry('unauthorized'), found: 'unauthorized' },
  {
    status: [403, 403],
    when: isTerminating,
    means: retry('namespace-terminating'),
    found: 'the namespace is being terminated',
  },
  // A plugin of the server names the object, the authorizer of a creation cannot know the name. Many
  // plugins judge Pods, and only their messages differ: quota, PodSecurity, LimitRanger and others.
  {
    status: [403, 403],
    when: isDeniedToPod,
    means: retry('admission'),
    found: 'quota, PodSecurity or another admission plugin denied it',
  },
  // Other objects are denied by quota, and by a server that is still starting.
  {
    status: [403, 403],
    when: isDeniedByPlugin,
    means: retry('quota'),
    found: 'no room in a quota, or the server is not ready',
  },
  // A server that has just started says so of what is granted, until its authorizer has read the
  // roles; and a role that is missing may be granted yet.
  {
    status: [403, 403],
    when: isDeniedByAuthorizer,
    means: retry('forbidden'),
    found: 'forbidden',
    needsPermission: true,
  },
  // A webhook that fills in details of its own.
  {
    status: [403, 403],
    when: isStatus,
    means: refused('admission'),
    found: 'admission denied it',
    next: `when it is let in: ${TAKE_UP}`,
  },
  {
    status: [403, 403],
    means: retry('forbidden'),
    found: 'forbidden by something before the API server',
  },
  {
    status: [404, 404],
    when: isMissingNamespace,
    means: refused('not-found'),
    found: 'no such namespace',
    next: `when it exists: ${TAKE_UP}`,
  },
  {
    status: [404, 404],
    means: refused('not-found'),
    found: 'no such kind',
    next: `when it is installed: ${TAKE_UP}`,
  },
  // Something in front of the API server, which may have passed the request on.
  { status: [408, 408], means: unknown('timeout'), found: 'the server gave up waiting' },
  { status: [409, 409], when: isAlreadyExists, means: { outcome: 'exists' }, found: 'it exists' },
  // Another 409 is a collision inside the server, such as two requests on one quota.
  {
    status: [409, 409],
    when: hasReason,
    means: retry('unavailable'),
    found: 'a conflict inside the server',
  },
  { status: [409, 409], means: unknown('conflict'), found: 'a conflict' },
  { status: [413, 413], means: refused('too-large'), found: 'too large' },
  { status: [429, 429], means: retry('throttled'), found: 'throttled' },
  { status: [400, 499], means: refused('invalid'), found: 'invalid' },
  { status: [501, 501], means: refused('invalid'), found: 'not supported' },
  // The API server's own 503 says that nothing was done; a proxy's may stand for a cut connection.
  {
    status: [503, 503],
    when: hasReason,
    means: retry('unavailable'),
    found: 'unavailable',
  },
  { status: [504, 504], means: unknown('timeout'), found: 'a timeout at the server' },
  { status: [500, 599], means: unknown('server-error'), found: 'an error of the server' },
  // An API server sends no redirect and nothing that is no status: something else has answered, and
  // nothing says what it did with the request.
  {
    status: [300, 399],
    means: unknown('redirected'),
    found: 'a redirect, which no API server sends',
  },
  {
    status: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    means: unknown('server-error'),
    found: 'an answer that is none of an API server',
  },
];

/** Every way in which an answer can be missing. */
export const FAILURE_ROWS: readonly ApiFailureRow[] = [
  { reached: 'never', means: retry('unreachable') },
  { reached: 'perhaps', code: 'timeout', means: unknown('timeout') },
  { reached: 'perhaps', code: 'aborted', means: unknown('timeout') },
  { reached: 'perhaps', means: unknown('connection-lost') },
  { reached: 'answered', means: unknown('server-error') },
];

/** What was tried, so that an outcome can say so. */
export interface CreateAttempt {
  /** For instance `create Job ci/build-…`. */
  readonly doing: string;
  /** The object's name. */
  readonly name: string;
  /** What the account needs where it is forbidden, for instance `create on jobs in ci`. */
  readonly needs: string;
  /** The wall clock, ms since 1970. */
  readonly now: number;
}

/** An outcome that is no success, or that the object was created or was there already. */
type CreationOutcome =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'exists' }
  | Exclude<Outcome, { readonly outcome: 'delivered' }>;

/** What an answer to a creation means. */
export function outcomeOf(answer: ApiAnswer, tried: CreateAttempt): CreationOutcome {
  return answer.ok ? ofAnswer(answer, tried) : ofFailure(answer, tried);
}

function ofAnswer(answer: ApiAnswered, tried: CreateAttempt): CreationOutcome {
  const row = ANSWER_ROWS.find(({ status: [from, to], when }) => {
    const inside = answer.status >= from && answer.status <= to;
    return inside && (when === undefined || when(answer, tried.name));
  });
  const means = row?.means ?? unknown('server-error');
  if (means.outcome === 'created' || means.outcome === 'exists') return means;
  const said = messageOfStatus(answer.body);
  const needs = row?.needsPermission === true ? ` (needs ${tried.needs})` : '';
  const next = row?.next === undefined ? '' : ` (${row.next})`;
  const found = row?.found ?? 'no status';
  const detail = `${tried.doing}: ${found}${needs}${next}, ${answer.status}${said}`;
  if (means.outcome === 'refused') return { ...means, detail };
  const afterMs = askedWaitMs(answer, tried.now);
  const pause = PAUSING.has(answer.status) ? pausing(afterMs) : {};
  if (means.outcome !== 'retry') return { ...means, detail, ...pause };
  return { ...means, detail, ...(afterMs === undefined ? {} : { afterMs }), ...pause };
}

// With these the server, or what stands before it, speaks of itself and not of the object.
const PAUSING: ReadonlySet<number> = new Set([429, 503]);

function ofFailure(failed: ApiFailed, tried: CreateAttempt): CreationOutcome {
  const row = FAILURE_ROWS.find(
    ({ reached, code }) =>
      reached === failed.reached && (code === undefined || code === failed.code),
  );
  const means = row?.means ?? unknown('connection-lost');
  return { ...means, detail: `${tried.doing}: ${failed.code}, ${printable(failed.detail, 300)}` };
}

/** Whether a policy of the server said no: it names the object, and its cause is a message alone. */
function isDeniedByPolicy(answer: ApiAnswered, name: string): boolean {
  return (
    isNamed(answer, name) &&
    causesOf(answer).some(
      (cause) => stringAt(cause, 'reason') === '' && stringAt(cause, 'field') === '',
    )
  );
}

// What the server says itself without details, or what means the same in any case. A webhook
// that says so is taken for the server.
const OWN_REASONS: readonly string[] = [
  'Unauthorized',
  'BadRequest',
  'Invalid',
  'NotFound',
  'AlreadyExists',
  'NotAcceptable',
  'UnsupportedMediaType',
  'RequestEntityTooLarge',
  'TooManyRequests',
];

// From 500 on the server has no reason either when its store fails, and then the object may be there.
const OWN_FAILURES: readonly string[] = [
  '',
  'InternalError',
  'ServerTimeout',
  'ServiceUnavailable',
  'StoreReadError',
  'Timeout',
];

/** Whether a webhook said no: its own Status is handed on, mostly without details. */
function isDeniedByWebhook(answer: ApiAnswered): boolean {
  if (!isStatus(answer) || hasDetails(answer)) return false;
  const own = answer.status < 500 ? OWN_REASONS : OWN_FAILURES;
  return !own.includes(reasonOf(answer));
}

function isTerminating(answer: ApiAnswered): boolean {
  return causesOf(answer).some((cause) => stringAt(cause, 'reason') === 'NamespaceTerminating');
}

function isDeniedToPod(answer: ApiAnswered, name: string): boolean {
  const kind = stringAt(answer.body, 'details', 'kind');
  const group = stringAt(answer.body, 'details', 'group');
  return isDeniedByPlugin(answer, name) && kind === 'pods' && group === '';
}

function isDeniedByPlugin(answer: ApiAnswered, name: string): boolean {
  return reasonOf(answer) === 'Forbidden' && isNamed(answer, name);
}

function isDeniedByAuthorizer(answer: ApiAnswered): boolean {
  const kind = stringAt(answer.body, 'details', 'kind');
  return reasonOf(answer) === 'Forbidden' && kind !== '' && isNamed(answer, '');
}

function isMissingNamespace(answer: ApiAnswered): boolean {
  return stringAt(answer.body, 'details', 'kind') === 'namespaces';
}

function isNamed(answer: ApiAnswered, name: string): boolean {
  return isStatus(answer) && stringAt(answer.body, 'details', 'name') === name;
}

function hasDetails(answer: ApiAnswered): boolean {
  const details = jsonAt(answer.body, 'details');
  return isJsonObject(details) && Object.keys(details).length > 0;
}

function causesOf(answer: ApiAnswered): readonly Json[] {
  const causes = jsonAt(answer.body, 'details', 'causes');
  return isJsonList(causes) ? causes : [];
}

function isAlreadyExists(answer: ApiAnswered): boolean {
  return reasonOf(answer) === 'AlreadyExists';
}

function hasReason(answer: ApiAnswered): boolean {
  return reasonOf(answer) !== '';
}

/** The machine-readable reason of a Status; '' where the body is none. */
function reasonOf(answer: ApiAnswered): string {
  return isStatus(answer) ? stringAt(answer.body, 'reason') : '';
}

// Long enough for the first field errors of a manifest, short enough for a log line.
const LONGEST_MESSAGE = 500;

function messageOfStatus(body: Json): string {
  const message = isJsonObject(body) ? stringAt(body, 'message') : '';
  return message === '' ? '' : `: ${printable(message, LONGEST_MESSAGE)}`;
}
