// Table of all ends and refusals of a watch or a list, and the action after each. Rows are tried in
// order, the first match wins, and the last row of each place matches all. Conditions are status,
// code and reason, never message texts. Matching is in watch-errors.ts, waiting in
// reconnect-backoff.ts. A row that can repeat says after how many tries a LIST is made, or why a
// LIST would not help.
// Source: kubernetes/apimachinery meta/v1 Status; apiserver storage/etcd3/watcher.go.

import type { TroubleReason } from '../../core/ports/source.ts';
import type { ApiFailed } from '../client/kubernetes-api.ts';

/**
 * How a stream ended without an ERROR frame. `closed-early`: closed by the server before missed
 * states could arrive, without a frame. `idle`: closed by the client after a long silence, because
 * only a new stream can show whether the old one was alive.
 */
export type EndOfStream = 'closed' | 'closed-early' | 'cut' | 'silent' | 'idle' | 'bad-frame';

/**
 * Action after an error. `resume`: watch again from the position. `relist`: list again. `wait`:
 * repeat the request, because the server is at fault or asked for it. `fail`: give up, no retry can
 * help.
 */
export type WatchErrorAction = 'resume' | 'relist' | 'wait' | 'fail';

/**
 * Wait before that. `free`: none the first time. `short`: only after a short life, at most 5 s.
 * `backoff`: longer each time. `asked`: the server's own delay, else backoff. `slow`: longer each
 * time up to a minute.
 */
export type WaitRule = 'free' | 'short' | 'backoff' | 'asked' | 'slow';

/** One row of the table. */
export interface WatchErrorRow {
  readonly row: string;
  /** Conditions on an error; all that are present must hold. */
  readonly match: {
    /** Its place: `failure` is no answer, `list` an answered list, `frame` an ERROR frame. */
    readonly seen: 'answer' | 'failure' | 'list' | 'frame' | 'end';
    /** HTTP status, or the code of a Status in the stream; absent: any. */
    readonly codes?: readonly number[];
    /** `reason` of the Status; with `codes`, either suffices. */
    readonly reasons?: readonly string[];
    /** `details.causes[].reason` of the Status. */
    readonly cause?: string;
    readonly how?: EndOfStream;
    /** Only answers that no API server gives; see `isForeign` in answer-origin.ts. */
    readonly foreign?: true;
    /** `code` of a failed request. */
    readonly failure?: string;
    /** How far a failed request got. */
    readonly reached?: ApiFailed['reached'];
  };
  /** Each repetition has a bound (`relistAfter`) or a reason (`noRelist`). */
  readonly consequence: {
    readonly reason: TroubleReason;
    readonly action: WatchErrorAction;
    readonly wait: WaitRule;
    /** A LIST is tried after so many watches in a row without progress, the last with this error. */
    readonly relistAfter?: number;
    /** Why a LIST would not help, however often this repeats. */
    readonly noRelist?: string;
  };
}

/** A server that closes at once instead of answering 410 does so each time (seen on GKE). */
const EARLY_CLOSES = 3;
/** So many failures are no accident of one connection, and a LIST costs little compared to them. */
const TRIES = 5;
/** About 2 min: what cuts a watch also cuts a LIST, which takes longer. */
const CUT_TRIES = 10;
/** 10 to 20 min: a server that recovers must not get a LIST of all clients at once. */
const OUTAGE_TRIES = 40;

const IDLE_RELIST = 'the idle relist makes a LIST anyway';
const IDENTITY = 'the cause is the identity of the client';
const LESS_LOAD = 'the server asked for less load, and a LIST is more';
const SAME_ANSWER = 'a LIST would get the same answer';
const RESTARTS = 'the list restarts already';
const PATH = 'the cause is the path';
const UNCONNECTED = 'a LIST needs a connection too';

/** All rows, in the order in which they are tried. */
export const WATCH_ERRORS: readonly WatchErrorRow[] = [
  {
    row: 'clean end',
    match: { seen: 'end', how: 'closed' },
    consequence: {
      reason: 'closed',
      action: 'resume',
      wait: 'short',
      noRelist: 'it brought something, or was open for long enough to bring everything',
    },
  },
  {
    row: 'closed early',
    match: { seen: 'end', how: 'closed-early' },
    consequence: {
      reason: 'closed-early',
      action: 'resume',
      wait: 'short',
      relistAfter: EARLY_CLOSES,
    },
  },
  {
    row: 'cut',
    match: { seen: 'end', how: 'cut' },
    consequence: { reason: 'cut', action: 'resume', wait: 'backoff', relistAfter: CUT_TRIES },
  },
  {
    row: 'silence',
    match: { seen: 'end', how: 'silent' },
    consequence: { reason: 'silent', action: 'resume', wait: 'free', noRelist: IDLE_RELIST },
  },
  {
    row: 'idle',
    match: { seen: 'end', how: 'idle' },
    consequence: { reason: 'idle', action: 'resume', wait: 'free', noRelist: IDLE_RELIST },
  },
  {
    row: 'unreadable frame',
    match: { seen: 'end', how: 'bad-frame' },
    consequence: { reason: 'bad-frame', action: 'resume', wait: 'backoff', relistAfter: TRIES },
  },
  // A login page, a proxy's error page, or a redirect to either: a person must correct the address.
  {
    row: 'answered by no API server',
    match: { seen: 'answer', foreign: true },
    consequence: { reason: 'no-api-server', action: 'wait', wait: 'slow', noRelist: SAME_ANSWER },
  },
  {
    row: 'answered: version too large',
    match: { seen: 'answer', cause: 'ResourceVersionTooLarge' },
    consequence: { reason: 'version-too-large', action: 'wait', wait: 'asked', relistAfter: TRIES },
  },
  {
    row: 'answered 410',
    match: { seen: 'answer', codes: [410] },
    consequence: { reason: 'expired', action: 'relist', wait: 'free' },
  },
  {
    row: 'answered 429',
    match: { seen: 'answer', codes: [429] },
    consequence: { reason: 'throttled', action: 'wait', wait: 'asked', noRelist: LESS_LOAD },
  },
  {
    row: 'answered 401',
    match: { seen: 'answer', codes: [401] },
    consequence: { reason: 'unauthorized', action: 'wait', wait: 'backoff', noRelist: IDENTITY },
  },
  {
    row: 'answered 403',
    match: { seen: 'answer', codes: [403] },
    consequence: { reason: 'forbidden', action: 'wait', wait: 'slow', noRelist: IDENTITY },
  },
  {
    row: 'answered 404',
    match: { seen: 'answer', codes: [404] },
    consequence: { reason: 'not-found', action: 'wait', wait: 'slow', noRelist: PATH },
  },
  {
    row: 'answered 400',
    match: { seen: 'answer', codes: [400, 405, 406, 415, 422] },
    consequence: { reason: 'bad-request', action: 'fail', wait: 'free' },
  },
  {
    row: 'answered 502, 503 or 504',
    match: { seen: 'answer', codes: [502, 503, 504] },
    consequence: {
      reason: 'unavailable',
      action: 'wait',
      wait: 'asked',
      relistAfter: OUTAGE_TRIES,
    },
  },
  {
    row: 'answered anything else',
    match: { seen: 'answer' },
    consequence: { reason: 'server-error', action: 'wait', wait: 'asked', relistAfter: TRIES },
  },
  {
    row: 'invalid list',
    match: { seen: 'list' },
    consequence: { reason: 'bad-list', action: 'wait', wait: 'backoff', noRelist: RESTARTS },
  },
  {
    row: 'in the stream: version too large',
    match: { seen: 'frame', cause: 'ResourceVersionTooLarge' },
    consequence: { reason: 'version-too-large', action: 'wait', wait: 'asked', relistAfter: TRIES },
  },
  {
    row: 'in the stream: 504',
    match: { seen: 'frame', codes: [504] },
    consequence: { reason: 'version-too-large', action: 'wait', wait: 'asked', relistAfter: TRIES },
  },
  {
    row: 'in the stream: 410',
    match: { seen: 'frame', codes: [410], reasons: ['Expired', 'Gone'] },
    consequence: { reason: 'expired', action: 'relist', wait: 'free' },
  },
  {
    row: 'in the stream: storage read error',
    match: { seen: 'frame', reasons: ['StorageReadError'] },
    consequence: { reason: 'storage-read-error', action: 'relist', wait: 'free' },
  },
  // "etcd event received with PrevKv=nil" differs from other 500s only by its text. Watching again
  // from the same position would loop for ever, so each 500 within a stream is taken for it.
  {
    row: 'in the stream: 500',
    match: { seen: 'frame', codes: [500] },
    consequence: { reason: 'previous-value-lost', action: 'relist', wait: 'free' },
  },
  {
    row: 'in the stream: 429',
    match: { seen: 'frame', codes: [429] },
    consequence: { reason: 'throttled', action: 'wait', wait: 'asked', noRelist: LESS_LOAD },
  },
  {
    row: 'in the stream: 401',
    match: { seen: 'frame', codes: [401] },
    consequence: { reason: 'unauthorized', action: 'wait', wait: 'backoff', noRelist: IDENTITY },
  },
  {
    row: 'in the stream: 403',
    match: { seen: 'frame', codes: [403] },
    consequence: { reason: 'forbidden', action: 'wait', wait: 'slow', noRelist: IDENTITY },
  },
  {
    row: 'in the stream: anything else',
    match: { seen: 'frame' },
    consequence: { reason: 'server-error', action: 'resume', wait: 'asked', relistAfter: TRIES },
  },
  {
    row: 'no answer in time',
    match: { seen: 'failure', failure: 'timeout' },
    consequence: { reason: 'silent', action: 'wait', wait: 'backoff', relistAfter: TRIES },
  },
  {
    row: 'answer above the bound',
    match: { seen: 'failure', failure: 'too-large' },
    consequence: { reason: 'too-large', action: 'wait', wait: 'backoff', relistAfter: TRIES },
  },
  {
    row: 'no connection',
    match: { seen: 'failure', reached: 'never' },
    consequence: { reason: 'unreachable', action: 'wait', wait: 'backoff', noRelist: UNCONNECTED },
  },
  {
    row: 'no whole answer',
    match: { seen: 'failure' },
    consequence: { reason: 'cut', action: 'wait', wait: 'backoff', relistAfter: TRIES },
  },
];
