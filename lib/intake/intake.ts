// Intake: judges every occurrence of a batch and gives each accepted one a disposition at each
// trigger of its rule. New deliveries are committed with the positions before anything is observed.
// A batch that starts nothing costs no call of the store: its changes are saved with the next
// commit, or within a second. If the store is full, intake waits or sheds. The stages are pure
// (stages.ts); calls to an unavailable store are retried elsewhere (gateway/retrying-store.ts).

import type { Clock, Random } from '../core/clock.ts';
import type { Decision, RuleRef, TrailEntry, TriggerDisposition } from '../core/decision.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { Batch, Gap } from '../core/ports/source.ts';
import type { Committed, Journal, LedgerEntry } from '../core/ports/store.ts';
import type { Chain } from '../filters/chain.ts';
import { decide, explain } from '../filters/decide.ts';
import { Alarm } from '../kit/async/alarm.ts';
import { backoffMs } from '../kit/async/backoff.ts';
import {
  type Ruling,
  type StartRequest,
  type TriggerRef,
  toStartRequest,
} from './start-request.ts';
import { type IntakeSettings, NO_DELIVERY, UnitOfWork, UnsavedChanges } from './unit-of-work.ts';

/** Dependencies of intake. */
export interface IntakeParts extends IntakeSettings {
  readonly chain: Chain;
  /** The triggers of the configuration by name. */
  readonly triggers: ReadonlyMap<string, TriggerRef>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  /** Whether new deliveries wait or are dropped while the store is full. */
  readonly overflow: 'block' | 'shed';
  /** The clock of the retention (`Commit.readMs`). */
  readonly readMs: () => number;
  /** Called with every answer to a commit, also if the store is full. */
  readonly answered: (committed: Committed) => void;
  /** Called with the deliveries of a commit. */
  readonly committed: (deliveries: readonly Delivery[]) => void;
}

/** Settled deliveries make room: soon in a busy store, after a while in a blocked one. */
const FULL_BACKOFF = { firstMs: 250, maxMs: 10_000 };

/** How long the changes of a batch that starts nothing may be unsaved. */
const SAVE_AFTER_MS = 1_000;
/** The most unsaved ledger entries and keys: some megabytes. */
const UNSAVED_LIMIT = 10_000;

interface Judged {
  readonly occurrence: Occurrence;
  readonly decision: Decision;
  readonly requests: readonly StartRequest[];
}

interface Ruled extends Judged {
  readonly rulings: readonly { readonly request: StartRequest; readonly ruling: Ruling }[];
}

type Known = ReadonlyMap<string, LedgerEntry>;

const NONE: ReadonlySet<string> = new Set();

/** Judges and commits batches, one at a time. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #gapLoss = new GapLoss();
  readonly #alarm = new Alarm();
  #unsaved = new UnsavedChanges();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Judges and commits a batch. Waits while the store is full, unless new deliveries are shed.
   *
   * **Errors**: rejects with the signal's reason if it aborts before there is room; then nothing of
   * the batch is committed.
   * **Order and time**: one batch at a time over all sources, so two sources that read one series
   * cannot both start it.
   */
  take(batch: Batch, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#take(batch, signal));
  }

  save(): Promise<void> {
    return this.#inTurn(() => this.#save());
  }

  /** Saves a second after the first unsaved change, until the signal aborts; not at the abort. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#alarm.wait(clock, null, signal);
      await clock.sleep(SAVE_AFTER_MS, signal).then(
        () => this.save(),
        () => undefined,
      );
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #take(batch: Batch, signal: AbortSignal): Promise<void> {
    const judged = batch.occurrences.map((occurrence) => this.#judge(occurrence));
    const keys = judged.flatMap(({ requests }) => requests.map((one) => one.ledgerKey));
    const known: Known = keys.length === 0 ? new Map() : await this.#lookup(keys);
    for (const { occurrence, requests } of judged) {
      const entries = requests.flatMap((one) => known.get(one.ledgerKey) ?? []);
      for (const entry of entries) this.#gapLoss.note(occurrence, entry);
    }
    const assessed = { ...batch, gaps: this.#gapLoss.assess(batch) };
    const work = this.#workOn(known);
    const ruled = judged.map((one) => ({
      ...one,
      rulings: one.requests.map((request) => ({ request, ruling: work.rule(request) })),
    }));
    const existing = await this.#commitOrSettle(assessed, work, signal);
    const stored = work.deliveries.filter(({ id }) => !existing.has(id));
    const ids = new Set(stored.map(({ id }) => id));
    this.#parts.limiter.settle((id) => ids.has(id));
    this.#parts.committed(stored);
    for (const gap of assessed.gaps) this.#parts.observe({ kind: 'gap', gap });
    for (const one of ruled) this.#report(one, work, existing);
  }

  /** If the commit fails, no delivery takes a token and none is held. */
  async #commitOrSettle(
    batch: Batch,
    work: UnitOfWork,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    try {
      return await this.#commit(batch, work, signal);
    } catch (error) {
      this.#parts.limiter.settle(() => false);
      throw error;
    }
  }

  /** Ledger entries of the requests; only keys that the ledger may know are looked up. */
  async #lookup(keys: readonly string[]): Promise<Known> {
    const { journal } = this.#parts;
    const known = new Map<string, LedgerEntry>();
    for (const key of keys) {
      const entry = this.#unsaved.entry(key);
      if (entry !== undefined) known.set(key, entry);
    }
    const asked = keys.filter((key) => !known.has(key) && journal.mayKnow(key));
    if (asked.length === 0) return known;
    return new Map([...(await journal.lookup(asked)), ...known]);
  }

  /** Commits, or keeps the changes for a later commit; returns the ids that existed before. */
  async #commit(batch: Batch, work: UnitOfWork, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { listed, gaps } = batch;
    if (work.deliveries.length === 0 && listed.length === 0 && gaps.length === 0) {
      await this.#keep(batch, work);
      return NONE;
    }
    const { journal, answered, readMs, overflow, clock, random } = this.#parts;
    for (let failures = 1; ; failures += 1) {
      const { inCommit } = this.#with(this.#unsaved.copy(), batch, work);
      const commit = { ...inCommit, ...work.newInCommit, listed, gaps, readMs: readMs() };
      const committed = await journal.commit(commit);
      answered(committed);
      if (committed.done) {
        this.#unsaved = new UnsavedChanges();
        return committed.existing;
      }
      if (overflow === 'shed') work.shed();
      else await clock.sleep(backoffMs(failures, FULL_BACKOFF, random), signal);
    }
  }

  async #keep(batch: Batch, work: UnitOfWork): Promise<void> {
    this.#with(this.#unsaved, batch, work);
    if (this.#unsaved.size >= UNSAVED_LIMIT) await this.#save();
    else if (!this.#unsaved.isEmpty) this.#alarm.ring();
  }

  #with(unsaved: UnsavedChanges, batch: Batch, work: UnitOfWork): UnsavedChanges {
    const { ledger } = work;
    const own = new Set(ledger.map(({ eventKey }) => eventKey));
    unsaved.add(batch, ledger, (key) => own.has(key) || this.#parts.journal.mayKnow(key));
    return unsaved;
  }

  async #save(): Promise<void> {
    if (this.#unsaved.isEmpty) return;
    const { journal, answered, readMs, clock } = this.#parts;
    const nothing = { deliveries: [], decisions: [], listed: [], gaps: [] };
    const at = { now: clock.now(), readMs: readMs() };
    answered(await journal.commit({ ...this.#unsaved.inCommit, ...nothing, ...at }));
    this.#unsaved = new UnsavedChanges();
  }

  #workOn(known: Known): UnitOfWork {
    const trailOf = ({ occurrence }: StartRequest) => this.#trailOf(occurrence);
    return new UnitOfWork({ ...this.#parts, known, now: this.#parts.clock.now(), trailOf });
  }

  #trailOf(occurrence: Occurrence): readonly TrailEntry[] {
    return explain(this.#parts.chain, occurrence).trail;
  }

  #judge(occurrence: Occurrence): Judged {
    const decision = decide(this.#parts.chain, occurrence);
    if (!isAccepted(decision)) return { occurrence, decision, requests: [] };
    const requests = decision.triggers.flatMap((name) => {
      const trigger = this.#parts.triggers.get(name);
      const clusterId = this.#parts.cluster.id;
      if (trigger === undefined) return [];
      return [toStartRequest(occurrence, decision, { clusterId, trigger })];
    });
    return { occurrence, decision, requests };
  }

  #report(
    { occurrence, decision, rulings }: Ruled,
    work: UnitOfWork,
    existing: ReadonlySet<string>,
  ): void {
    const disposed = rulings.map(({ request, ruling }) =>
      toTriggerDisposition(request, work.settled(request, ruling), existing),
    );
    const trail = () => this.#trailOf(occurrence);
    this.#parts.observe({ kind: 'decision', occurrence, decision, disposed, explain: trail });
  }
}

function isAccepted(decision: Decision): decision is Decision & { readonly rule: RuleRef } {
  return decision.action === 'accept' && decision.rule !== null;
}

function toTriggerDisposition(
  { trigger, id }: StartRequest,
  { disposition, why, id: known = id }: Ruling,
  existing: ReadonlySet<string>,
): TriggerDisposition {
  const isNew = disposition === 'queued' || disposition === 'held';
  const stored = isNew && existing.has(id) ? 'repeat' : disposition;
  const noted = NO_DELIVERY.has(stored) ? null : known;
  return { trigger: trigger.name, disposition: stored, id: noted, why };
}

/**
 * Counts the series of a listed path that were written more than once during a gap. A list is
 * complete, but states in between are lost; the count in the ledger shows that.
 *
 * **Source**: the three kinds of gaps, docs/guarantees.md.
 */
class GapLoss {
  /** Watch path → keys of such series, since its position last moved. */
  readonly #hidden = new Map<string, Set<string>>();

  /** Notes an occurrence that has a ledger entry. */
  note({ from, path, key, count }: Occurrence, entry: LedgerEntry): void {
    if (from !== 'list' || count - entry.lastCount <= 1) return;
    const hidden = this.#hidden.get(path) ?? new Set();
    this.#hidden.set(path, hidden.add(key));
  }

  /** Returns the gaps of a batch with the loss that its list and the ledger show. */
  assess({ gaps, positions }: Batch): readonly Gap[] {
    const assessed = gaps.map((gap) => this.#assess(gap));
    // The position moves with the last page: another list begins after it.
    for (const path of positions.keys()) this.#hidden.delete(path);
    return assessed;
  }

  #assess(gap: Gap): Gap {
    const hidden = this.#hidden.get(gap.path)?.size ?? 0;
    if (gap.loss !== 'none' || hidden === 0) return gap;
    const why = `${gap.why}; ${hidden} of the series started before were written more than once`;
    return { ...gap, loss: 'coalesced', why };
  }
}
