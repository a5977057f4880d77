// What an API server's answer to the creation of an object means: one table for every kind that
// creates objects. It classifies by status, reason, cause and details, never by message text; the
// message is only shown. It waits for nothing and asks nothing again.
// Source: metav1.Status; k8s.io/apiserver pkg/admission errors.go (an admission plugin's refusal
// names the object, an authorizer's refusal of a create can not); docs/guarantees.md.
import type { Json } from '../core/event.ts';
import { isJsonObject, jsonAt, stringAt } from '../core/event.ts';
import type { Outcome } from '../core/outcome.ts';
import { printable } from '../kit/printable.ts';
import type { ApiAnswer, ApiAnswered, ApiFailed } from '../kubernetes/api.ts';
import type { Failing } from './meaning.ts';
import { refused, retry, unknown } from './meaning.ts';
import { askedWaitMs } from './retry-after.ts';

/** What a row of the tables says. */
export type Meaning = { readonly outcome: 'created' } | { readonly outcome: 'exists' } | Failing;

/** One row of the table of answers; the first one that fits holds. */
export interface AnswerRow {
  /** The lowest and the highest status it is for. */
  readonly status: readonly [number, number];
  /** What else must hold. */
  readonly when?: (answer: ApiAnswered, name: string) => boolean;
  readonly means: Meaning;
  /** What was found, for people. */
  readonly found: string;
}

/** One row of the table of missing answers; the first one that fits holds. */
export interface FailureRow {
  readonly reached: ApiFailed['reached'];
  /** Absent: any. */
  readonly code?: string;
  readonly means: Failing;
}

/** Every status that an answer can have. */
export const ANSWER_ROWS: readonly AnswerRow[] = [
  { status: [200, 299], means: { outcome: 'created' }, found: 'created' },
  { status: [401, 401], means: retry('unauthorized'), found: 'unauthorized' },
  {
    status: [403, 403],
    when: isTerminating,
    means: retry('namespace-terminating'),
    found: 'the namespace is being terminated',
  },
  // Admission answers with the object's name, RBAC can not know it. Of built-in admission only
  // quota (and a server that is still starting) refuses Jobs, Secrets and custom objects this way.
  {
    status: [403, 403],
    when: namesTheObject,
    means: retry('quota'),
    found: 'admission does not let it in now',
  },
  // A server that has just started says so of what is granted, until its authorizer has read the
  // roles; and a role that is missing may be granted yet.
  { status: [403, 403], means: retry('forbidden'), found: 'forbidden' },
  { status: [404, 404], means: refused('not-found'), found: 'no such namespace or kind' },
  { status: [408, 408], means: retry('unavailable'), found: 'the server gave up waiting' },
  { status: [409, 409], when: isAlreadyExists, means: { outcome: 'exists' }, found: 'it exists' },
  // Another 409 is a collision inside the server, such as two requests on one quota.
  { status: [409, 409], means: retry('unavailable'), found: 'a conflict inside the server' },
  { status: [413, 413], means: refused('too-large'), found: 'too large' },
  { status: [429, 429], means: retry('throttled'), found: 'throttled' },
  { status: [400, 499], means: refused('invalid'), found: 'invalid' },
  { status: [501, 501], means: refused('invalid'), found: 'not supported' },
  // The API server's own 503 says that nothing was done; a proxy's may stand for a cut connection.
  {
    status: [503, 503],
    when: saysNotNow,
    means: retry('unavailable'),
    found: 'unavailable',
  },
  { status: [504, 504], means: unknown('timeout'), found: 'a timeout at the server' },
  { status: [500, 599], means: unknown('server-error'), found: 'an error of the server' },
  // Redirects and what is no status at all: an API server sends neither.
  { status: [0, 999], means: refused('invalid'), found: 'an answer that is none of an API server' },
];

/** Every way in which an answer can be missing. */
export const FAILURE_ROWS: readonly FailureRow[] = [
  { reached: 'never', means: retry('unreachable') },
  { reached: 'perhaps', code: 'timeout', means: unknown('timeout') },
  { reached: 'perhaps', code: 'aborted', means: unknown('timeout') },
  { reached: 'perhaps', means: unknown('connection-lost') },
  { reached: 'answered', means: unknown('server-error') },
];

/** What was tried, so that an outcome can say so. */
export interface Tried {
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
export type CreationOutcome =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'exists' }
  | Exclude<Outcome, { readonly outcome: 'delivered' }>;

/** What an answer to a creation means. */
export function outcomeOf(answer: ApiAnswer, tried: Tried): CreationOutcome {
  return answer.ok ? ofAnswer(answer, tried) : ofFailure(answer, tried);
}

function ofAnswer(answer: ApiAnswered, tried: Tried): CreationOutcome {
  const row = ANSWER_ROWS.find(({ status: [from, to], when }) => {
    const inside = answer.status >= from && answer.status <= to;
    return inside && (when === undefined || when(answer, tried.name));
  });
  const means = row?.means ?? refused('invalid');
  if (means.outcome === 'created' || means.outcome === 'exists') return means;
  const said = messageOfStatus(answer.body);
  const needs =
    means.outcome === 'retry' && means.reason === 'forbidden' ? ` (needs ${tried.needs})` : '';
  const detail = `${tried.doing}: ${row?.found ?? 'no status'}${needs}, ${answer.status}${said}`;
  if (means.outcome !== 'retry') return { ...means, detail };
  const afterMs = askedWaitMs(answer, tried.now);
  return { ...means, detail, ...(afterMs === undefined ? {} : { afterMs }) };
}

function ofFailure(failed: ApiFailed, tried: Tried): CreationOutcome {
  const row = FAILURE_ROWS.find(
    ({ reached, code }) =>
      reached === failed.reached && (code === undefined || code === failed.code),
  );
  const means = row?.means ?? unknown('connection-lost');
  return { ...means, detail: `${tried.doing}: ${failed.code}, ${printable(failed.detail, 300)}` };
}

function isTerminating(answer: ApiAnswered): boolean {
  const causes = jsonAt(answer.body, 'details', 'causes');
  return (
    Array.isArray(causes) &&
    causes.some((cause: Json) => stringAt(cause, 'reason') === 'NamespaceTerminating')
  );
}

function namesTheObject(answer: ApiAnswered, name: string): boolean {
  return reasonOf(answer) === 'Forbidden' && stringAt(answer.body, 'details', 'name') === name;
}

function isAlreadyExists(answer: ApiAnswered): boolean {
  return reasonOf(answer) === 'AlreadyExists';
}

function saysNotNow(answer: ApiAnswered): boolean {
  return reasonOf(answer) !== '' || 'retry-after' in answer.headers;
}

/** The machine-readable reason of a Status; '' where the body is none. */
function reasonOf(answer: ApiAnswered): string {
  return stringAt(answer.body, 'kind') === 'Status' ? stringAt(answer.body, 'reason') : '';
}

// Long enough for the first field errors of a manifest, short enough for a log line.
const LONGEST_MESSAGE = 500;

function messageOfStatus(body: Json): string {
  const message = isJsonObject(body) ? stringAt(body, 'message') : '';
  return message === '' ? '' : `: ${printable(message, LONGEST_MESSAGE)}`;
}
