// What the two threads say to each other: plain values, with Events as JSON text that only the main
// thread parses, and only where somebody wants to see them.

import {
  type Attempt,
  type DeadReason,
  type Delivery,
  type DeliveryState,
  eventNamespaceOf,
  type Started,
} from '../../core/delivery.ts';
import type { DeletedKey, Gap, Positions } from '../../core/source.ts';
import type {
  ClaimRequest,
  Commit,
  DecisionRecord,
  DeliveryCount,
  DeliveryQuery,
  LedgerEntry,
  Recovery,
  RecoveryRequest,
  Retirement,
  Settlement,
  StateChange,
  StoreUsage,
  SweepBounds,
} from '../../core/store.ts';

/** What of a delivery changes, as it is stored. */
export interface DeliveryRow {
  readonly seq: number;
  readonly id: string;
  readonly trigger: string;
  /** Of its first Event. */
  readonly namespace: string;
  readonly object: string;
  readonly state: DeliveryState;
  readonly dead: DeadReason | null;
  readonly createdAt: number;
  readonly dueAt: number;
  readonly queue: number | null;
  /** The incarnation that has it, while it is running. */
  readonly claim: string | null;
  /** Attempts that have ended: JSON objects with commas between them. */
  readonly attempts: string;
  readonly attemptCount: number;
  /** When the attempt began that has not ended. */
  readonly openAt: number | null;
  readonly started: string | null;
  readonly deaths: number;
  readonly retriedAt: number | null;
}

/** A delivery with everything about it, the rest as JSON. */
export interface WholeRow extends DeliveryRow {
  readonly body: string;
}

/** A new delivery as it is handed over. */
export type NewRow = Omit<WholeRow, 'seq' | 'queue' | 'claim' | 'openAt'> & {
  readonly rule: string;
};

/** A decision as it is handed over. */
export interface DecisionRow {
  readonly id: string;
  readonly at: number;
  /** JSON. */
  readonly trail: string;
}

/** A commit as it is handed over. */
export type CommitAsk = Omit<Commit, 'deliveries' | 'decisions' | 'positions' | 'seen'> & {
  readonly deliveries: readonly NewRow[];
  readonly decisions: readonly DecisionRow[];
  readonly positions: readonly MovedRow[];
  readonly seen: readonly SeenKeys[];
};

/** Keys of one path: a batch sees many, of few paths. */
export interface SeenKeys {
  readonly path: string;
  readonly keys: readonly string[];
}

/** The position of a path. */
export interface PositionRow {
  readonly path: string;
  readonly resourceVersion: string;
  readonly at: number;
}

/** The position of a path of a source that moved. */
interface MovedRow extends PositionRow {
  readonly source: string;
}

/** What became of a commit. */
export interface CommitAnswer {
  readonly done: boolean;
  readonly existing: readonly string[];
  readonly usage: StoreUsage;
}

/** What became of an act on a delivery; the body only where it was asked for. */
export type ActRow =
  | { readonly done: true; readonly row: DeliveryRow; readonly body: string | null }
  | { readonly done: false; readonly state: DeliveryState | null };

/** Whether the main thread lacks the body. */
export interface WithBody {
  readonly withBody: boolean;
}

/** A piece of a sweep. */
export interface SweepAsk extends SweepBounds {
  /** Where the piece before ended; null at first. */
  readonly from: SweepPlace | null;
}

/** Where a piece of a sweep ended: behind this ledger entry. */
export interface SweepPlace {
  readonly goneAt: number;
  readonly seq: number;
}

/** What a piece of a sweep did. */
export interface SweepAnswer {
  readonly forgotten: number;
  /** Null: it was the last. */
  readonly next: SweepPlace | null;
}

/** Some keys of the ledger, to fill a filter with. */
export interface LedgerKeys {
  /** Ledger keys and keys of Events, each as two hashes in a row. */
  readonly hashes: Uint32Array;
  /** The last entry of this piece; null: there are no more. */
  readonly next: number | null;
}

/** Every call that the worker answers, with what is asked and what is answered. */
export interface Calls {
  readonly positions: { ask: { source: string }; answer: readonly PositionRow[] };
  readonly allPositions: {
    ask: object;
    answer: readonly (readonly [source: string, rows: readonly PositionRow[]])[];
  };
  readonly lookup: { ask: { keys: readonly string[] }; answer: readonly LedgerEntry[] };
  readonly ledgerKeys: { ask: { after: number }; answer: LedgerKeys };
  readonly commit: { ask: CommitAsk; answer: CommitAnswer };
  readonly claim: { ask: ClaimRequest; answer: readonly WholeRow[] };
  readonly attempt: {
    ask: { id: string; incarnation: string; now: number } & WithBody;
    answer: ActRow;
  };
  readonly settle: { ask: Settlement & WithBody; answer: ActRow };
  readonly change: { ask: StateChange & WithBody; answer: ActRow };
  readonly next: { ask: { trigger: string }; answer: number | null };
  readonly list: { ask: DeliveryQuery; answer: readonly WholeRow[] };
  readonly get: { ask: { id: string }; answer: WholeRow | null };
  readonly decision: { ask: { id: string }; answer: DecisionRow | null };
  readonly counts: { ask: object; answer: readonly DeliveryCount[] };
  readonly usage: { ask: object; answer: StoreUsage };
  readonly gaps: { ask: { limit: number }; answer: readonly Gap[] };
  readonly firedSince: {
    ask: { since: number };
    answer: readonly { at: number; object: string }[];
  };
  readonly read: { ask: { name: string }; answer: string | null };
  readonly write: { ask: { name: string; value: string }; answer: null };
  readonly begin: {
    ask: RecoveryRequest;
    answer: Omit<Recovery, 'lost'> & { lost: readonly WholeRow[] };
  };
  readonly retire: { ask: Retirement; answer: null };
  readonly dropPositions: { ask: { gaps: readonly Gap[] }; answer: null };
  readonly shift: { ask: { byMs: number }; answer: null };
  readonly sweep: { ask: SweepAsk; answer: SweepAnswer };
}

/** The name of a call. */
export type CallName = keyof Calls;

/** A call on its way to the worker. */
export interface Request<Name extends CallName = CallName> {
  readonly call: number;
  readonly name: Name;
  readonly ask: Calls[Name]['ask'];
}

/** What the main thread says. */
export type ToWorker =
  | { readonly kind: 'asks'; readonly asks: readonly Request[] }
  | { readonly kind: 'close' };

/** Why a call failed, as it can cross threads. */
export interface CallFailure {
  readonly code: 'store-unavailable' | 'store-unusable' | 'internal';
  /** The result code of SQLite, by name; 'none' where it was not SQLite. */
  readonly result: string;
  readonly message: string;
}

/** What became of a call. */
export type Reply =
  | { readonly call: number; readonly answer: unknown }
  | { readonly call: number; readonly failure: CallFailure };

/** What the worker says. */
export type FromWorker =
  | { readonly kind: 'opened'; readonly notes: readonly HistoryNote[] }
  | { readonly kind: 'refused'; readonly found: OpenFailure }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  | { readonly kind: 'note'; readonly note: HistoryNote };

/** Something happened to the history, which nothing depends on. */
export interface HistoryNote {
  readonly file: string;
  /** The name under which it lies now; null where it was left where it is. */
  readonly movedTo: string | null;
  readonly why: string;
}

/** Why a file can not be worked with: found by the worker at its opening. */
export type OpenFailure =
  | { readonly what: 'newer'; readonly format: number; readonly minimumReader: number }
  | { readonly what: 'foreign'; readonly applicationId: number }
  | { readonly what: 'damaged'; readonly detail: string }
  | { readonly what: 'failed'; readonly result: string; readonly detail: string };

/** What the worker is started with. */
export interface WorkerData {
  readonly path: string;
  readonly historyPath: string;
  readonly maxBytes: number;
}

// A delivery as the worker stores it, and back. What never changes (its Events above all) is one
// JSON text; the main thread alone parses it, once for as long as somebody works on the delivery.

/** What of a delivery never changes. */
export type DeliveryBody = Pick<
  Delivery,
  'key' | 'bucket' | 'cluster' | 'source' | 'rule' | 'match' | 'occurrences'
>;

/** A commit as it is handed over. */
export function packCommit(commit: Commit): CommitAsk {
  return {
    ...commit,
    deliveries: commit.deliveries.map(packDelivery),
    decisions: commit.decisions.map(packDecision),
    positions: [...commit.positions].flatMap(([source, moved]) =>
      [...moved].map(([path, { resourceVersion, at }]) => ({ source, path, resourceVersion, at })),
    ),
    seen: packSeen(commit.seen),
  };
}

function packSeen(seen: readonly DeletedKey[]): readonly SeenKeys[] {
  const byPath = new Map<string, string[]>();
  for (const { path, key } of seen) {
    const keys = byPath.get(path);
    if (keys === undefined) byPath.set(path, [key]);
    else keys.push(key);
  }
  return [...byPath].map(([path, keys]) => ({ path, keys }));
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

function packDecision({ id, at, trail }: DecisionRecord): DecisionRow {
  return { id, at, trail: JSON.stringify(trail) };
}

/** The delivery of a row and its body. */
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

/** The positions of these rows. */
export function toPositions(rows: readonly PositionRow[]): Positions {
  return new Map(rows.map(({ path, resourceVersion, at }) => [path, { resourceVersion, at }]));
}

/** What packDelivery wrote. */
export function parseBody(body: string): DeliveryBody {
  return JSON.parse(body) as DeliveryBody;
}

/** What packDecision wrote. */
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
