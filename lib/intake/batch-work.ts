// What one batch adds to the store, with the ledger as the batch itself has changed it. It asks
// nobody and commits nothing: what it needs to know was looked up before.

import type { TrailEntry } from '../core/decision.ts';
import type { ClusterRef, Delivery } from '../core/delivery.ts';
import type { Commit, DecisionRecord, LedgerEntry } from '../core/store.ts';
import { type Candidate, moveLedgerEntry, toDelivery, toLedgerEntry } from './candidate.ts';
import type { GuardFacts } from './guard.ts';
import type { Limiter } from './limit.ts';
import { type Ruling, rule } from './stages.ts';

/** What the work on one batch may look at. */
export interface WorkFacts {
  readonly cluster: ClusterRef;
  readonly guard: Omit<GuardFacts, 'allowForeign'>;
  readonly foreignSources: ReadonlySet<string>;
  readonly limiter: Limiter;
  /** The ledger's entries as they were before the batch. */
  readonly known: ReadonlyMap<string, LedgerEntry>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** Why the rules before the one that accepted did not match. */
  readonly trailOf: (candidate: Candidate) => readonly TrailEntry[];
}

const SHED: Ruling = { disposition: 'shed', why: 'the store is full' };

/** The work on one batch. */
export class BatchWork {
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

  /** What becomes of a candidate. */
  rule(candidate: Candidate): Ruling {
    const { guard, foreignSources, limiter } = this.#facts;
    const entry = this.#entryOf(candidate);
    const allowForeign = foreignSources.has(candidate.occurrence.source);
    const ruling = rule(candidate, { guard: { ...guard, allowForeign }, entry, limiter });
    this.#enter(candidate, { ruling, entry });
    return ruling;
  }

  /** Lets go of everything new; the rest of the batch stays. */
  shed(): void {
    this.#shed = new Set(this.#deliveries.map(({ id }) => id));
  }

  /** A ruling as it is after `shed`: what was let go of was not started, nor repeated. */
  settled(candidate: Candidate, ruling: Ruling): Ruling {
    return this.#shed.has(ruling.id ?? candidate.id) && !isGuarded(ruling) ? SHED : ruling;
  }

  /** The entries of the ledger that it adds or moves. */
  get ledger(): readonly LedgerEntry[] {
    return [...this.#changed.values()].filter(({ id }) => !this.#shed.has(id));
  }

  /** What it starts, as a commit has it. */
  get started(): Pick<Commit, 'deliveries' | 'decisions' | 'now'> {
    const decisions = this.#decisions.filter(({ id }) => !this.#shed.has(id));
    return { deliveries: this.deliveries, decisions, now: this.#facts.now };
  }

  #entryOf({ ledgerKey }: Candidate): LedgerEntry | undefined {
    return this.#changed.get(ledgerKey) ?? this.#facts.known.get(ledgerKey);
  }

  /** `queued` and `held` enter the ledger, `repeat` moves its entry, the rest leaves no trace. */
  #enter(
    candidate: Candidate,
    { ruling, entry }: { ruling: Ruling; entry: LedgerEntry | undefined },
  ): void {
    const { now, cluster, trailOf } = this.#facts;
    if (ruling.disposition === 'repeat' && entry !== undefined) {
      this.#changed.set(entry.key, moveLedgerEntry(entry, candidate));
    }
    if (ruling.disposition !== 'queued' && ruling.disposition !== 'held') return;
    const state = ruling.disposition === 'held' ? 'held' : 'waiting';
    this.#changed.set(candidate.ledgerKey, toLedgerEntry(candidate, now));
    this.#deliveries.push(toDelivery(candidate, { cluster, state, now }));
    this.#decisions.push({ id: candidate.id, at: now, trail: trailOf(candidate) });
  }
}

function isGuarded({ disposition }: Ruling): boolean {
  return disposition === 'foreign' || disposition === 'loop' || disposition === 'shed';
}
