// Outcomes of creating an object, from the API server's answer: one table for every kind that
// creates objects. It classifies by status, reason, cause and details, never by message text, which
// is only shown. It does not wait and does not retry.
// Source: metav1.Status; k8s.io/apimachinery pkg/api/errors; k8s.io/apiserver pkg/admission
// (errors.go, plugin/webhook/errors, plugin/policy) and pkg/endpoints/handlers/responsewriters;
// docs/guarantees.md.

import type { Outcome } from '../core/delivery.ts';
import { type Json, jsonAt, listOf, objectOf, stringAt } from '../core/json-object.ts';
import { printable } from '../kit/text/printable.ts';
import { isStatus } from '../kubernetes/client/answer-origin.ts';
import type { ApiAnswer, ApiAnswered, ApiFailed } from '../kubernetes/client/kubernetes-api.ts';
import { askedWaitMs, pausing } from './asked-wait.ts';
import { type FailureMeaning, refused, retry, unknown } from './outcome-builders.ts';

type ApiMeaning = ObjectExists | FailureMeaning;

/** The object was created, or exists already. */
type ObjectExists = { readonly outcome: 'created' } | { readonly outcome: 'exists' };

/** One row of the table of answers; the first one that fits applies. */
interface ApiAnswerRow {
  /** Lowest and highest status. */
  readonly status: readonly [number, number];
  /** Further condition on the answer. */
  readonly when?: (answer: ApiAnswered, name: string) => boolean;
  readonly means: ApiMeaning;
  /** Description for people. */
  readonly found: string;
  /** Next step of a person once the cause is removed. */
  readonly next?: string;
  /** Whether a permission is missing; the outcome then names it. */
  readonly needsPermission?: true;
}

// Refused deliveries wait for a person.
const RETRY_REFUSED = 'sluice deliveries retry --all --state refused';

/** One row of the table of missing answers; the first one that fits applies. */
interface ApiFailureRow {
  readonly reached: ApiFailed['reached'];
  /** Absent: any code. */
  readonly code?: string;
  readonly means: FailureMeaning;
}

/** Every status. `retry` only if the object was certainly not created; see http/answer-table.ts. */
export const ANSWER_ROWS: readonly ApiAnswerRow[] = [
  { status: [200, 299], means: { outcome: 'created' }, found: 'created' },
  // Policies and webhooks may answer with any status, so these rows come first. All of them refuse,
  // because admission can depend on values of an Event. The author of an Event must not keep a
  // thousand deliveries in retry for a day. A webhook may also answer as the server does to a
  // malformed object (400 BadRequest, 422 with fields). The rows below refuse that as well.
  {
    status: [400, 599],
    when: isDeniedByPolicy,
    means: refused('admission'),
    found: 'an admission policy denied it',
    next: `once the policy admits it: ${RETRY_REFUSED}`,
  },
  {
    status: [400, 599],
    when: isDeniedByWebhook,
    means: refused('admission'),
    found: 'an admission webhook denied it',
    next: `once the webhook admits it: ${RETRY_REFUSED}`,
  },
  { status: [401, 401], means: retry('unauthorized'), found: 'unauthorized' },
  {
    status: [403, 403],
    when: isTerminating,
    means: retry('namespace-terminating'),
    found: 'the namespace is being terminated',
  },
  // An admission plugin names the object; the authorizer of a creation does not know the name. Many
  // plugins judge Pods, and only their messages differ: quota, PodSecurity, LimitRanger and others.
  {
    status: [403, 403],
    when: isDeniedToPod,
    means: retry('admission'),
    found: 'quota, PodSecurity or another admission plugin denied it',
  },
  // Other objects are denied by quota, or because the server is still starting.
  {
    status: [403, 403],
    when: isDeniedByPlugin,
    means: retry('quota'),
    found: 'quota exceeded, or the server is not ready',
  },
  // A server that has just started also forbids what is granted, until its authorizer has read the
  // roles. A missing role may be granted later.
  {
    status: [403, 403],
    when: isDeniedByAuthorizer,
    means: retry('forbidden'),
    found: 'forbidden',
    needsPermission: true,
  },
  // A webhook that sets details itself.
  {
    status: [403, 403],
    when: isStatus,
    means: refused('admission'),
    found: 'admission denied it',
    next: `once it is admitted: ${RETRY_REFUSED}`,
  },
  {
    status: [403, 403],
    means: retry('forbidden'),
    found: 'forbidden by a proxy in front of the API server',
  },
  {
    status: [404, 404],
    when: ({ body }) => stringAt(body, 'details', 'kind') === 'namespaces',
    means: refused('not-found'),
    found: 'no such namespace',
    next: `once it exists: ${RETRY_REFUSED}`,
  },
  {
    status: [404, 404],
    means: refused('not-found'),
    found: 'no such kind',
    next: `once it is installed: ${RETRY_REFUSED}`,
  },
  // From a proxy in front of the API server, which may have forwarded the request.
  { status: [408, 408], means: unknown('timeout'), found: 'request timeout' },
  {
    status: [409, 409],
    when: (answer) => reasonOf(answer) === 'AlreadyExists',
    means: { outcome: 'exists' },
    found: 'already exists',
  },
  // Any other Status with 409 is a collision in the server, such as two requests on one quota.
  {
    status: [409, 409],
    when: hasReason,
    means: retry('unavailable'),
    found: 'conflict in the server',
  },
  { status: [409, 409], means: unknown('conflict'), found: 'conflict' },
  { status: [413, 413], means: refused('too-large'), found: 'too large' },
  { status: [429, 429], means: retry('throttled'), found: 'throttled' },
  { status: [400, 499], means: refused('invalid'), found: 'invalid' },
  { status: [501, 501], means: refused('invalid'), found: 'not supported' },
  // The API server's own 503 means that nothing was done; a proxy's can mean a lost connection.
  { status: [503, 503], when: hasReason, means: retry('unavailable'), found: 'unavailable' },
  { status: [504, 504], means: unknown('timeout'), found: 'timeout at the server' },
  { status: [500, 599], means: unknown('server-error'), found: 'server error' },
  // An API server sends no redirect and no status below 200 or above 599. Something else has
  // answered, and it is not known what that did with the request.
  {
    status: [300, 399],
    means: unknown('redirected'),
    found: 'redirect, which no API server sends',
  },
  {
    status: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    means: unknown('server-error'),
    found: 'not an answer of an API server',
  },
];

/** The meaning of every missing answer. */
export const FAILURE_ROWS: readonly ApiFailureRow[] = [
  { reached: 'never', means: retry('unreachable') },
  { reached: 'perhaps', code: 'timeout', means: unknown('timeout') },
  { reached: 'perhaps', code: 'aborted', means: unknown('timeout') },
  { reached: 'perhaps', means: unknown('connection-lost') },
  { reached: 'answered', means: unknown('server-error') },
];

/** Description of the attempt, for its outcome. */
export interface CreateAttempt {
  /** For instance `create Job ci/build-…`. */
  readonly doing: string;
  /** The object's name. */
  readonly name: string;
  /** The permission that the request needs, for instance `create on jobs in ci`. */
  readonly needs: string;
  /** The wall clock, ms since 1970. */
  readonly now: number;
}

/** Outcome of a creation: created, already there, or failed. */
type CreationOutcome = ObjectExists | Exclude<Outcome, { readonly outcome: 'delivered' }>;

/** Classifies the answer to a creation. */
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
  return { ...means, detail, ...(afterMs !== undefined && { afterMs }), ...pause };
}

// With these the server, or a proxy in front of it, speaks of itself and not of the object.
const PAUSING: ReadonlySet<number> = new Set([429, 503]);

function ofFailure(failed: ApiFailed, tried: CreateAttempt): CreationOutcome {
  const row = FAILURE_ROWS.find(
    ({ reached, code }) =>
      reached === failed.reached && (code === undefined || code === failed.code),
  );
  const means = row?.means ?? unknown('connection-lost');
  return { ...means, detail: `${tried.doing}: ${failed.code}, ${printable(failed.detail, 300)}` };
}

/** Whether a policy of the server denied it: it names the object, its cause is only a message. */
function isDeniedByPolicy(answer: ApiAnswered, name: string): boolean {
  const isMessage = (cause: Json): boolean =>
    stringAt(cause, 'reason') === '' && stringAt(cause, 'field') === '';
  return isNamed(answer, name) && causesOf(answer).some(isMessage);
}

// Reasons that the server itself gives without details, or that mean the same from a webhook. A
// webhook with such a reason counts as the server.
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

// From 500 on, '' as well: if its store fails, the server gives no reason, and the object may
// exist.
const OWN_FAILURES: readonly string[] = [
  '',
  'InternalError',
  'ServerTimeout',
  'ServiceUnavailable',
  'StoreReadError',
  'Timeout',
];

/** Whether a webhook denied it: its own Status is passed on, mostly without details. */
function isDeniedByWebhook(answer: ApiAnswered): boolean {
  const details = objectOf(jsonAt(answer.body, 'details'));
  if (!isStatus(answer) || Object.keys(details).length > 0) return false;
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

function isNamed(answer: ApiAnswered, name: string): boolean {
  return isStatus(answer) && stringAt(answer.body, 'details', 'name') === name;
}

/** The causes in a Status. */
export function causesOf({ body }: Pick<ApiAnswered, 'body'>): readonly Json[] {
  return listOf(jsonAt(body, 'details', 'causes'));
}

function hasReason(answer: ApiAnswered): boolean {
  return reasonOf(answer) !== '';
}

/** The machine-readable reason of a Status; '' if the body is no Status. */
function reasonOf(answer: ApiAnswered): string {
  return isStatus(answer) ? stringAt(answer.body, 'reason') : '';
}

// Characters: enough for the first field errors of a manifest, short enough for a log line.
const LONGEST_MESSAGE = 500;

function messageOfStatus(body: Json): string {
  const message = stringAt(body, 'message');
  return message === '' ? '' : `: ${printable(message, LONGEST_MESSAGE)}`;
}
