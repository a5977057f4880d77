// The memory store: everything a store promises but surviving the process. Specs, `explain` and the
// demo use it; it is also the first thing the conformance suite runs over.
import type { Attempt, Delivery, DeliveryState } from '../core/delivery.ts';
import { UNSETTLED_STATES } from '../core/delivery.ts';
import type { Kind } from '../core/kind.ts';
import type { Gap, Position } from '../core/source.ts';
import type {
  ActAnswer,
  Archive,
  Commit,
  Committed,
  DeliveryCount,
  Journal,
  Keep,
  Outbox,
  Settlement,
  StateChange,
  Store,
} from '../core/store.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { Changes, DeliveryHead, Packed } from './packed-delivery.ts';
import { changed, packed, unpacked } from './packed-delivery.ts';
import type { StoreParts } from './parts.ts';

/** The section `memory:` of the configuration; it has no settings. */
export type MemorySection = Readonly<Record<string, never>>;

/** Settled deliveries kept for those who ask; older ones go first. About 20 MB of usual Events. */
const SETTLED_KEPT = 10_000;
/** Gaps kept for those who ask. */
const GAPS_KEPT = 1_000;

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

class MemoryStore implements Store {
  readonly #deliveries = new Map<string, Packed>();
  readonly #claims = new Map<string, string>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #settled: string[] = [];
  readonly #positions = new Map<string, Map<string, Position>>();

  readonly #ledger = new MemoryLedger();
  readonly #gaps: Gap[] = [];
  readonly #kept = new Map<string, string>();

  readonly journal: Journal = {
    durable: false,
    positions: async (source) => new Map(this.#positions.get(source)),
    lookup: async (keys) => this.#ledger.lookup(keys),
    commit: async (commit) => this.#commit(commit),
    sweep: async ({ goneBefore, settledBefore }) => {
      this.#forgetSettledBefore(settledBefore);
      return this.#ledger.sweep(goneBefore, (id) => this.#isUnsettled(id));
    },
  };

  readonly outbox: Outbox = {
    claim: async (request) => {
      const queue = this.#queueOf(request.trigger);
      return queue.due(request).flatMap(({ id }) => {
        const before = this.#deliveries.get(id);
        if (before === undefined) return [];
        this.#claims.set(id, request.incarnation);
        return [this.#replace(before, { state: 'running' })];
      });
    },
    attempt: async ({ id, incarnation, now }) => this.#attempt(id, { incarnation, at: now }),
    settle: async (settlement) => this.#settle(settlement),
    change: async (change) => this.#change(change),
    next: async (trigger) => this.#queueOf(trigger).next(),
  };

  readonly archive: Archive = {
    list: async ({ states, trigger, limit, after }) => {
      const found: Delivery[] = [];
      let reached = after === undefined;
      for (const kept of this.#deliveries.values()) {
        const { head } = kept;
        if (found.length >= limit) break;
        const fits =
          (states?.includes(head.state) ?? true) && (trigger ?? head.trigger) === head.trigger;
        if (reached && fits) found.push(unpacked(kept));
        reached ||= head.id === after;
      }
      return found;
    },
    get: async (id) => {
      const kept = this.#deliveries.get(id);
      return kept === undefined ? null : unpacked(kept);
    },
    counts: async () => countByState(this.#deliveries.values()),
    gaps: async (limit) => this.#gaps.slice(-limit).reverse(),
    firedSince: async (since) =>
      [...this.#deliveries.values()]
        .map(({ head }) => head)
        .filter(({ createdAt, state, dead }) => {
          const isSpent = state !== 'held' && dead !== 'expired-held';
          return createdAt >= since && isSpent;
        })
        .map(({ createdAt, object }) => ({ at: createdAt, object })),
  };

  readonly keep: Keep = {
    read: async (name) => this.#kept.get(name) ?? null,
    write: async (name, value) => {
      this.#kept.set(name, value);
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing outlives the process and nothing is open: there is nothing to give back.
  }

  #commit(commit: Commit): Committed {
    const existing = new Set<string>();
    for (const delivery of commit.deliveries) {
      if (this.#deliveries.has(delivery.id)) existing.add(delivery.id);
      else this.#add(delivery);
    }
    for (const entry of commit.ledger) this.#ledger.write(entry);
    for (const seen of commit.seen) this.#ledger.markSeen(seen);
    for (const gone of commit.gone) this.#ledger.markGone(gone, commit.now);
    const positions = this.#positions.get(commit.source) ?? new Map<string, Position>();
    for (const [path, position] of commit.positions) positions.set(path, position);
    this.#positions.set(commit.source, positions);
    this.#gaps.push(...commit.gaps);
    this.#gaps.splice(0, this.#gaps.length - GAPS_KEPT);
    return { existing };
  }

  #attempt(id: string, started: Pick<Attempt, 'incarnation' | 'at'>): ActAnswer {
    const before = this.#deliveries.get(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== started.incarnation) {
      return { done: false, state: before?.head.state ?? null };
    }
    const { head } = before;
    const attempt: Attempt = {
      number: head.attempts.length + 1,
      ...started,
      outcome: null,
      durationMs: null,
    };
    const attempts = [...head.attempts, attempt];
    return { done: true, delivery: this.#replace(before, { attempts }) };
  }

  #settle({ id, incarnation, outcome, durationMs, next }: Settlement): ActAnswer {
    const before = this.#deliveries.get(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== incarnation) {
      return { done: false, state: before?.head.state ?? null };
    }
    const attempts = before.head.attempts.map((attempt) =>
      attempt.outcome === null && attempt.incarnation === incarnation
        ? { ...attempt, outcome, durationMs }
        : attempt,
    );
    this.#claims.delete(id);
    return { done: true, delivery: this.#replace(before, { ...next, attempts }) };
  }

  #change({ id, from, next }: StateChange): ActAnswer {
    const before = this.#deliveries.get(id);
    if (before === undefined || !from.includes(before.head.state)) {
      return { done: false, state: before?.head.state ?? null };
    }
    return { done: true, delivery: this.#replace(before, next) };
  }

  #add(added: Delivery): void {
    const kept = packed(added);
    this.#deliveries.set(added.id, kept);
    if (added.state === 'waiting') this.#queueOf(added.trigger).put(kept.head);
  }

  /** The one place where a state changes, so that the queue never disagrees with the deliveries. */
  #replace(kept: Packed, changes: Changes): Delivery {
    const next = changed(kept, changes);
    const { head: before } = kept;
    const { head: after } = next;
    const queue = this.#queueOf(after.trigger);
    this.#deliveries.set(after.id, next);
    if (before.state === 'waiting' && after.state !== 'waiting') queue.remove(before);
    if (after.state === 'waiting') queue.put(after);
    if (before.state !== 'running' && after.state === 'running')
      queue.countRunning(after.object, 1);
    if (before.state === 'running' && after.state !== 'running')
      queue.countRunning(after.object, -1);
    if (!UNSETTLED.has(after.state) && UNSETTLED.has(before.state)) {
      queue.forget(after.id);
      this.#keepSettled(after.id);
    }
    // As it was at work, so that whoever settles it parses nothing.
    return unpacked({ ...next, occurrences: next.occurrences ?? kept.occurrences });
  }

  #keepSettled(id: string): void {
    this.#settled.push(id);
    if (this.#settled.length > SETTLED_KEPT) this.#deliveries.delete(this.#settled.shift() ?? '');
  }

  #forgetSettledBefore(settledBefore: number): void {
    while (this.#settled[0] !== undefined) {
      const kept = this.#deliveries.get(this.#settled[0]);
      if (kept !== undefined && settledAt(kept.head) >= settledBefore) return;
      this.#deliveries.delete(this.#settled.shift() ?? '');
    }
  }

  #isUnsettled(id: string): boolean {
    const kept = this.#deliveries.get(id);
    return kept !== undefined && UNSETTLED.has(kept.head.state);
  }

  #queueOf(trigger: string): MemoryQueue {
    const known = this.#queues.get(trigger);
    if (known !== undefined) return known;
    const made = new MemoryQueue();
    this.#queues.set(trigger, made);
    return made;
  }
}

function settledAt(delivery: DeliveryHead): number {
  const last = delivery.attempts.at(-1);
  return last === undefined ? delivery.dueAt : last.at + (last.durationMs ?? 0);
}

function countByState(deliveries: Iterable<Packed>): readonly DeliveryCount[] {
  const counts = new Map<string, DeliveryCount>();
  for (const { head } of deliveries) {
    const { trigger, state } = head;
    const place = JSON.stringify([trigger, state]);
    counts.set(place, { trigger, state, count: (counts.get(place)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** A store that lives as long as its process. */
export const memoryKind = {
  kind: 'memory',
  summary: 'Keeps everything in memory: nothing survives a restart.',
  schema: {
    type: 'object',
    description: 'Keeps everything in memory: nothing survives a restart.',
    additionalProperties: false,
    properties: {},
  },
  create: () => new MemoryStore(),
} as const satisfies Kind<MemorySection, StoreParts, Store>;
