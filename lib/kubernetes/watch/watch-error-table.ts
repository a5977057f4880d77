// The one table of everything that can end or refuse a watch or a list, and what follows from it.
// Rows are tried in order, the first that matches wins, the last of each place matches all. By
// status, code and reason only, never by message text. Matching is trouble.ts, waiting patience.ts.
// A row that can repeat says after how many tries a LIST is made instead, or why none would help.
// Source: kubernetes/apimachinery meta/v1 Status; apiserver storage/etcd3/watcher.go.

import type { TroubleReason } from '../../core/observation.ts';
import type { ApiFailed } from '../client/kubernetes-api.ts';

/** Where trouble shows: in an answer, instead of one, in a list that was answered, as an ERROR frame, or as the stream's end. */
type WatchErrorPlace = 'answer' | 'failure' | 'list' | 'frame' | 'end';

/**
 * How a stream can end without an ERROR frame. `closed-early`: cleanly, within the time in which it
 * would have brought what was missed, and it brought nothing. `idle`: we ended it, because it was
 * silent for so long that only a new one can tell whether it still lives.
 */
export type EndOfStream = 'closed' | 'closed-early' | 'cut' | 'silent' | 'idle' | 'bad-frame';

/**
 * What to do: watch again from the position; list anew; do the same again, the server being at
 * fault or having asked for it; or give up, since no retry cures it.
 */
export type WatchErrorAction = 'resume' | 'relist' | 'wait' | 'fail';

/**
 * How long to wait before: not at all the first time (`free`), only after a short life and at most
 * 5 s (`short`), longer each time (`backoff`), what the server asked (`asked`, else backoff), or
 * longer each time up to a minute (`slow`).
 */
export type WaitRule = 'free' | 'short' | 'backoff' | 'asked' | 'slow';

/** One row: the conditions that are there must all hold; then what follows. */
export interface WatchErrorRow {
  readonly row: string;
  readonly seen: WatchErrorPlace;
  /** HTTP status, or the code of a Status in the stream; absent: any. */
  readonly codes?: readonly number[];
  /** `reason` of the Status; with `codes`, either suffices. */
  readonly reasons?: readonly string[];
  /** `details.causes[].reason` of the Status; must match where given. */
  readonly cause?: string;
  readonly how?: EndOfStream;
  /** Of an answer: only those that no API server gives; see `isForeign` in trouble.ts. */
  readonly foreign?: true;
  /** `code` of a failed request. */
  readonly failure?: string;
  /** How far a failed request got. */
  readonly reached?: ApiFailed['reached'];
  readonly reason: TroubleReason;
  readonly action: WatchErrorAction;
  readonly wait: WaitRule;
  /** So many watches in a row that brought nothing, the last of them ended so: a LIST is tried. */
  readonly relistAfter?: number;
  /** Why a LIST would not help, however often this comes: every row has a bound or a reason. */
  readonly noRelist?: string;
}

/** A server that closes at once instead of answering 410 does so again and again (seen on GKE). */
const EARLY_CLOSES = 3;
/** By then it is no accident of one connection, and a LIST costs little beside so many watches. */
const TRIES = 5;
/** What cuts a watch cuts a LIST as well, which is longer: it is tried after two minutes or so. */
const CUT_TRIES = 10;
/** Ten to twenty minutes: a server that was away is not met by a LIST of each client at once. */
const OUTAGE_TRIES = 40;

/** Every row, in the order in which they are tried. */
export const WATCH_ERRORS = [
  {
    row: 'clean end',
    seen: 'end',
    how: 'closed',
    reason: 'closed',
    action: 'resume',
    wait: 'short',
    noRelist: 'it brought something, or lived for so long that it has brought all there was',
  },
  {
    row: 'closed early',
    seen: 'end',
    how: 'closed-early',
    reason: 'closed-early',
    action: 'resume',
    wait: 'short',
    relistAfter: EARLY_CLOSES,
  },
  {
    row: 'cut',
    seen: 'end',
    how: 'cut',
    reason: 'cut',
    action: 'resume',
    wait: 'backoff',
    relistAfter: CUT_TRIES,
  },
  {
    row: 'silence',
    seen: 'end',
    how: 'silent',
    reason: 'silent',
    action: 'resume',
    wait: 'free',
    noRelist: 'the quiet relist lists by itself',
  },
  {
    row: 'idle',
    seen: 'end',
    how: 'idle',
    reason: 'idle',
    action: 'resume',
    wait: 'free',
    noRelist: 'the quiet relist lists by itself',
  },
  {
    row: 'unreadable frame',
    seen: 'end',
    how: 'bad-frame',
    reason: 'bad-frame',
    action: 'resume',
    wait: 'backoff',
    relistAfter: TRIES,
  },
  // A login page, a proxy's error page, a redirect to either: a person must mend the address.
  {
    row: 'answered by no API server',
    seen: 'answer',
    foreign: true,
    reason: 'no-api-server',
    action: 'wait',
    wait: 'slow',
    noRelist: 'a LIST would be answered by the same',
  },
  {
    row: 'answered: version too large',
    seen: 'answer',
    cause: 'ResourceVersionTooLarge',
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TRIES,
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
    noRelist: 'the server asked for less load, and a LIST is more',
  },
  {
    row: 'answered 401',
    seen: 'answer',
    codes: [401],
    reason: 'unauthorized',
    action: 'wait',
    wait: 'backoff',
    noRelist: 'it is about who asks',
  },
  {
    row: 'answered 403',
    seen: 'answer',
    codes: [403],
    reason: 'forbidden',
    action: 'wait',
    wait: 'slow',
    noRelist: 'it is about who asks',
  },
  {
    row: 'answered 404',
    seen: 'answer',
    codes: [404],
    reason: 'not-found',
    action: 'wait',
    wait: 'slow',
    noRelist: 'it is about the path',
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
    relistAfter: OUTAGE_TRIES,
  },
  {
    row: 'answered anything else',
    seen: 'answer',
    reason: 'server-error',
    action: 'wait',
    wait: 'asked',
    relistAfter: TRIES,
  },
  {
    row: 'a list that cannot be',
    seen: 'list',
    reason: 'bad-list',
    action: 'wait',
    wait: 'backoff',
    noRelist: 'the list is begun again already',
  },
  {
    row: 'in the stream: version too large',
    seen: 'frame',
    cause: 'ResourceVersionTooLarge',
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TRIES,
  },
  {
    row: 'in the stream: 504',
    seen: 'frame',
    codes: [504],
    reason: 'version-too-large',
    action: 'wait',
    wait: 'asked',
    relistAfter: TRIES,
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
    noRelist: 'the server asked for less load, and a LIST is more',
  },
  {
    row: 'in the stream: 401',
    seen: 'frame',
    codes: [401],
    reason: 'unauthorized',
    action: 'wait',
    wait: 'backoff',
    noRelist: 'it is about who asks',
  },
  {
    row: 'in the stream: 403',
    seen: 'frame',
    codes: [403],
    reason: 'forbidden',
    action: 'wait',
    wait: 'slow',
    noRelist: 'it is about who asks',
  },
  {
    row: 'in the stream: anything else',
    seen: 'frame',
    reason: 'server-error',
    action: 'resume',
    wait: 'asked',
    relistAfter: TRIES,
  },
  {
    row: 'no answer in time',
    seen: 'failure',
    failure: 'timeout',
    reason: 'silent',
    action: 'wait',
    wait: 'backoff',
    relistAfter: TRIES,
  },
  {
    row: 'answer above the bound',
    seen: 'failure',
    failure: 'too-large',
    reason: 'too-large',
    action: 'wait',
    wait: 'backoff',
    relistAfter: TRIES,
  },
  {
    row: 'no connection',
    seen: 'failure',
    reason: 'unreachable',
    action: 'wait',
    wait: 'backoff',
    reached: 'never',
    noRelist: 'a LIST needs a connection too',
  },
  {
    row: 'no whole answer',
    seen: 'failure',
    reason: 'cut',
    action: 'wait',
    wait: 'backoff',
    relistAfter: TRIES,
  },
] as const satisfies readonly WatchErrorRow[];
