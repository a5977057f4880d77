// The store as narrow ports. What every implementation promises:
// (1) What commit acknowledged survives kill -9; a store that says it is not durable is excused from
// this alone. (2) Replaying a batch after a crash anywhere inside commit gives the same stored state.
// (3) A claim comes back only when its incarnation is gone. (4) A conflict is an answer, not an
// error; so is a store that is full. (5) Growth is bounded, and every commit says how near the bound
// is. (6) What fails throws a SluiceError, and nothing of that call is stored: `store-unavailable`
// may be tried again, `store-unusable` may not.
// spec/conformance/store.ts holds every implementation to them.

import type { TrailEntry } from './decision.ts';
import type { Delivery, DeliveryState, Outcome } from './delivery.ts';
import type { CompleteList, DeletedKey, Gap, Positions, WatchPath } from './source.ts';

/** What has been started, for as long as its Event could be seen again. */
export interface LedgerEntry {
  /** See `ledgerKey`. */
  readonly key: string;
  /** The watch path and the Event's `namespace/name`, so that a key gone can be found. */
  readonly path: string;
  readonly eventKey: string;
  /** The involved object, as in `Delivery`. */
  readonly object: string;
  /** The id under which it was started last. */
  readonly id: string;
  /** `metadata.creationTimestamp` of the life that started it. */
  readonly life: string;
  /** Wall clock, ms since 1970. */
  readonly firedAt: number;
  readonly firedHappenedAt: string;
  readonly firedCount: number;
  readonly lastHappenedAt: string;
  readonly lastCount: number;
}

/** Why a delivery was made: the decision as the filter chain made it then. */
export interface DecisionRecord {
  /** Of the delivery. */
  readonly id: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Why each rule before the one that accepted did not match. */
  readonly trail: readonly TrailEntry[];
}

/** What batches change, together. */
export interface Commit {
  /** By source: how far it has been read, of the paths that moved. */
  readonly positions: ReadonlyMap<string, Positions>;
  /** New and moved entries, whole; but `firedAt` never goes back. */
  readonly ledger: readonly LedgerEntry[];
  /** New deliveries, `waiting` or `held`. */
  readonly deliveries: readonly Delivery[];
  /** For new deliveries; this alone may lose its last moments in a crash. */
  readonly decisions: readonly DecisionRecord[];
  /** Every key of which a state was read, whatever became of it: it is there, not gone. */
  readonly seen: readonly DeletedKey[];
  /** Keys that went, after everything seen. */
  readonly gone: readonly DeletedKey[];
  /** Complete lists: every other key of their paths went. */
  readonly listed: readonly CompleteList[];
  readonly gaps: readonly Gap[];
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** For how long everything has been read, in ms: the clock of the retention, when keys went. */
  readonly readMs: number;
}

/** How full a store is. */
export interface StoreUsage {
  readonly bytes: number;
  /** New deliveries are not stored beyond it; 0 where there is no bound. */
  readonly maxBytes: number;
}

/** What became of a commit. */
export type Committed =
  | {
      readonly done: true;
      /** Ids that were there before: those deliveries were not stored again. */
      readonly existing: ReadonlySet<string>;
      readonly usage: StoreUsage;
    }
  /** It has new deliveries and the store is full: nothing of it was stored. */
  | { readonly done: false; readonly usage: StoreUsage };

/** Positions, ledger and new deliveries: the transactional outbox. */
export interface Journal {
  readonly durable: boolean;
  positions(source: string): Promise<Positions>;
  /** Those of every source that ever read, also of one that is configured no more. */
  allPositions(): Promise<ReadonlyMap<string, Positions>>;
  /**
   * Whether the ledger may have an entry under this key, or entries of an Event with this key; false
   * is certain. It asks no disk, so that what cannot be known costs no call.
   */
  mayKnow(key: string): boolean;
  /** The ledger's entries for these keys; a key with none is absent. */
  lookup(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** A store that is full lets settled deliveries go, the oldest first, before it says so. */
  commit(commit: Commit): Promise<Committed>;
}

/** What a sweep may forget. */
export interface SweepBounds {
  /** On the clock of the retention (`Commit.readMs`). */
  readonly goneBefore: number;
  /** Watch paths that cannot be read now: what is gone there may come back unseen, so it stays. */
  readonly unread?: readonly string[];
  /** Wall clock, ms since 1970. */
  readonly settledBefore: number;
}

/** What a beginning found left behind by incarnations that are gone. */
export interface Recovery {
  /**
   * Deliveries whose attempt was running when its process died: its outcome is now `unknown`,
   * `process-died`, and they wait, or are dead letters `poison`. Their `deaths` counts this one.
   */
  readonly lost: readonly Delivery[];
  /** How many were claimed but not attempted; they wait as before. */
  readonly unattempted: number;
  /** Every watch path that the ledger or a position names and that was not retired. */
  readonly paths: readonly string[];
}

/** A trigger that has another name now. */
export interface RenamedTrigger {
  readonly from: string;
  readonly to: string;
}

/** What a beginning is told. */
export interface RecoveryRequest {
  readonly incarnation: string;
  readonly now: number;
  /**
   * Deliveries of these go on under the new name, but for unsettled ones with a lost answer: what it
   * started may bear the old name, and a receiver that tells a repetition by it would not.
   */
  readonly renamed?: readonly RenamedTrigger[];
}

/** A watch path that is no longer read. */
export interface Retirement {
  readonly path: string;
  /** Who reads its keys now; those of no heir are gone. */
  readonly heirs: readonly WatchPath[];
  /** See `Commit.readMs`. */
  readonly readMs: number;
}

/** What a store does around the work: beginning, forgetting, moving times. */
export interface Upkeep {
  /**
   * Gives back the claims of every other incarnation that is gone: once, before anything else.
   * A delivery is `poison` where the attempt at which its process died was its third in a row.
   */
  begin(beginning: RecoveryRequest): Promise<Recovery>;
  /** Hands the ledger's entries of a path to its heirs; its position stays for the retention. */
  retire(retirement: Retirement): Promise<void>;
  /** Another cluster: no position holds any more, and the gaps say so. */
  dropPositions(gaps: readonly Gap[]): Promise<void>;
  /** The clock jumped, or nothing ran for a while: everything unsettled is due so much later. */
  shift(byMs: number): Promise<void>;
  /**
   * Forgets ledger entries whose key went before `goneBefore` and which have no unsettled delivery,
   * positions retired before it, and settled deliveries of before `settledBefore`. Answers how many
   * entries it forgot.
   */
  sweep(bounds: SweepBounds): Promise<number>;
}

/** Which deliveries a lane asks for. */
export interface ClaimRequest {
  readonly trigger: string;
  readonly incarnation: string;
  readonly now: number;
  readonly limit: number;
  /**
   * `object` keeps the order in which the deliveries of one involved object were made, but lets the
   * next one pass a retry that has been waiting for a minute; `none` takes what is due first.
   */
  readonly order: 'none' | 'object';
}

/** The answer to an act on a delivery that another may have changed meanwhile. */
export type ActAnswer =
  | { readonly done: true; readonly delivery: Delivery }
  | { readonly done: false; readonly state: DeliveryState | null };

/** What an attempt came to, and where the delivery stands now. */
export interface Settlement {
  readonly id: string;
  readonly incarnation: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** What the dispatch made of the outcome; the delivery's `deaths` are 0 again. */
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt' | 'started'>;
  readonly now: number;
}

/** A change of a delivery's state that is not an attempt: what people and limits do. */
export interface StateChange {
  readonly id: string;
  /** The states it must be in; in any other the answer is a conflict. */
  readonly from: readonly DeliveryState[];
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt'>;
  /** A person asks for another attempt: noted as `retriedAt`, and its `deaths` are 0 again. */
  readonly isRetry?: true;
  readonly now: number;
}

/** Deliveries as work. */
export interface Outbox {
  /**
   * Takes due waiting deliveries of a trigger and marks them `running`. It takes at most one for each
   * involved object, and none for an object that has one running there.
   *
   * **Order and time**: the namespaces of their Events take turns, within a claim and from one claim
   * to the next. So a backlog of one namespace delays no other. Within a namespace the oldest due
   * comes first. All deliveries of an object take the turns of the one that came first.
   */
  claim(request: ClaimRequest): Promise<readonly Delivery[]>;
  /** Records an attempt before it is made; the answer's delivery has it as its last. */
  attempt(claim: { id: string; incarnation: string; now: number }): Promise<ActAnswer>;
  settle(settlement: Settlement): Promise<ActAnswer>;
  change(change: StateChange): Promise<ActAnswer>;
  /** When the next waiting delivery of the trigger that could be claimed falls due; null: none. */
  next(trigger: string): Promise<number | null>;
}

/** Which deliveries to list. Absent fields do not restrict. */
export interface DeliveryQuery {
  readonly states?: readonly DeliveryState[];
  readonly trigger?: string;
  /** The rule's name; '' for rules without one. */
  readonly rule?: string;
  /** The involved object, as in `Delivery`. */
  readonly object?: string;
  /** Made at or after, and before; wall clock, ms since 1970. */
  readonly since?: number;
  readonly until?: number;
  /** In the order in which they were committed; `oldest` first where absent. */
  readonly order?: 'oldest' | 'newest';
  /** At most so many. */
  readonly limit: number;
  /** Only those behind this one in that order: the last of the page before. */
  readonly after?: string;
}

/** How many deliveries stand where. */
export interface DeliveryCount {
  readonly trigger: string;
  readonly state: DeliveryState;
  readonly count: number;
}

/** Deliveries as history. */
export interface Archive {
  list(query: DeliveryQuery): Promise<readonly Delivery[]>;
  get(id: string): Promise<Delivery | null>;
  /** Why it was made; null where that is not known any more. */
  decision(id: string): Promise<DecisionRecord | null>;
  counts(): Promise<readonly DeliveryCount[]>;
  /** How full it is now, whatever was committed last. */
  usage(): Promise<StoreUsage>;
  /** The last gaps, newest first. */
  gaps(limit: number): Promise<readonly Gap[]>;
  /**
   * When series were started since a moment, by the ledger's firedAt (ms since 1970), for the limits
   * at start; what is held or expired so is not started, what was released is from then on.
   */
  firedSince(since: number): Promise<readonly { readonly at: number; readonly object: string }[]>;
}

/** A few small values that outlive a process: cluster id, last good configuration, API token. */
export interface KeyValues {
  read(name: string): Promise<string | null>;
  write(name: string, value: string): Promise<void>;
}

/** A whole store. */
export interface Store extends AsyncDisposable {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly keep: KeyValues;
  readonly upkeep: Upkeep;
}

/** A store that is not open yet. */
export interface ClosedStore {
  /**
   * Opens it, making what is not there yet.
   *
   * **Errors**: `store-unusable`, with what was found and what to do. A store that is damaged, or
   * another's, is never replaced by an empty one.
   */
  open(): Promise<Store>;
}
