// Finds the row of the table of trouble that fits what was seen, and what the server asked to wait.
// It neither waits nor counts; that is patience.ts.

import { type Json, type JsonObject, jsonAt, stringAt } from '../../core/event.ts';
import { printable } from '../../kit/text/printable.ts';
import type { ApiAnswered, ApiFailed } from '../client/kubernetes-api.ts';
import { type EndOfStream, WATCH_ERRORS, type WatchErrorRow } from './watch-error-table.ts';

/** What was seen. */
export type Evidence =
  | { readonly seen: 'answer'; readonly answer: ApiAnswered }
  | { readonly seen: 'failure'; readonly failure: ApiFailed }
  | { readonly seen: 'list'; readonly detail: string }
  | { readonly seen: 'frame'; readonly status: JsonObject }
  | { readonly seen: 'end'; readonly how: EndOfStream; readonly detail: string };

/** What was seen, with what follows from it. */
export interface WatchError {
  /** The row of the table that matched. */
  readonly row: string;
  readonly reason: WatchErrorRow['reason'];
  readonly action: WatchErrorRow['action'];
  readonly wait: WatchErrorRow['wait'];
  /** What the server asked to wait, in ms. */
  readonly askedMs: number | null;
  /** So many watches in a row that brought nothing, this one the last, make it a relist. */
  readonly relistAfter: number | null;
  /** For people. */
  readonly detail: string;
}

/** The row that matches, with what the server asked; `now` is the wall clock in ms. */
export function toWatchError(evidence: Evidence, now: number): WatchError {
  const facts = factsOf(evidence);
  const rows: readonly WatchErrorRow[] = WATCH_ERRORS;
  const row = rows.find((candidate) => matches(candidate, facts));
  if (row === undefined) throw new Error(`no row for ${evidence.seen}`);
  return {
    row: row.row,
    reason: row.reason,
    action: row.action,
    wait: row.wait,
    askedMs: askedOf(facts, now),
    relistAfter: row.relistAfter ?? null,
    detail: detailOf(evidence, facts),
  };
}

interface ErrorFacts {
  readonly seen: WatchErrorRow['seen'];
  readonly code: number;
  readonly status: Json;
  readonly headers: Readonly<Record<string, string>>;
  readonly how: EndOfStream | null;
  readonly foreign: boolean;
  readonly failure: string;
  readonly reached: ApiFailed['reached'] | null;
}

const NOTHING = {
  ...{ code: 0, status: null, headers: {}, how: null },
  ...{ foreign: false, failure: '', reached: null },
} as const;

function factsOf(evidence: Evidence): ErrorFacts {
  switch (evidence.seen) {
    case 'answer': {
      const { status, body, headers } = evidence.answer;
      const foreign = isForeign(evidence.answer);
      return { ...NOTHING, seen: 'answer', code: status, status: body, headers, foreign };
    }
    case 'frame': {
      const code = jsonAt(evidence.status, 'code');
      const facts = { ...NOTHING, seen: 'frame', status: evidence.status } as const;
      return typeof code === 'number' ? { ...facts, code } : facts;
    }
    case 'failure': {
      const { code: failure, reached } = evidence.failure;
      return { ...NOTHING, seen: 'failure', failure, reached };
    }
    case 'list':
      return { ...NOTHING, seen: 'list' };
    case 'end':
      return { ...NOTHING, seen: 'end', how: evidence.how };
  }
}

function matches(row: WatchErrorRow, facts: ErrorFacts): boolean {
  if (row.seen !== facts.seen) return false;
  if (row.how !== undefined && row.how !== facts.how) return false;
  if (row.foreign !== undefined && row.foreign !== facts.foreign) return false;
  if (row.failure !== undefined && row.failure !== facts.failure) return false;
  if (row.reached !== undefined && row.reached !== facts.reached) return false;
  if (row.cause !== undefined && !causesOf(facts.status).includes(row.cause)) return false;
  if (row.codes === undefined && row.reasons === undefined) return true;
  const byCode = row.codes?.includes(facts.code) ?? false;
  return byCode || (row.reasons?.includes(stringAt(facts.status, 'reason')) ?? false);
}

function causesOf(status: Json): readonly string[] {
  const causes = jsonAt(status, 'details', 'causes');
  return Array.isArray(causes) ? causes.map((cause: Json) => stringAt(cause, 'reason')) : [];
}

const WEB_PAGE = /^text\/html\b/i;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** Whether an answer says that it is JSON. */
export function isJsonAnswer({ headers }: Pick<ApiAnswered, 'headers'>): boolean {
  return JSON_TYPE.test(headers['content-type'] ?? '');
}

/**
 * Whether no API server gives such an answer where a list, a watch or an object was asked for. An
 * error page of 5xx may stand before one that is away, and some refusals of a real one are plain text.
 */
function isForeign(answer: ApiAnswered): boolean {
  const { status, headers } = answer;
  if (status < 300) return !isJsonAnswer(answer);
  return status < 400 || (status < 500 && WEB_PAGE.test(headers['content-type'] ?? ''));
}

/** Whether an API server itself says what is wrong, by a metav1.Status. */
export function isStatus({ body }: ApiAnswered): boolean {
  return stringAt(body, 'kind') === 'Status';
}

/** What answered instead of an API server, without the query of a redirect, which may be secret. */
export function foreignDetail({ status, headers }: ApiAnswered): string {
  const { location } = headers;
  const type = headers['content-type']?.split(';')[0]?.trim() ?? 'no content type';
  const found = location === undefined ? type : `to ${placeOf(location)}`;
  const expected = 'expected JSON of the Kubernetes API; check the address of the server';
  return printable(`${status} ${found}: this is no API server (${expected})`, 300);
}

function placeOf(location: string): string {
  const url = URL.parse(location);
  return url === null ? (location.split(/[?#]/)[0] ?? '') : `${url.origin}${url.pathname}`;
}

/** Nobody is believed who asks for more: a wrong date must not stop the reading for a day. */
const MAX_ASKED_MS = 5 * 60_000;

function askedOf(facts: ErrorFacts, now: number): number | null {
  const header = facts.headers['retry-after'];
  const fromHeader = header === undefined ? null : retryAfterMs(header, dateOf(facts, now));
  const seconds = jsonAt(facts.status, 'details', 'retryAfterSeconds');
  const fromStatus = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null;
  const asked = fromHeader ?? fromStatus;
  return asked === null ? null : Math.min(asked, MAX_ASKED_MS);
}

function dateOf(facts: ErrorFacts, now: number): number {
  const date = Date.parse(facts.headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}

// Date.parse alone takes nearly anything for a date, `-1` and `10, 20` too.
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * How long a Retry-After header asks to wait, in ms; null where it says nothing usable.
 *
 * **Source**: RFC 9110 §10.2.3: seconds, or an HTTP date; §5.6.7 has the three forms of one.
 */
export function retryAfterMs(header: string, now: number): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = dateIn(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function dateIn(header: string): number {
  if (HTTP_DATE.test(header)) return Date.parse(header);
  // The oldest form names no zone and means the same one.
  return ASCTIME.test(header) ? Date.parse(`${header} GMT`) : Number.NaN;
}

function detailOf(evidence: Evidence, facts: ErrorFacts): string {
  switch (evidence.seen) {
    case 'list':
    case 'end':
      return evidence.detail;
    case 'failure':
      return evidence.failure.detail;
    case 'answer':
      return facts.foreign ? foreignDetail(evidence.answer) : saidIn(facts);
    case 'frame':
      return saidIn(facts);
  }
}

function saidIn(facts: ErrorFacts): string {
  const words = [stringAt(facts.status, 'reason'), stringAt(facts.status, 'message')];
  const said = words.filter((word) => word !== '').join(': ');
  return printable(`${String(facts.code)} ${said}`.trim(), 300);
}
