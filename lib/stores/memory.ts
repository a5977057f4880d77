// The memory store: everything a store promises but surviving the process. Specs, `explain` and the
// demo use it; it is also the first thing the conformance suite runs over.
import type { Attempt, Delivery, DeliveryState } from '../core/delivery.ts';
import { UNSETTLED_STATES } from '../core/delivery.ts';
import type { Kind } from '../core/kind.ts';
import type { Gap, Position } from '../core/source.ts';
import type {
  ActAnswer,
  Archive,
  ClosedStore,
  Commit,
  Committed,
  DecisionRecord,
  DeliveryCount,
  DeliveryQuery,
  Journal,
  Keep,
  Outbox,
  Settlement,
  StateChange,
  Store,
  StoreUsage,
  Upkeep,
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

/** A store that lives as long as its process. */
export function createMemoryStore(parts: Partial<StoreParts> = {}): Store {
  return new MemoryStore(parts.maxBytes ?? 0);
}

class MemoryStore implements Store {
  readonly #maxBytes: number;
  readonly #decisions = new Map<string, DecisionRecord>();
  /** Characters of what is kept: near enough to its bytes. */
  #bytes = 0;
  readonly #deliveries = new Map<string, Packed>();
  readonly #claims = new Map<string, string>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #settled: string[] = [];
  readonly #positions = new Map<string, Map<string, Position>>();

  readonly #ledger = new MemoryLedger();
  readonly #gaps: Gap[] = [];
  readonly #kept = new Map<string, string>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  readonly journal: Journal = {
    durable: false,
    positions: async (source) => new Map(this.#positions.get(source)),
    lookup: async (keys) => this.#ledger.lookup(keys),
    commit: async (commit) => this.#commit(commit),
  };

  readonly upkeep: Upkeep = {
    // A process begins with an empty memory: nothing was left behind.
    begin: async () => ({ lost: [], unattempted: 0, paths: this.#paths() }),
    retire: async (retirement) => this.#ledger.retire(retirement),
    dropPositions: async (gaps) => {
      this.#positions.clear();
      this.#keepGaps(gaps);
    },
    shift: async (byMs) => this.#shift(byMs),
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
    list: async (query) => this.#list(query),
    decision: async (id) => this.#decisions.get(id) ?? null,
    get: async (id) => {
      const kept = this.#deliveries.get(id);
      return kept === undefined ? null : unpacked(kept);
    },
    counts: async () => countByState(this.#deliveries.values()),
    gaps: async (limit) => this.#gaps.slice(-limit).reverse(),
    firedSince: async (since) =>
      [...this.#ledger.entries()]
        .filter(({ firedAt, id }) => firedAt >= since && this.#isSpent(id))
        .map(({ firedAt, object }) => ({ at: firedAt, object })),
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
    const isKnown = (id: string): boolean => this.#deliveries.has(id) || this.#ledger.has(id);
    const existing = new Set(commit.deliveries.map(({ id }) => id).filter(isKnown));
    const fresh = commit.deliveries.filter(({ id }) => !existing.has(id));
    if (fresh.length > 0) {
      this.#makeRoom();
      if (this.#isFull) return { done: false, usage: this.#usage };
    }
    for (const delivery of fresh) this.#add(delivery);
    for (const decision of commit.decisions) {
      if (!existing.has(decision.id)) this.#decisions.set(decision.id, decision);
    }
    for (const entry of commit.ledger) this.#ledger.write(entry);
    for (const seen of commit.seen) this.#ledger.markSeen(seen);
    for (const gone of commit.gone) this.#ledger.markGone(gone, commit.readMs);
    for (const listed of commit.listed) this.#ledger.markListed(listed, commit.readMs);
    const positions = this.#positions.get(commit.source) ?? new Map<string, Position>();
    for (const [path, position] of commit.positions) positions.set(path, position);
    this.#positions.set(commit.source, positions);
    this.#keepGaps(commit.gaps);
    return { done: true, existing, usage: this.#usage };
  }

  #keepGaps(gaps: readonly Gap[]): void {
    this.#gaps.push(...gaps);
    this.#gaps.splice(0, this.#gaps.length - GAPS_KEPT);
  }

  #paths(): readonly string[] {
    const read = [...this.#positions.values()].flatMap((paths) => [...paths.keys()]);
    return [...new Set([...read, ...this.#ledger.paths])];
  }

  get #usage(): StoreUsage {
    return { bytes: this.#bytes, maxBytes: this.#maxBytes };
  }

  get #isFull(): boolean {
    return this.#maxBytes > 0 && this.#bytes >= this.#maxBytes;
  }

  /** What is settled gives way to what is new. */
  #makeRoom(): void {
    while (this.#isFull && this.#settled.length > 0) this.#forget(this.#settled.shift() ?? '');
  }

  #forget(id: string): void {
    // One that was retried is no longer settled; it comes back here when it is.
    if (this.#isUnsettled(id)) return;
    this.#bytes -= this.#deliveries.get(id)?.text.length ?? 0;
    this.#deliveries.delete(id);
    this.#decisions.delete(id);
  }

  /** Whether its start took a token: nothing that is or was only held did. */
  #isSpent(id: string): boolean {
    const head = this.#deliveries.get(id)?.head;
    return head?.state !== 'held' && head?.dead !== 'expired-held';
  }

  #shift(byMs: number): void {
    for (const kept of [...this.#deliveries.values()]) {
      const { state, dueAt } = kept.head;
      if (state === 'waiting' || state === 'held') this.#replace(kept, { dueAt: dueAt + byMs });
    }
  }

  #list(query: DeliveryQuery): readonly Delivery[] {
    const { limit, after, order = 'oldest' } = query;
    const kept = [...this.#deliveries.values()];
    if (order === 'newest') kept.reverse();
    const behind = after === undefined ? 0 : kept.findIndex(({ head }) => head.id === after) + 1;
    const found: Delivery[] = [];
    for (const one of kept.slice(behind)) {
      if (found.length >= limit) break;
      if (fits(one.head, query)) found.push(unpacked(one));
    }
    return found;
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
    return { done: true, delivery: this.#replace(before, { ...next, attempts, deaths: 0 }) };
  }

  #change({ id, from, next, isRetry, now }: StateChange): ActAnswer {
    const before = this.#deliveries.get(id);
    if (before === undefined || !from.includes(before.head.state)) {
      return { done: false, state: before?.head.state ?? null };
    }
    if (before.head.state === 'held') this.#ledger.refire(id, now);
    const asked = isRetry ? { retriedAt: now, deaths: 0 } : {};
    return { done: true, delivery: this.#replace(before, { ...next, ...asked }) };
  }

  #add(added: Delivery): void {
    const kept = packed(added);
    this.#deliveries.set(added.id, kept);
    this.#bytes += kept.text.length;
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
    if (this.#settled.length > SETTLED_KEPT) this.#forget(this.#settled.shift() ?? '');
  }

  #forgetSettledBefore(settledBefore: number): void {
    while (this.#settled[0] !== undefined) {
      const kept = this.#deliveries.get(this.#settled[0]);
      if (kept !== undefined && settledAt(kept.head) >= settledBefore) return;
      this.#forget(this.#settled.shift() ?? '');
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

function fits(head: DeliveryHead, query: DeliveryQuery): boolean {
  const { states, trigger, rule, object, since = 0, until = Number.POSITIVE_INFINITY } = query;
  return (
    (states?.includes(head.state) ?? true) &&
    (trigger ?? head.trigger) === head.trigger &&
    (rule === undefined || rule === (head.rule.name ?? '')) &&
    (object ?? head.object) === head.object &&
    head.createdAt >= since &&
    head.createdAt < until
  );
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
  create: (_section: MemorySection, parts: StoreParts) => ({
    open: async () => createMemoryStore(parts),
  }),
} as const satisfies Kind<MemorySection, StoreParts, ClosedStore>;
