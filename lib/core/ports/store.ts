// The store as narrow ports. spec/conformance/store.ts tests these promises on every implementation:
// (1) An acknowledged commit survives kill -9, unless the store declares that it is not durable.
// (2) Replaying a batch after a crash anywhere inside commit gives the same stored state. (3) A claim
// is returned only if its incarnation has ended. (4) A conflict and a full store are answers, not
// errors. (5) Growth is bounded, and every commit reports the usage. (6) A failing call stores nothing
// and throws a SluiceError: retry after `store-unavailable`, but not after `store-unusable`.

import type { TrailEntry } from '../decision.ts';
import type { Delivery, DeliveryState, Outcome } from '../delivery.ts';
import type { CompleteList, Gap, PathKey, Positions, WatchPath } from './source.ts';

/** A series that was started. It is kept for as long as its Event could be read again. */
export interface LedgerEntry {
  /** See `ledgerKey` in delivery-id.ts. */
  readonly key: string;
  /** With `eventKey`, the Event's `namespace/name`, it finds the entries of a deleted key. */
  readonly path: string;
  readonly eventKey: string;
  /** The involved object, as in `Delivery`. */
  readonly object: string;
  /** The id of its last delivery. */
  readonly id: string;
  /** `metadata.creationTimestamp` of the Event that started it. */
  readonly life: string;
  /** Wall clock, ms since 1970. */
  readonly firedAt: number;
  readonly firedHappenedAt: string;
  readonly firedCount: number;
  readonly lastHappenedAt: string;
  readonly lastCount: number;
}

/** The filter chain's decision that led to a delivery. */
export interface DecisionRecord {
  /** The delivery's id. */
  readonly id: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Why each rule before the accepting one did not match. */
  readonly trail: readonly TrailEntry[];
}

/** The changes of one or more batches, stored together or not at all. */
export interface Commit {
  /** By source, the positions of the paths that advanced. */
  readonly positions: ReadonlyMap<string, Positions>;
  /** Complete new and changed entries, except that a stored `firedAt` never decreases. */
  readonly ledger: readonly LedgerEntry[];
  /** New deliveries, `waiting` or `held`. */
  readonly deliveries: readonly Delivery[];
  /** Decisions of new deliveries. Only these may be lost in a crash, if they are recent. */
  readonly decisions: readonly DecisionRecord[];
  /** Every key of which a state was read, so it exists, whatever the decision was. */
  readonly seen: readonly PathKey[];
  /** Deleted keys; applied after everything seen. */
  readonly gone: readonly PathKey[];
  /** Complete lists: every other key of their paths was deleted. */
  readonly listed: readonly CompleteList[];
  readonly gaps: readonly Gap[];
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** The clock of the retention: for how long everything has been read, in ms. It dates deletions. */
  readonly readMs: number;
}

/** The size of a store and its bound. */
export interface StoreUsage {
  readonly bytes: number;
  /** New deliveries are not stored beyond it; 0 if there is no bound. */
  readonly maxBytes: number;
}

/** The result of a commit. */
export type Committed =
  | {
      readonly done: true;
      /** Ids that were known before: those deliveries were not stored again. */
      readonly existing: ReadonlySet<string>;
      readonly usage: StoreUsage;
    }
  /** The commit has new deliveries and the store is full, so nothing of it was stored. */
  | { readonly done: false; readonly usage: StoreUsage };

/** Positions, ledger and new deliveries: the transactional outbox. */
export interface Journal {
  readonly durable: boolean;
  positions(source: string): Promise<Positions>;
  /** The positions of every source, including sources that are no longer configured. */
  allPositions(): Promise<ReadonlyMap<string, Positions>>;
  /**
   * Checks whether the ledger may have an entry with this ledger key or of an Event with this key;
   * false is certain. It needs no call, so unknown keys cost nothing.
   */
  mayKnow(key: string): boolean;
  /** The ledger's entries of these keys; a key without one is absent. */
  lookup(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** A full store first deletes settled deliveries, the oldest first, before it refuses a commit. */
  commit(commit: Commit): Promise<Committed>;
}

/** Bounds of a sweep: only older records are deleted. */
export interface SweepBounds {
  /** Of deleted keys, on the clock of the retention (`Commit.readMs`). */
  readonly goneBefore: number;
  /** Watch paths that cannot be read now: a deleted key may come back there unseen, so it stays. */
  readonly unread?: readonly string[];
  /** Wall clock, ms since 1970. */
  readonly settledBefore: number;
}

/** The unfinished work of ended incarnations that `begin` found. */
export interface Recovery {
  /**
   * Deliveries whose process died during an attempt. Its outcome is now `unknown`, `process-died`.
   * They wait, or are dead letters `poison`. Their `deaths` includes this one.
   */
  readonly lost: readonly Delivery[];
  /** How many were claimed but not attempted. They wait as before. */
  readonly unattempted: number;
  /** Every watch path of the ledger or of a position that was not retired. */
  readonly paths: readonly string[];
}

/** A trigger that was renamed. */
export interface RenamedTrigger {
  readonly from: string;
  readonly to: string;
}

/** A request to recover the work of ended incarnations. */
export interface RecoveryRequest {
  readonly incarnation: string;
  readonly now: number;
  /**
   * Their deliveries get the new name, except unsettled ones with a lost answer. Such an attempt may
   * have started something under the old name, by which the receiver recognizes a repetition.
   */
  readonly renamed?: readonly RenamedTrigger[];
}

/** A watch path that is no longer read. */
export interface Retirement {
  readonly path: string;
  /** The paths that read its keys now. The other keys count as deleted. */
  readonly successors: readonly WatchPath[];
  /** See `Commit.readMs`. */
  readonly readMs: number;
}

/** Maintenance of a store: recovery, retention and clock jumps. */
export interface Upkeep {
  /**
   * Returns the claims of every other incarnation, all of which have ended. Called once, before
   * everything else. A delivery is `poison` if its process died for the third time in a row.
   */
  begin(request: RecoveryRequest): Promise<Recovery>;
  /**
   * Moves the ledger's entries of a path to its successors. The position stays for the retention.
   */
  retire(retirement: Retirement): Promise<void>;
  /** Deletes all positions, because the cluster is another one, and stores these gaps. */
  dropPositions(gaps: readonly Gap[]): Promise<void>;
  /** Adds to every unsettled due time, because the clock jumped or the process was suspended. */
  shift(byMs: number): Promise<void>;
  /**
   * Deletes ledger entries without unsettled delivery whose key was deleted before `goneBefore`,
   * positions retired before it, and deliveries settled before `settledBefore`. Returns the number of
   * deleted entries.
   */
  sweep(bounds: SweepBounds): Promise<number>;
}

/** A lane's request for deliveries. */
export interface ClaimRequest {
  readonly trigger: string;
  readonly incarnation: string;
  readonly now: number;
  readonly limit: number;
  /**
   * `object` keeps the order in which the deliveries of one involved object were made. A delivery may
   * overtake only a retry that has waited for a minute. `none` takes the first due.
   */
  readonly order: 'none' | 'object';
}

/** The answer to a change of a delivery; `done: false` is a conflict with another change. */
export type ActAnswer =
  | { readonly done: true; readonly delivery: Delivery }
  | { readonly done: false; readonly state: DeliveryState | null };

/** The outcome of an attempt and the delivery's next state. */
export interface Settlement {
  readonly id: string;
  readonly incarnation: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** The state that follows from the outcome; `deaths` is reset to 0. */
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt' | 'started'>;
  readonly now: number;
}

/** A change of a delivery's state without an attempt, by a person or a limit. */
export interface StateChange {
  readonly id: string;
  /** The states in which the change is allowed; in any other the answer is a conflict. */
  readonly from: readonly DeliveryState[];
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt'>;
  /** A person asks for a retry: sets `retriedAt` and resets `deaths` to 0. */
  readonly isRetry?: true;
  readonly now: number;
}

/** Deliveries as work. */
export interface Outbox {
  /**
   * Takes due waiting deliveries of a trigger and marks them `running`. It takes at most one per
   * involved object, and none of an object that already has one running at this trigger.
   *
   * **Order and time**: the namespaces of the Events take turns, within a claim and across claims. A
   * backlog of one namespace therefore delays no other. Within a namespace the oldest due comes first.
   * All deliveries of an object take the turns of its first one's namespace.
   */
  claim(request: ClaimRequest): Promise<readonly Delivery[]>;
  /** Stores an attempt before it is made. It is the last one of the answer's delivery. */
  attempt(claim: { id: string; incarnation: string; now: number }): Promise<ActAnswer>;
  settle(settlement: Settlement): Promise<ActAnswer>;
  change(change: StateChange): Promise<ActAnswer>;
  /** The due time of the trigger's next claimable delivery; null if there is none. */
  next(trigger: string): Promise<number | null>;
}

/** A filter of deliveries. Absent fields do not restrict. */
export interface DeliveryQuery {
  readonly states?: readonly DeliveryState[];
  readonly trigger?: string;
  /** The rule's name; '' for rules without one. */
  readonly rule?: string;
  /** The involved object, as in `Delivery`. */
  readonly object?: string;
  /** Made at or after `since` and before `until`; wall clock, ms since 1970. */
  readonly since?: number;
  readonly until?: number;
  /** By the order of commits; `oldest` first if absent. */
  readonly order?: 'oldest' | 'newest';
  /** The most that are returned. */
  readonly limit: number;
  /** The id of the previous page's last delivery: only those after it in that order. */
  readonly after?: string;
}

/** How many deliveries of a trigger are in a state. */
export interface DeliveryCount {
  readonly trigger: string;
  readonly state: DeliveryState;
  readonly count: number;
}

/** Deliveries as history. */
export interface Archive {
  list(query: DeliveryQuery): Promise<readonly Delivery[]>;
  get(id: string): Promise<Delivery | null>;
  /** The decision that led to it; null if it is no longer known. */
  decision(id: string): Promise<DecisionRecord | null>;
  counts(): Promise<readonly DeliveryCount[]>;
  /** The current size, independent of the last commit. */
  usage(): Promise<StoreUsage>;
  /** The last gaps, newest first. */
  gaps(limit: number): Promise<readonly Gap[]>;
  /**
   * The series that were started since a moment, by the ledger's firedAt (ms since 1970). The limits
   * read it at start. A series that is held, or expired while held, was not started; a released one
   * was started at its release.
   */
  firedSince(since: number): Promise<readonly { readonly at: number; readonly object: string }[]>;
}

/** A few small values that survive a restart: cluster id, last good configuration, API token. */
export interface KeyValues {
  read(name: string): Promise<string | null>;
  write(name: string, value: string): Promise<void>;
}

/** The ports of one open store. */
export interface Store extends AsyncDisposable {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly keyValues: KeyValues;
  readonly upkeep: Upkeep;
}

/** A store before it is opened. */
export interface ClosedStore {
  /**
   * Opens it, and creates it if it does not exist.
   *
   * **Errors**: `store-unusable`, with the finding and the next step. A damaged or foreign store is
   * never replaced by an empty one.
   */
  open(): Promise<Store>;
}

// The rule of order by which every store hands out the deliveries of one object.

/** After this time a waiting retry no longer blocks its successors under `order: object`. */
const OVERTAKE_MS = 60_000;

/** When a waiting delivery is due, and when its last attempt ended; null if there was none. */
export interface DueTimes {
  readonly dueAt: number;
  readonly endedAt: number | null;
}

/**
 * The delivery of an object that may be attempted; else when to check again, Infinity if none waits.
 * If sorted by due time, the first one is sufficient.
 */
export function firstDue<Waiting extends DueTimes>(
  waiting: Iterable<Waiting>,
  order: ClaimRequest['order'],
  now: number,
): { readonly due: Waiting | undefined; readonly lookAt: number } {
  let lookAt = Number.POSITIVE_INFINITY;
  for (const due of waiting) {
    if (due.dueAt <= now) return { due, lookAt: now };
    lookAt = Math.min(lookAt, due.dueAt);
    if (order === 'none') break;
    // A delivery that was never attempted cannot be overtaken.
    const passableAt = due.endedAt === null ? Number.POSITIVE_INFINITY : due.endedAt + OVERTAKE_MS;
    if (passableAt > now) return { due: undefined, lookAt: Math.min(lookAt, passableAt) };
  }
  return { due: undefined, lookAt };
}
