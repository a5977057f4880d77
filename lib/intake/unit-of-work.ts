// What one batch adds to the store, with the ledger as the batch itself has changed it. It asks
// nobody and commits nothing: what it needs to know was looked up before.

import type { TrailEntry } from '../core/decision.ts';
import type { ClusterRef, Delivery } from '../core/delivery.ts';
import type { Batch, DeletedKey, Position, Positions } from '../core/source.ts';
import type { Commit, DecisionRecord, LedgerEntry } from '../core/store.ts';
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

/** What the work on one batch may look at. */
interface WorkFacts {
  readonly cluster: ClusterRef;
  readonly guard: Omit<GuardFacts, 'allowForeign'>;
  readonly foreignSources: ReadonlySet<string>;
  readonly limiter: Limiter;
  /** The ledger's entries as they were before the batch. */
  readonly known: ReadonlyMap<string, LedgerEntry>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** Why the rules before the one that accepted did not match. */
  readonly trailOf: (request: StartRequest) => readonly TrailEntry[];
}

const SHED: Ruling = { disposition: 'shed', why: 'the store is full' };

/** The work on one batch. */
export class UnitOfWork {
  readonly #facts: WorkFacts;
  readonly #changed = new Map<string, LedgerEntry>();
  readonly #deliveries: Delivery[] = [];
  readonly #decisions: DecisionRecord[] = [];
  #shed: ReadonlySet<string> = new Set();

  constructor(facts: WorkFacts) {
    this.#facts = facts;
  }

  /** The new deliveries. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries.filter(({ id }) => !this.#shed.has(id));
  }

  /** What becomes of a request. */
  rule(request: StartRequest): Ruling {
    const { guard, foreignSources, limiter } = this.#facts;
    const entry = this.#entryOf(request);
    const allowForeign = foreignSources.has(request.occurrence.source);
    const ruling = rule(request, { guard: { ...guard, allowForeign }, entry, limiter });
    this.#enter(request, { ruling, entry });
    return ruling;
  }

  /** Lets go of everything new; the rest of the batch stays. */
  shed(): void {
    this.#shed = new Set(this.#deliveries.map(({ id }) => id));
  }

  /** A ruling as it is after `shed`: what was let go of was not started, nor repeated. */
  settled(request: StartRequest, ruling: Ruling): Ruling {
    return this.#shed.has(ruling.id ?? request.id) && !isGuarded(ruling) ? SHED : ruling;
  }

  /** The entries of the ledger that it adds or moves. */
  get ledger(): readonly LedgerEntry[] {
    return [...this.#changed.values()].filter(({ id }) => !this.#shed.has(id));
  }

  /** What it starts, as a commit has it. */
  get newInCommit(): Pick<Commit, 'deliveries' | 'decisions' | 'now'> {
    const decisions = this.#decisions.filter(({ id }) => !this.#shed.has(id));
    return { deliveries: this.deliveries, decisions, now: this.#facts.now };
  }

  #entryOf({ ledgerKey }: StartRequest): LedgerEntry | undefined {
    return this.#changed.get(ledgerKey) ?? this.#facts.known.get(ledgerKey);
  }

  /** `queued` and `held` enter the ledger, `repeat` moves its entry, the rest leaves no trace. */
  #enter(
    request: StartRequest,
    { ruling, entry }: { ruling: Ruling; entry: LedgerEntry | undefined },
  ): void {
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

function isGuarded({ disposition }: Ruling): boolean {
  return disposition === 'foreign' || disposition === 'loop' || disposition === 'shed';
}

// What batches changed that start nothing: how far was read, entries of the ledger that repetitions
// moved, keys seen and gone. Nothing is lost if a crash takes it: the positions are as old as the rest,
// so the same states are read again. So it may ride with a later commit.

/** What of a commit may be late. */
type UnsavedInCommit = Pick<Commit, 'positions' | 'ledger' | 'seen' | 'gone'>;

/** A key of a watch path, and whether it went after it was seen last. */
interface PathKey extends DeletedKey {
  isGone: boolean;
}

/** Changes that are not stored yet. */
export class UnsavedChanges {
  /** Source → watch path. */
  readonly #positions = new Map<string, Map<string, Position>>();
  readonly #ledger = new Map<string, LedgerEntry>();
  /** By key of the Event; it lies on more than one path where sources overlap. */
  readonly #keys = new Map<string, PathKey[]>();

  /** A copy that changes by itself. */
  copy(): UnsavedChanges {
    const copy = new UnsavedChanges();
    for (const [source, positions] of this.#positions) copy.#moveTo(source, positions);
    for (const entry of this.#ledger.values()) copy.#ledger.set(entry.key, entry);
    for (const keys of this.#keys.values()) for (const key of keys) copy.#note(key, key.isGone);
    return copy;
  }

  /**
   * Adds what a batch changed: entries of the ledger as they are after it, and of its keys those that
   * the ledger may know.
   */
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

  /** The entry of the ledger under this key, where it was moved. */
  entry(key: string): LedgerEntry | undefined {
    return this.#ledger.get(key);
  }

  /** How many entries and keys there are: what makes it grow. */
  get size(): number {
    return this.#ledger.size + this.#keys.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#positions.size === 0;
  }

  /** All of it, as a commit has it. */
  get inCommit(): UnsavedInCommit {
    const keys = [...this.#keys.values()].flat();
    const keysThat = (areGone: boolean): readonly DeletedKey[] =>
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

  #note({ path, key }: DeletedKey, isGone: boolean): void {
    const keys = this.#keys.get(key) ?? [];
    const known = keys.find((one) => one.path === path);
    if (known !== undefined) known.isGone = isGone;
    else this.#keys.set(key, [...keys, { path, key, isGone }]);
  }
}
