// The changes that batches make to the store: a unit of work for one batch, and the unsaved changes
// of batches that started nothing. No I/O: ledger entries were looked up before, and intake.ts
// commits.

import type { Disposition, TrailEntry } from '../core/decision.ts';
import type { ClusterRef, Delivery } from '../core/delivery.ts';
import type { Batch, PathKey, Position, Positions } from '../core/ports/source.ts';
import type { Commit, DecisionRecord, LedgerEntry } from '../core/ports/store.ts';
import type { GuardFacts } from './guard.ts';
import type { Limiter } from './limiter.ts';
import { rule } from './stages.ts';
import {
  moveLedgerEntry,
  type Ruling,
  type StartRequest,
  toDelivery,
  toLedgerEntry,
} from './start-request.ts';

/** Facts that are the same for all batches. */
export interface IntakeSettings {
  readonly cluster: ClusterRef;
  readonly guard: Omit<GuardFacts, 'allowForeign'>;
  /** Sources that accept an Event about an object of another namespace. */
  readonly foreignSources: ReadonlySet<string>;
  readonly limiter: Limiter;
}

/** Inputs of the work on one batch. */
interface WorkFacts extends IntakeSettings {
  /** Ledger entries from before the batch. */
  readonly known: ReadonlyMap<string, LedgerEntry>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** Reasons why the rules before the accepting one did not match. */
  readonly trailOf: (request: StartRequest) => readonly TrailEntry[];
}

const SHED: Ruling = { disposition: 'shed', why: 'the store is full' };

/** Dispositions without a delivery. */
export const NO_DELIVERY: ReadonlySet<Disposition> = new Set(['foreign', 'loop', 'shed']);

/** Rules on the requests of one batch and collects the changes, seeing its own ledger changes. */
export class UnitOfWork {
  readonly #facts: WorkFacts;
  readonly #changed = new Map<string, LedgerEntry>();
  readonly #deliveries: Delivery[] = [];
  readonly #decisions: DecisionRecord[] = [];
  #shed: ReadonlySet<string> = new Set();

  constructor(facts: WorkFacts) {
    this.#facts = facts;
  }

  /** New deliveries of the batch. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries.filter(({ id }) => !this.#shed.has(id));
  }

  rule(request: StartRequest): Ruling {
    const { guard, foreignSources, limiter, known } = this.#facts;
    const entry = this.#changed.get(request.ledgerKey) ?? known.get(request.ledgerKey);
    const allowForeign = foreignSources.has(request.occurrence.source);
    const ruling = rule(request, { guard: { ...guard, allowForeign }, entry, limiter });
    this.#enter(request, ruling, entry);
    return ruling;
  }

  /** Drops all new deliveries; the rest of the batch stays. */
  shed(): void {
    this.#shed = new Set(this.#deliveries.map(({ id }) => id));
  }

  /** The final ruling after `shed`: a dropped delivery was neither started nor repeated. */
  settled(request: StartRequest, ruling: Ruling): Ruling {
    const isDropped = this.#shed.has(ruling.id ?? request.id);
    return isDropped && !NO_DELIVERY.has(ruling.disposition) ? SHED : ruling;
  }

  /** Ledger entries that the batch adds or moves. */
  get ledger(): readonly LedgerEntry[] {
    return [...this.#changed.values()].filter(({ id }) => !this.#shed.has(id));
  }

  /** New deliveries and decisions in the form of a commit. */
  get newInCommit(): Pick<Commit, 'deliveries' | 'decisions' | 'now'> {
    const decisions = this.#decisions.filter(({ id }) => !this.#shed.has(id));
    return { deliveries: this.deliveries, decisions, now: this.#facts.now };
  }

  /** `queued` and `held` add a ledger entry, `repeat` moves it, others change nothing. */
  #enter(request: StartRequest, ruling: Ruling, entry: LedgerEntry | undefined): void {
    const { now, cluster, trailOf } = this.#facts;
    if (ruling.disposition === 'repeat' && entry !== undefined) {
      this.#changed.set(entry.key, moveLedgerEntry(entry, request));
    }
    if (ruling.disposition !== 'queued' && ruling.disposition !== 'held') return;
    const state = ruling.disposition === 'held' ? 'held' : 'waiting';
    this.#changed.set(request.ledgerKey, toLedgerEntry(request, now));
    this.#deliveries.push(toDelivery(request, { cluster, state, now }));
    this.#decisions.push({ id: request.id, at: now, trail: trailOf(request) });
  }
}

/** A key of a watch path, and whether it was deleted after it was last seen. */
interface SeenKey extends PathKey {
  isGone: boolean;
}

/**
 * Changes of batches that started nothing: positions, ledger entries moved by repetitions, keys
 * seen and deleted. A crash may lose them: positions are then as old as the rest, so the same
 * states are read again. So they can wait for a later commit.
 */
export class UnsavedChanges {
  /** Source → watch path. */
  readonly #positions = new Map<string, Map<string, Position>>();
  readonly #ledger = new Map<string, LedgerEntry>();
  /** By key of the Event; if sources overlap, it is on more than one path. */
  readonly #keys = new Map<string, SeenKey[]>();

  copy(): UnsavedChanges {
    const copy = new UnsavedChanges();
    for (const [source, positions] of this.#positions) copy.#moveTo(source, positions);
    for (const entry of this.#ledger.values()) copy.#ledger.set(entry.key, entry);
    for (const keys of this.#keys.values()) for (const key of keys) copy.#note(key, key.isGone);
    return copy;
  }

  /** Adds the changes of a batch: its ledger entries, and those keys that the ledger may know. */
  add(
    { source, positions, occurrences, gone }: Batch,
    ledger: Iterable<LedgerEntry>,
    mayKnow: (key: string) => boolean,
  ): void {
    if (positions.size > 0) this.#moveTo(source, positions);
    for (const entry of ledger) this.#ledger.set(entry.key, entry);
    for (const seen of occurrences) if (mayKnow(seen.key)) this.#note(seen, false);
    for (const one of gone) if (mayKnow(one.key)) this.#note(one, true);
  }

  /** The unsaved ledger entry of this key. */
  entry(key: string): LedgerEntry | undefined {
    return this.#ledger.get(key);
  }

  /** Number of entries and keys, which make it grow. */
  get size(): number {
    return this.#ledger.size + this.#keys.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#positions.size === 0;
  }

  /** All changes in the form of a commit: the part that may be stored later. */
  get inCommit(): Pick<Commit, 'positions' | 'ledger' | 'seen' | 'gone'> {
    const keys = [...this.#keys.values()].flat();
    const keysThat = (areGone: boolean): readonly PathKey[] =>
      keys.filter(({ isGone }) => isGone === areGone).map(({ path, key }) => ({ path, key }));
    return {
      positions: this.#positions,
      ledger: [...this.#ledger.values()],
      seen: keysThat(false),
      gone: keysThat(true),
    };
  }

  #moveTo(source: string, moved: Positions): void {
    const positions = this.#positions.get(source) ?? new Map<string, Position>();
    for (const [path, position] of moved) positions.set(path, position);
    this.#positions.set(source, positions);
  }

  #note({ path, key }: PathKey, isGone: boolean): void {
    const keys = this.#keys.get(key) ?? [];
    const known = keys.find((one) => one.path === path);
    if (known !== undefined) known.isGone = isGone;
    else this.#keys.set(key, [...keys, { path, key, isGone }]);
  }
}
