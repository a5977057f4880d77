// The store as four narrow ports. What every implementation promises:
// (1) What commit acknowledged survives kill -9; a store that says it is not durable is excused from
// this alone. (2) Replaying a batch after a crash anywhere inside commit gives the same stored state.
// (3) A claim comes back only when its incarnation is gone. (4) A conflict is an answer, not an
// error. (5) Growth is bounded, and the bound is reported before it is reached.
// spec/conformance/store.ts holds every implementation to them.
import type { Delivery, DeliveryState } from './delivery.ts';
import type { Outcome } from './outcome.ts';
import type { Gap, Gone, Positions } from './source.ts';

/** What has been started, for as long as its Event could be seen again. */
export interface LedgerEntry {
  /** See `ledgerKey`. */
  readonly key: string;
  /** The watch path and the Event's `namespace/name`, so that a key gone can be found. */
  readonly path: string;
  readonly eventKey: string;
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

/** Everything that one batch changes, together. */
export interface Commit {
  readonly source: string;
  readonly positions: Positions;
  /** New and moved entries, whole. */
  readonly ledger: readonly LedgerEntry[];
  /** New deliveries, `waiting` or `held`. */
  readonly deliveries: readonly Delivery[];
  /** Every key of which a state was read, whatever became of it: it is there, not gone. */
  readonly seen: readonly Gone[];
  /** Keys that went, after everything seen. */
  readonly gone: readonly Gone[];
  readonly gaps: readonly Gap[];
  /** Wall clock, ms since 1970: when keys went. */
  readonly now: number;
}

/** What a commit found. */
export interface Committed {
  /** Ids that were there before: those deliveries were not stored again. */
  readonly existing: ReadonlySet<string>;
}

/** Positions, ledger and new deliveries: the transactional outbox. */
export interface Journal {
  readonly durable: boolean;
  positions(source: string): Promise<Positions>;
  /** The ledger's entries for these keys; a key with none is absent. */
  lookup(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
  commit(commit: Commit): Promise<Committed>;
  /**
   * Forgets entries whose key went before `goneBefore` and which have no unsettled delivery, and
   * settled deliveries of before `settledBefore`. Answers how many entries it forgot.
   */
  sweep(bounds: SweepBounds): Promise<number>;
}

/** What a sweep may forget, both in ms since 1970. */
export interface SweepBounds {
  readonly goneBefore: number;
  readonly settledBefore: number;
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
  /** What the dispatch made of the outcome. */
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt' | 'started'>;
  readonly now: number;
}

/** A change of a delivery's state that is not an attempt: what people and limits do. */
export interface StateChange {
  readonly id: string;
  /** The states it must be in; in any other the answer is a conflict. */
  readonly from: readonly DeliveryState[];
  readonly next: Pick<Delivery, 'state' | 'dead' | 'dueAt'>;
  readonly now: number;
}

/** Deliveries as work. */
export interface Outbox {
  /**
   * Takes due waiting deliveries of a trigger, oldest due first, at most one for each involved
   * object and none for an object that has one running there, and marks them `running`.
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
  /** At most so many, oldest first in the order in which they were committed. */
  readonly limit: number;
  /** Only those committed after this one: the last of the page before. */
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
  counts(): Promise<readonly DeliveryCount[]>;
  /** The last gaps, newest first. */
  gaps(limit: number): Promise<readonly Gap[]>;
  /** When deliveries were started since a moment, ms since 1970, for the limits at start. */
  firedSince(since: number): Promise<readonly { readonly at: number; readonly object: string }[]>;
}

/** A few small values that outlive a process: cluster id, last good configuration, API token. */
export interface Keep {
  read(name: string): Promise<string | null>;
  write(name: string, value: string): Promise<void>;
}

/** A whole store. */
export interface Store extends AsyncDisposable {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly keep: Keep;
}
