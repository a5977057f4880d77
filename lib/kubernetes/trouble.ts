// The one table of everything that can end or refuse a watch or a list, and what follows from it.
// Rows are tried in order, the first that matches wins, the last of each place matches all. By
// status, code and reason only, never by message text. How long to wait is patience.ts.
// Source: kubernetes/apimachinery meta/v1 Status; apiserver storage/etcd3/watcher.go.
import type { Json, JsonObject } from '../core/event.ts';
import { jsonAt, stringAt } from '../core/event.ts';
import type { TroubleReason } from '../core/observation.ts';
import { printable } from '../kit/printable.ts';
import type { ApiAnswered, ApiFailed } from './api.ts';

/** What was seen. */
export type Evidence =
  | { readonly seen: 'answer'; readonly answer: ApiAnswered }
  | { readonly seen: 'failure'; readonly failure: ApiFailed }
  | { readonly seen: 'frame'; readonly status: JsonObject }
  | { readonly seen: 'end'; readonly how: EndOfStream; readonly detail: string };

/** How a stream can end without an ERROR frame. */
export type EndOfStream = 'closed' | 'cut' | 'silent' | 'bad-frame';

/**
 * What to do: watch again from the position; list anew; do the same again, the server being at
 * fault or having asked for it; or give up, since no retry cures it.
 */
export type TroubleAction = 'resume' | 'relist' | 'wait' | 'fail';

/**
 * How long to wait before: not at all the first time (`free`), only after a short life (`jitter`),
 * longer each time (`backoff`), what the server asked (`asked`, else backoff), or long (`slow`).
 */
export type WaitRule = 'free' | 'jitter' | 'backoff' | 'asked' | 'slow';

interface Row {
  readonly row: string;
  readonly seen: Evidence['seen'];
  /** HTTP status, or the code of a Status in the stream; absent: any. */
  readonly codes?: readonly number[];
  /** `reason` of the Status; with `codes`, either suffices. */
  readonly reasons?: readonly string[];
  /** `details.causes[].reason` of the Status; must match where given. */
  readonly cause?: string;
  readonly how?: EndOfStream;
  /** `code` of a failed request. */
  readonly failure?: string;
  readonly reason: TroubleReason;
  readonly action: TroubleAction;
  readonly wait: WaitRule;
  /** So many in a row make it a relist. */
  readonly relistAfter?: number;
}

/** After so many answers "too large resource version" the server is not merely behind. */
const TOO_LARGE_TRIES = 5;

/** Every row, in the order in which they are tried. */
export const TROUBLES = [
  {
    row: 'clean end',
    seen: 'end',
    how: 'closed',
    reason: 'closed',
    action: 'resume',
    wait: 'jitter',
  },
  { row: 'cut', seen: 'end', how: 'cut', reason: 'cut', action: 'resume', wait: 'backoff' },
  { row: 'silence', seen: 'end', how: 'silent', reason: 'silent', action: 'resume', wait: 'free' },
  {
    row: 'unreadable frame',
    seen: 'end',
    how: 'bad-frame',
    reason: 'bad-frame',
    action: 'resume',
    wait: 'backoff',
  },
  {
    row: 'answered: version too large',
    seen: 'answer',
    cause: 'ResourceVersionTooLarge',
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TOO_LARGE_TRIES,
  },
  {
    row: 'answered 410',
    seen: 'answer',
    codes: [410],
    reason: 'expired',
    action: 'relist',
    wait: 'free',
  },
  {
    row: 'answered 429',
    seen: 'answer',
    codes: [429],
    reason: 'throttled',
    action: 'wait',
    wait: 'asked',
  },
  {
    row: 'answered 401',
    seen: 'answer',
    codes: [401],
    reason: 'unauthorized',
    action: 'wait',
    wait: 'backoff',
  },
  {
    row: 'answered 403',
    seen: 'answer',
    codes: [403],
    reason: 'forbidden',
    action: 'wait',
    wait: 'slow',
  },
  {
    row: 'answered 404',
    seen: 'answer',
    codes: [404],
    reason: 'not-found',
    action: 'fail',
    wait: 'free',
  },
  {
    row: 'answered 400',
    seen: 'answer',
    codes: [400, 405, 406, 415, 422],
    reason: 'bad-request',
    action: 'fail',
    wait: 'free',
  },
  {
    row: 'answered 502, 503 or 504',
    seen: 'answer',
    codes: [502, 503, 504],
    reason: 'unavailable',
    action: 'wait',
    wait: 'asked',
  },
  {
    row: 'answered anything else',
    seen: 'answer',
    reason: 'server-error',
    action: 'wait',
    wait: 'asked',
  },
  {
    row: 'in the stream: version too large',
    seen: 'frame',
    cause: 'ResourceVersionTooLarge',
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TOO_LARGE_TRIES,
  },
  {
    row: 'in the stream: 504',
    seen: 'frame',
    codes: [504],
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TOO_LARGE_TRIES,
  },
  {
    row: 'in the stream: 410',
    seen: 'frame',
    codes: [410],
    reasons: ['Expired', 'Gone'],
    reason: 'expired',
    action: 'relist',
    wait: 'free',
  },
  {
    row: 'in the stream: storage read error',
    seen: 'frame',
    reasons: ['StorageReadError'],
    reason: 'storage-read-error',
    action: 'relist',
    wait: 'free',
  },
  // "etcd event received with PrevKv=nil" is told from other 500s only by its text; watching again
  // from the same position would loop for ever, so every 500 within a stream is taken for it.
  {
    row: 'in the stream: 500',
    seen: 'frame',
    codes: [500],
    reason: 'previous-value-lost',
    action: 'relist',
    wait: 'free',
  },
  {
    row: 'in the stream: 429',
    seen: 'frame',
    codes: [429],
    reason: 'throttled',
    action: 'wait',
    wait: 'asked',
  },
  {
    row: 'in the stream: 401',
    seen: 'frame',
    codes: [401],
    reason: 'unauthorized',
    action: 'wait',
    wait: 'backoff',
  },
  {
    row: 'in the stream: 403',
    seen: 'frame',
    codes: [403],
    reason: 'forbidden',
    action: 'wait',
    wait: 'slow',
  },
  {
    row: 'in the stream: anything else',
    seen: 'frame',
    reason: 'server-error',
    action: 'resume',
    wait: 'asked',
  },
  {
    row: 'no answer in time',
    seen: 'failure',
    failure: 'timeout',
    reason: 'silent',
    action: 'wait',
    wait: 'backoff',
  },
  {
    row: 'no connection',
    seen: 'failure',
    reason: 'unreachable',
    action: 'wait',
    wait: 'backoff',
  },
] as const satisfies readonly Row[];

/** What was seen, with what follows from it. */
export interface Trouble {
  /** The row of the table that matched. */
  readonly row: string;
  readonly reason: TroubleReason;
  readonly action: TroubleAction;
  readonly wait: WaitRule;
  /** What the server asked to wait, in ms. */
  readonly askedMs: number | null;
  /** So many of this reason in a row make it a relist. */
  readonly relistAfter: number | null;
  /** For people. */
  readonly detail: string;
}

/** The row that matches, with what the server asked; `now` is the wall clock in ms. */
export function toTrouble(evidence: Evidence, now: number): Trouble {
  const facts = factsOf(evidence);
  const rows: readonly Row[] = TROUBLES;
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

interface Facts {
  readonly seen: Evidence['seen'];
  readonly code: number;
  readonly status: Json;
  readonly headers: Readonly<Record<string, string>>;
  readonly how: EndOfStream | null;
  readonly failure: string;
}

const NOTHING = { code: 0, status: null, headers: {}, how: null, failure: '' } as const;

function factsOf(evidence: Evidence): Facts {
  switch (evidence.seen) {
    case 'answer': {
      const { status, body, headers } = evidence.answer;
      return { ...NOTHING, seen: 'answer', code: status, status: body, headers };
    }
    case 'frame': {
      const code = jsonAt(evidence.status, 'code');
      const facts = { ...NOTHING, seen: 'frame', status: evidence.status } as const;
      return typeof code === 'number' ? { ...facts, code } : facts;
    }
    case 'failure':
      return { ...NOTHING, seen: 'failure', failure: evidence.failure.code };
    case 'end':
      return { ...NOTHING, seen: 'end', how: evidence.how };
  }
}

function matches(row: Row, facts: Facts): boolean {
  if (row.seen !== facts.seen) return false;
  if (row.how !== undefined && row.how !== facts.how) return false;
  if (row.failure !== undefined && row.failure !== facts.failure) return false;
  if (row.cause !== undefined && !causesOf(facts.status).includes(row.cause)) return false;
  if (row.codes === undefined && row.reasons === undefined) return true;
  const byCode = row.codes?.includes(facts.code) ?? false;
  return byCode || (row.reasons?.includes(stringAt(facts.status, 'reason')) ?? false);
}

function causesOf(status: Json): readonly string[] {
  const causes = jsonAt(status, 'details', 'causes');
  return Array.isArray(causes) ? causes.map((cause: Json) => stringAt(cause, 'reason')) : [];
}

/** Nobody is believed who asks for more: a wrong date must not stop the reading for a day. */
const MAX_ASKED_MS = 5 * 60_000;

function askedOf(facts: Facts, now: number): number | null {
  const header = facts.headers['retry-after'];
  const fromHeader = header === undefined ? null : retryAfterMs(header, dateOf(facts, now));
  const seconds = jsonAt(facts.status, 'details', 'retryAfterSeconds');
  const fromStatus = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null;
  const asked = fromHeader ?? fromStatus;
  return asked === null ? null : Math.min(asked, MAX_ASKED_MS);
}

function dateOf(facts: Facts, now: number): number {
  const date = Date.parse(facts.headers['date'] ?? '');
  return Number.isNaN(date) ? now : date;
}

/**
 * How long a Retry-After header asks to wait, in ms; null where it says nothing usable.
 *
 * **Source**: RFC 9110 §10.2.3: seconds, or an HTTP date.
 */
export function retryAfterMs(header: string, now: number): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function detailOf(evidence: Evidence, facts: Facts): string {
  switch (evidence.seen) {
    case 'end':
      return evidence.detail;
    case 'failure':
      return evidence.failure.detail;
    case 'answer':
    case 'frame': {
      const words = [stringAt(facts.status, 'reason'), stringAt(facts.status, 'message')];
      const said = words.filter((word) => word !== '').join(': ');
      return printable(`${String(facts.code)} ${said}`.trim(), 300);
    }
  }
}
