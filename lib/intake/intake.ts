// Intake: every occurrence of a batch is judged, every accepted one gets a disposition at each
// trigger of its rule, and all of it is committed together with the positions. Nothing is observed
// before it is committed. The stages themselves are pure and stand in stages.ts.
import type { Clock } from '../core/clock.ts';
import type { Decision, RuleRef } from '../core/decision.ts';
import type { ClusterRef, Delivery } from '../core/delivery.ts';
import type { Disposed } from '../core/disposition.ts';
import type { Observe } from '../core/observation.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { Batch } from '../core/source.ts';
import type { Journal, LedgerEntry } from '../core/store.ts';
import type { Chain } from '../filters/chain.ts';
import { decide, explain } from '../filters/decide.ts';
import {
  type Candidate,
  moveLedgerEntry,
  toCandidate,
  toDelivery,
  toLedgerEntry,
  type TriggerRef,
} from './candidate.ts';
import type { GuardFacts } from './guard.ts';
import type { Limiter } from './limit.ts';
import { type Ruling, rule } from './stages.ts';

/** What intake works with. */
export interface IntakeParts {
  readonly chain: Chain;
  readonly cluster: ClusterRef;
  /** The triggers of the configuration by name. */
  readonly triggers: ReadonlyMap<string, TriggerRef>;
  readonly guard: Omit<GuardFacts, 'allowForeign'>;
  /** Sources that let an Event speak for another namespace. */
  readonly foreignSources: ReadonlySet<string>;
  readonly journal: Journal;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Told of deliveries that were committed. */
  readonly committed: (deliveries: readonly Delivery[]) => void;
}

interface Judged {
  readonly occurrence: Occurrence;
  readonly decision: Decision;
  readonly candidates: readonly Candidate[];
}

/** Takes batches from accepted to committed, one at a time. */
export class Intake {
  readonly #parts: IntakeParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Judges and commits a batch.
   *
   * **Order and time**: one batch after the other, whichever source it comes from, so that two
   * sources that see one series can not both start it.
   */
  take(batch: Batch): Promise<void> {
    const done = this.#last.then(() => this.#take(batch));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #take(batch: Batch): Promise<void> {
    const judged = batch.occurrences.map((occurrence) => this.#judge(occurrence));
    const keys = judged.flatMap(({ candidates }) => candidates.map((one) => one.ledgerKey));
    const work = new BatchWork(
      this.#parts,
      keys.length === 0 ? new Map() : await this.#parts.journal.lookup(keys),
    );
    const rulings = judged.map(({ candidates }) => candidates.map((one) => work.rule(one)));
    const committed = await this.#parts.journal.commit({
      source: batch.source,
      positions: batch.positions,
      ledger: work.ledger,
      deliveries: work.deliveries,
      decisions: [],
      seen: batch.occurrences.map(({ path, key }) => ({ path, key })),
      gone: batch.gone,
      listed: batch.listed,
      gaps: batch.gaps,
      now: work.now,
      readMs: work.now,
    });
    const existing = committed.done ? committed.existing : new Set<string>();
    this.#parts.committed(work.deliveries.filter(({ id }) => !existing.has(id)));
    for (const gap of batch.gaps) this.#parts.observe({ kind: 'gap', gap });
    for (const [index, one] of judged.entries()) {
      this.#report(one, { rulings: rulings[index] ?? [], existing });
    }
  }

  #judge(occurrence: Occurrence): Judged {
    const decision = decide(this.#parts.chain, occurrence);
    if (!isAccepted(decision)) return { occurrence, decision, candidates: [] };
    const candidates = decision.triggers.flatMap((name) => {
      const trigger = this.#parts.triggers.get(name);
      const at = { clusterId: this.#parts.cluster.id, trigger };
      return trigger === undefined ? [] : [toCandidate(occurrence, decision, { ...at, trigger })];
    });
    return { occurrence, decision, candidates };
  }

  #report(
    { occurrence, decision, candidates }: Judged,
    { rulings, existing }: { rulings: readonly Ruling[]; existing: ReadonlySet<string> },
  ): void {
    this.#parts.observe({
      kind: 'decision',
      occurrence,
      decision,
      disposed: candidates.map((one, place) => toDisposed(one, rulings[place], existing)),
      explain: () => explain(this.#parts.chain, occurrence).trail,
    });
  }
}

/** What one batch adds, with the ledger as the batch itself has changed it. */
class BatchWork {
  readonly now: number;
  readonly deliveries: Delivery[] = [];
  readonly #parts: IntakeParts;
  readonly #known: ReadonlyMap<string, LedgerEntry>;
  readonly #changed = new Map<string, LedgerEntry>();

  constructor(parts: IntakeParts, known: ReadonlyMap<string, LedgerEntry>) {
    this.#parts = parts;
    this.#known = known;
    this.now = parts.clock.now();
  }

  get ledger(): readonly LedgerEntry[] {
    return [...this.#changed.values()];
  }

  rule(candidate: Candidate): Ruling {
    const entry = this.#changed.get(candidate.ledgerKey) ?? this.#known.get(candidate.ledgerKey);
    const { guard, foreignSources, limiter } = this.#parts;
    const allowForeign = foreignSources.has(candidate.occurrence.source);
    const ruling = rule(candidate, { guard: { ...guard, allowForeign }, entry, limiter });
    this.#enter(candidate, { ruling, entry });
    return ruling;
  }

  /** `started` and `held` enter the ledger, `repeat` moves its entry, the rest leaves no trace. */
  #enter(
    candidate: Candidate,
    { ruling, entry }: { ruling: Ruling; entry: LedgerEntry | undefined },
  ): void {
    const { now } = this;
    if (ruling.disposition === 'repeat' && entry !== undefined) {
      this.#changed.set(entry.key, moveLedgerEntry(entry, candidate));
    }
    if (ruling.disposition !== 'started' && ruling.disposition !== 'held') return;
    const state = ruling.disposition === 'held' ? 'held' : 'waiting';
    this.#changed.set(candidate.ledgerKey, toLedgerEntry(candidate, now));
    this.deliveries.push(toDelivery(candidate, { cluster: this.#parts.cluster, state, now }));
  }
}

function isAccepted(decision: Decision): decision is Decision & { readonly rule: RuleRef } {
  return decision.action === 'accept' && decision.rule !== null;
}

const NO_ID: ReadonlySet<Disposed['disposition']> = new Set(['foreign', 'loop', 'shed']);

function toDisposed(
  { trigger, id }: Candidate,
  ruling: Ruling | undefined,
  existing: ReadonlySet<string>,
): Disposed {
  const { disposition, why } = ruling ?? { disposition: 'started', why: '' };
  const isNew = disposition === 'started' || disposition === 'held';
  const stored = isNew && existing.has(id) ? 'repeat' : disposition;
  const known = NO_ID.has(stored) ? null : (ruling?.id ?? id);
  return { trigger: trigger.name, disposition: stored, id: known, why };
}
