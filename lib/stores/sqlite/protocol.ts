// The protocol between the main thread and the worker: plain values that can cross threads. Events and
// everything else of a delivery that never changes are one JSON text, the body. Only the main thread
// parses it, once for each use of the delivery.

import {
  type Attempt,
  type Delivery,
  type DeliveryState,
  eventNamespaceOf,
  type Started,
} from '../../core/delivery.ts';
import type { Commit, DecisionRecord } from '../../core/ports/store.ts';
import type { StoreObserved } from '../../core/store-observation.ts';

type StoredAsIs = 'id' | 'trigger' | 'object' | 'state' | 'dead' | 'createdAt' | 'dueAt';

/** The stored fields of a delivery that may change. */
export interface DeliveryRow extends Pick<Delivery, StoredAsIs | 'deaths' | 'retriedAt'> {
  readonly seq: number;
  /** The namespace of its first Event. */
  readonly namespace: string;
  readonly queue: number | null;
  /** The incarnation that claimed it, while it is running. */
  readonly claim: string | null;
  /** Ended attempts: JSON objects separated by commas. */
  readonly attempts: string;
  readonly attemptCount: number;
  /** When the running attempt began. */
  readonly openAt: number | null;
  readonly started: string | null;
}

/** A complete delivery. */
export interface WholeRow extends DeliveryRow {
  readonly body: string;
}

/** A new delivery. */
export type NewRow = Omit<WholeRow, 'seq' | 'queue' | 'claim' | 'openAt'> & {
  readonly rule: string;
};

/** A decision. */
export interface DecisionRow extends Omit<DecisionRecord, 'trail'> {
  /** The trail as JSON. */
  readonly trail: string;
}

/** A packed commit. */
export type PackedCommit = Omit<Commit, 'deliveries' | 'decisions' | 'seen'> & {
  readonly deliveries: readonly NewRow[];
  readonly decisions: readonly DecisionRow[];
  readonly seen: readonly SeenKeys[];
};

/** Keys grouped by path, because a batch has many keys of few paths. */
export interface SeenKeys {
  readonly path: string;
  readonly keys: readonly string[];
}

/** The result of a change of a delivery, with the body only if requested. */
export type ActRow =
  | { readonly done: true; readonly row: DeliveryRow; readonly body: string | null }
  | { readonly done: false; readonly state: DeliveryState | null };

/** Requests the body if the main thread does not have it. */
export interface WithBody {
  readonly withBody: boolean;
}

/** The last ledger entry of a piece of a sweep. */
export interface SweepPlace {
  readonly goneAt: number;
  readonly seq: number;
}

/** The result of a piece of a sweep. */
export interface SweepAnswer {
  readonly forgotten: number;
  /** The end of this piece; null if it was the last. */
  readonly next: SweepPlace | null;
}

/** A piece of the ledger's keys, for a filter. */
export interface LedgerKeys {
  /** Ledger keys and keys of Events; two consecutive hashes per key. */
  readonly hashes: Uint32Array;
  /** The last entry of this piece; null if there are no more. */
  readonly next: number | null;
}

/** The failure of a call. */
export interface CallFailure {
  readonly code: 'store-unavailable' | 'store-unusable' | 'internal';
  /** The name of SQLite's result code; 'none' if the failure is not SQLite's. */
  readonly result: string;
  readonly message: string;
}

/** The result of a call. */
export type Reply =
  | { readonly call: number; readonly answer: unknown }
  | { readonly call: number; readonly failure: CallFailure };

/** A message of the worker. */
export type FromWorker =
  | { readonly kind: 'opened'; readonly notes: readonly HistoryNote[] }
  | { readonly kind: 'refused'; readonly found: OpenFailure }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  | { readonly kind: 'note'; readonly note: HistoryNote };

/** A failure of the history. No other data depends on it. */
export type HistoryNote = Omit<Extract<StoreObserved, { kind: 'history-lost' }>, 'kind'>;

/** The reason why the worker cannot open a file. */
export type OpenFailure =
  | { readonly what: 'newer'; readonly format: number; readonly minimumReader: number }
  | { readonly what: 'foreign'; readonly applicationId: number }
  | { readonly what: 'damaged'; readonly detail: string }
  | { readonly what: 'failed'; readonly result: string; readonly detail: string };

/** Arguments of the worker. */
export interface WorkerData {
  readonly path: string;
  readonly historyPath: string;
  readonly maxBytes: number;
}

/** The fields of a delivery that never change. */
export type DeliveryBody = Pick<
  Delivery,
  'key' | 'bucket' | 'cluster' | 'source' | 'rule' | 'match' | 'occurrences'
>;

/** Packs a commit for the worker. */
export function packCommit(commit: Commit): PackedCommit {
  return {
    ...commit,
    deliveries: commit.deliveries.map(packDelivery),
    decisions: commit.decisions.map((one) => ({ ...one, trail: JSON.stringify(one.trail) })),
    seen: [...Map.groupBy(commit.seen, ({ path }) => path)].map(([path, seen]) => ({
      path,
      keys: seen.map(({ key }) => key),
    })),
  };
}

function packDelivery(delivery: Delivery): NewRow {
  const { id, trigger, object, state, dead, createdAt, dueAt, deaths, retriedAt } = delivery;
  const { key, bucket, cluster, source, rule, match, occurrences, attempts, started } = delivery;
  const body: DeliveryBody = { key, bucket, cluster, source, rule, match, occurrences };
  return {
    ...{ id, trigger, object, state, dead, createdAt, dueAt, deaths, retriedAt },
    namespace: eventNamespaceOf(delivery),
    rule: rule.name ?? '',
    attempts: attempts.map((attempt) => JSON.stringify(attempt)).join(),
    attemptCount: attempts.length,
    started: started === null ? null : JSON.stringify(started),
    body: JSON.stringify(body),
  };
}

/** Converts a row and its body to a delivery. */
export function toDelivery(row: DeliveryRow, body: DeliveryBody): Delivery {
  const { id, trigger, object, state, createdAt, dueAt, deaths, retriedAt, started } = row;
  return Object.freeze({
    id,
    ...body,
    ...{ trigger, object, state, dead: row.dead, createdAt, dueAt },
    attempts: attemptsOf(row),
    started: started === null ? null : (JSON.parse(started) as Started),
    ...{ deaths, retriedAt },
  });
}

/** Parses the body that `packDelivery` made. */
export function parseBody(body: string): DeliveryBody {
  return JSON.parse(body) as DeliveryBody;
}

/** Converts a row to a decision. */
export function toDecision({ id, at, trail }: DecisionRow): DecisionRecord {
  return { id, at, trail: JSON.parse(trail) as DecisionRecord['trail'] };
}

function attemptsOf({ attempts, attemptCount, openAt, claim }: DeliveryRow): readonly Attempt[] {
  const ended = attempts === '' ? [] : (JSON.parse(`[${attempts}]`) as Attempt[]);
  if (openAt === null) return ended;
  const incarnation = claim ?? '';
  const open = { number: attemptCount, at: openAt, incarnation, outcome: null, durationMs: null };
  return [...ended, open];
}
