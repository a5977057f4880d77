// The one table of everything that can end or refuse a watch or a list, and what follows from it.
// Rows are tried in order, the first that matches wins, the last of each place matches all. By
// status, code and reason only, never by message text. Matching is trouble.ts, waiting patience.ts.
// Source: kubernetes/apimachinery meta/v1 Status; apiserver storage/etcd3/watcher.go.
import type { TroubleReason } from '../core/observation.ts';

/** Where trouble shows: in an answer, instead of one, as an ERROR frame, or as the stream's end. */
export type TroublePlace = 'answer' | 'failure' | 'frame' | 'end';

/** How a stream can end without an ERROR frame. */
export type EndOfStream = 'closed' | 'cut' | 'silent' | 'bad-frame';

/**
 * What to do: watch again from the position; list anew; do the same again, the server being at
 * fault or having asked for it; or give up, since no retry cures it.
 */
export type TroubleAction = 'resume' | 'relist' | 'wait' | 'fail';

/**
 * How long to wait before: not at all the first time (`free`), only after a short life (`jitter`),
 * longer each time (`backoff`), what the server asked (`asked`, else backoff), or that and slower (`slow`).
 */
export type WaitRule = 'free' | 'jitter' | 'backoff' | 'asked' | 'slow';

/** One row: the conditions that are there must all hold; then what follows. */
export interface TroubleRow {
  readonly row: string;
  readonly seen: TroublePlace;
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
] as const satisfies readonly TroubleRow[];
