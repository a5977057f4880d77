// Finds the row of watch-error-table.ts that matches an error, and the delay that the server asked
// for. It neither waits nor counts; that is in reconnect-backoff.ts.

import { type Json, type JsonObject, jsonAt, listOf, stringAt } from '../../core/json-object.ts';
import { printable } from '../../kit/text/printable.ts';
import { retryAfterMs, sentAt } from '../../net/retry-after.ts';
import { foreignDetail, isForeign } from '../client/answer-origin.ts';
import type { ApiAnswered, ApiFailed } from '../client/kubernetes-api.ts';
import { type EndOfStream, WATCH_ERRORS, type WatchErrorRow } from './watch-error-table.ts';

/** Evidence of an error: an answer, a failed request, a frame, or the end of a stream. */
export type Evidence =
  | { readonly seen: 'answer'; readonly answer: ApiAnswered }
  | { readonly seen: 'failure'; readonly failure: ApiFailed }
  | { readonly seen: 'list'; readonly detail: string }
  | { readonly seen: 'frame'; readonly status: JsonObject }
  | { readonly seen: 'end'; readonly how: EndOfStream; readonly detail: string };

/** An error with its consequences. */
export interface WatchError
  extends Pick<WatchErrorRow['consequence'], 'reason' | 'action' | 'wait'> {
  /** The row of the table that matched. */
  readonly row: string;
  /** Delay that the server asked for, in ms. */
  readonly askedMs: number | null;
  /** After so many watches in a row that brought nothing, this one the last, a LIST is tried. */
  readonly relistAfter: number | null;
  /** For people. */
  readonly detail: string;
}

/** The first row that matches, with the server's delay; `now` is the wall clock in ms. */
export function toWatchError(evidence: Evidence, now: number): WatchError {
  const facts = factsOf(evidence);
  const found = WATCH_ERRORS.find(({ match }) => matches(match, facts));
  if (found === undefined) throw new Error(`no row for ${evidence.seen}`);
  const { reason, action, wait, relistAfter = null } = found.consequence;
  const said = { askedMs: askedOf(facts, now), detail: detailOf(evidence, facts) };
  return { row: found.row, reason, action, wait, relistAfter, ...said };
}

interface ErrorFacts {
  readonly seen: WatchErrorRow['match']['seen'];
  readonly code: number;
  readonly status: Json;
  readonly headers: Readonly<Record<string, string>>;
  readonly how?: EndOfStream;
  readonly foreign?: boolean;
  readonly failure?: string;
  readonly reached?: ApiFailed['reached'];
}

const NONE = { code: 0, status: null, headers: {} } as const;

function factsOf(evidence: Evidence): ErrorFacts {
  const { seen } = evidence;
  switch (seen) {
    case 'answer': {
      const { status: code, body: status, headers } = evidence.answer;
      return { seen, code, status, headers, foreign: isForeign(evidence.answer) };
    }
    case 'frame': {
      const code = jsonAt(evidence.status, 'code');
      const known = typeof code === 'number' ? { code } : {};
      return { ...NONE, seen, status: evidence.status, ...known };
    }
    case 'failure': {
      const { code: failure, reached } = evidence.failure;
      return { ...NONE, seen, failure, reached };
    }
    case 'list':
      return { ...NONE, seen };
    case 'end':
      return { ...NONE, seen, how: evidence.how };
  }
}

function matches(row: WatchErrorRow['match'], facts: ErrorFacts): boolean {
  const keys = ['seen', 'how', 'foreign', 'failure', 'reached'] as const;
  if (keys.some((key) => row[key] !== undefined && row[key] !== facts[key])) return false;
  const causes = listOf(jsonAt(facts.status, 'details', 'causes'));
  const named = causes.map((cause) => stringAt(cause, 'reason'));
  if (row.cause !== undefined && !named.includes(row.cause)) return false;
  if (row.codes === undefined && row.reasons === undefined) return true;
  const byCode = row.codes?.includes(facts.code) ?? false;
  return byCode || (row.reasons?.includes(stringAt(facts.status, 'reason')) ?? false);
}

/** Longest delay that is accepted; a wrong date must not stop the reading for a day. */
const MAX_ASKED_MS = 5 * 60_000;

function askedOf(facts: ErrorFacts, now: number): number | null {
  const header = facts.headers['retry-after'];
  const fromHeader = header === undefined ? null : retryAfterMs(header, sentAt(facts.headers, now));
  const seconds = jsonAt(facts.status, 'details', 'retryAfterSeconds');
  const fromStatus = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null;
  const asked = fromHeader ?? fromStatus;
  return asked === null ? null : Math.min(asked, MAX_ASKED_MS);
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
