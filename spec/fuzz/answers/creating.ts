// What an answer to a creation means: an outcome of the closed set that agrees with the few sentences
// that the guarantees say about statuses, a detail that can be shown, no secret, a bounded wait.

import { isJsonObject, type Json, jsonAt, stringAt } from '../../../lib/core/json-object.ts';
import type { ApiAnswer } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { outcomeOf } from '../../../lib/triggers/api-answer-table.ts';
import { askedWaitMs } from '../../../lib/triggers/asked-wait.ts';
import { must, mustBePrintable, shown } from '../target.ts';
import { SECRET } from './any-answer.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;
const TRIED = { doing: 'create Job ci/x', needs: 'create on jobs in ci', now: NOW } as const;

const REASONS: Readonly<Record<string, readonly string[]>> = {
  retry: [
    'throttled',
    'unavailable',
    'unreachable',
    'unauthorized',
    'forbidden',
    'quota',
    'admission',
    'namespace-terminating',
  ],
  refused: ['invalid', 'admission', 'not-found', 'too-large'],
  unknown: ['timeout', 'redirected', 'conflict', 'connection-lost', 'server-error'],
};

/** Holds the meaning of an answer to what is promised. */
export function mustMean(answer: ApiAnswer, name: string): void {
  const outcome = outcomeOf(answer, { ...TRIED, name });
  const reason = 'reason' in outcome ? outcome.reason : '';
  const told = `${outcome.outcome} ${reason}`.trim();
  const wanted = naiveMeaning(answer, name);
  must(
    wanted.includes(told),
    () => `${shownAnswer(answer)} means ${told}, not ${wanted.join(' or ')}`,
  );
  if (!('detail' in outcome)) return;
  must((REASONS[outcome.outcome] ?? []).includes(reason), () => `${told} is in the closed set`);
  mustBePrintable(outcome.detail, 'a detail');
  must(outcome.detail.length <= 1_000, () => `a detail has ${outcome.detail.length} characters`);
  must(!outcome.detail.includes(SECRET), 'a detail repeats no header');
  if (outcome.outcome === 'retry') mustBeWait(outcome.afterMs);
}

/** What an answer may mean, by docs/guarantees.md and the reasons of the API. */
function naiveMeaning(answer: ApiAnswer, name: string): readonly string[] {
  if (!answer.ok) {
    if (answer.reached === 'never') return ['retry unreachable'];
    if (answer.reached === 'answered') return ['unknown server-error'];
    const late = answer.code === 'timeout' || answer.code === 'aborted';
    return [late ? 'unknown timeout' : 'unknown connection-lost'];
  }
  const { status, body } = answer;
  const reason = stringAt(body, 'kind') === 'Status' ? stringAt(body, 'reason') : '';
  if (status >= 200 && status < 300) return ['created'];
  if (status >= 400 && status < 600 && isAdmission(body, status, name))
    return ['refused admission'];
  if (status === 401) return ['retry unauthorized'];
  if (status === 403) return [whyForbidden(body, reason, name)];
  if (status === 404) return ['refused not-found'];
  if (status === 408) return ['unknown timeout'];
  if (status === 409) return [conflictBy(reason)];
  if (status === 413) return ['refused too-large'];
  if (status === 429) return ['retry throttled'];
  if (status === 501) return ['refused invalid'];
  if (status === 503 && reason !== '') return ['retry unavailable'];
  if (status === 504) return ['unknown timeout'];
  if (status >= 300 && status < 400) return ['unknown redirected'];
  return [status >= 400 && status < 500 ? 'refused invalid' : 'unknown server-error'];
}

function conflictBy(reason: string): string {
  if (reason === 'AlreadyExists') return 'exists';
  return reason === '' ? 'unknown conflict' : 'retry unavailable';
}

/** By the forms of a policy's and a webhook's denial that docs/triggers.md describes. */
function isAdmission(body: Json, status: number, name: string): boolean {
  if (stringAt(body, 'kind') !== 'Status') return false;
  const hasCause = causesOf(body).some(
    (cause) => stringAt(cause, 'reason') + stringAt(cause, 'field') === '',
  );
  if (stringAt(body, 'details', 'name') === name && hasCause) return true;
  const details = jsonAt(body, 'details');
  if (isJsonObject(details) && Object.keys(details).length > 0) return false;
  const own =
    status < 500
      ? /^(?:Unauthorized|BadRequest|Invalid|NotFound|AlreadyExists|NotAcceptable|UnsupportedMediaType|RequestEntityTooLarge|TooManyRequests)$/
      : /^(?:|InternalError|ServerTimeout|ServiceUnavailable|StoreReadError|Timeout)$/;
  return !own.test(stringAt(body, 'reason'));
}

function whyForbidden(body: Json, reason: string, name: string): string {
  if (causesOf(body).some((cause) => stringAt(cause, 'reason') === 'NamespaceTerminating')) {
    return 'retry namespace-terminating';
  }
  if (stringAt(body, 'kind') !== 'Status') return 'retry forbidden';
  const named = stringAt(body, 'details', 'name');
  const kind = stringAt(body, 'details', 'kind');
  const isPod = kind === 'pods' && stringAt(body, 'details', 'group') === '';
  if (reason === 'Forbidden' && named === name) return isPod ? 'retry admission' : 'retry quota';
  if (reason === 'Forbidden' && named === '' && kind !== '') return 'retry forbidden';
  return 'refused admission';
}

function causesOf(body: Json): readonly Json[] {
  const causes = jsonAt(body, 'details', 'causes');
  return Array.isArray(causes) ? (causes as readonly Json[]) : [];
}

function shownAnswer(answer: ApiAnswer): string {
  return answer.ok ? `${answer.status} ${shown(answer.body)}` : `${answer.reached} ${answer.code}`;
}

// RFC 9110 §5.6.7: the three forms of an HTTP date; letters count as written.
const HTTP_DATE = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d\d \d\d:\d\d:\d\d GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/** Holds the wait that a header asks for to the two forms it can have. */
export function mustAsk(header: string, date: string): void {
  const asked = askedWaitMs({ headers: { 'retry-after': header, date }, body: null }, NOW);
  mustBeWait(asked);
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) {
    const wanted = Math.min(HOUR_MS, Number(text) * 1000);
    must(asked === wanted, () => `${shown(header)} asks for ${wanted}, not ${asked}`);
  } else if (!HTTP_DATE.some((form) => form.test(text)) && !/^\d+$/.test(text)) {
    must(asked === undefined, () => `${shown(header)} is no wait, not ${asked}`);
  }
}

function mustBeWait(ms: number | undefined): void {
  const isFine = ms === undefined || (Number.isFinite(ms) && ms >= 0 && ms <= HOUR_MS);
  must(isFine, () => `asked to wait for ${ms} ms`);
}
