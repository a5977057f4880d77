// The memory store keeps every promise of a store except durability. Specs, `explain` and the demo
// use it, and the conformance suite runs on it first.

import { type Attempt, isOnlyHeld } from '../core/delivery.ts';
import type { Kind } from '../core/ports/kind.ts';
import type { Gap, Position, Positions } from '../core/ports/source.ts';
import type {
  ActAnswer,
  Archive,
  ClosedStore,
  Commit,
  Committed,
  Journal,
  KeyValues,
  Outbox,
  Settlement,
  StateChange,
  Store,
  StoreUsage,
  Upkeep,
} from '../core/ports/store.ts';
import { MemoryDeliveries, type Packed, unpack } from './memory-deliveries.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { GAPS_KEPT, type StoreParts } from './store-kind.ts';

type MemorySection = Readonly<Record<string, never>>;

/** Creates a store that is lost when its process ends. */
export function createMemoryStore(parts: Partial<StoreParts> = {}): Store {
  return new MemoryStore(parts.maxBytes ?? 0);
}

class MemoryStore implements Store {
  readonly #maxBytes: number;
  readonly #deliveries = new MemoryDeliveries();
  /** Id of a running delivery → the incarnation that has it. */
  readonly #claims = new Map<string, string>();
  readonly #positions = new MemoryPositions();
  readonly #ledger = new MemoryLedger();
  readonly #gaps: Gap[] = [];
  readonly #kept = new Map<string, string>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  readonly journal: Journal = {
    durable: false,
    positions: async (source) => this.#positions.of(source),
    allPositions: async () => this.#positions.all(),
    mayKnow: (key) => this.#ledger.mayKnow(key),
    lookup: async (keys) => this.#ledger.lookup(keys),
    commit: async (commit) => this.#commit(commit),
  };

  readonly upkeep: Upkeep = {
    // A process starts with an empty memory, so nothing was running.
    begin: async ({ renamed = [] }) => {
      for (const { from, to } of renamed) this.#deliveries.rename(from, to);
      return { lost: [], unattempted: 0, paths: this.#paths() };
    },
    retire: async (retirement) => {
      this.#ledger.retire(retirement);
      this.#positions.retire(retirement.path, retirement.readMs);
    },
    dropPositions: async (gaps) => {
      this.#positions.clear();
      this.#addGaps(gaps);
    },
    shift: async (byMs) => this.#deliveries.shift(byMs),
    sweep: async ({ goneBefore, settledBefore, unread = [] }) => {
      this.#positions.sweep(goneBefore);
      const forgotten = this.#ledger.sweep({ goneBefore, unread }, (id) =>
        this.#deliveries.isUnsettled(id),
      );
      while (this.#deliveries.forgetOldest(settledBefore));
      return forgotten;
    },
  };

  readonly outbox: Outbox = {
    claim: async (request) =>
      this.#deliveries.due(request).map((kept) => {
        this.#claims.set(kept.head.id, request.incarnation);
        return this.#deliveries.replace(kept, { state: 'running' }, request.now);
      }),
    attempt: async ({ id, incarnation, now }) => this.#attempt(id, { incarnation, at: now }),
    settle: async (settlement) => this.#settle(settlement),
    change: async (change) => this.#change(change),
    next: async (trigger) => this.#deliveries.next(trigger),
  };

  readonly archive: Archive = {
    list: async (query) => this.#deliveries.list(query),
    decision: async (id) => this.#deliveries.decision(id),
    get: async (id) => {
      const kept = this.#deliveries.find(id);
      return kept === undefined ? null : unpack(kept);
    },
    counts: async () => this.#deliveries.counts(),
    usage: async () => this.#usage,
    gaps: async (limit) => this.#gaps.slice(-limit).reverse(),
    firedSince: async (since) =>
      this.#ledger
        .entries()
        .filter(({ firedAt, id }) => firedAt >= since && this.#isSpent(id))
        .map(({ firedAt, object }) => ({ at: firedAt, object }))
        .toArray(),
  };

  readonly keyValues: KeyValues = {
    read: async (name) => this.#kept.get(name) ?? null,
    write: async (name, value) => {
      this.#kept.set(name, value);
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open, so there is nothing to release.
  }

  #commit(commit: Commit): Committed {
    const isKnown = (id: string): boolean =>
      this.#deliveries.find(id) !== undefined || this.#ledger.has(id);
    const existing = new Set(commit.deliveries.map(({ id }) => id).filter(isKnown));
    const fresh = commit.deliveries.filter(({ id }) => !existing.has(id));
    if (fresh.length > 0) {
      // Settled deliveries are deleted to make room for new ones.
      while (this.#isFull && this.#deliveries.forgetOldest());
      if (this.#isFull) return { done: false, usage: this.#usage };
    }
    // A batch never has a delivery twice; if it did, the first one would count.
    for (const delivery of fresh) if (!isKnown(delivery.id)) this.#deliveries.add(delivery);
    for (const decision of commit.decisions) {
      if (!existing.has(decision.id)) this.#deliveries.addDecision(decision);
    }
    for (const entry of commit.ledger) this.#ledger.write(entry);
    for (const seen of commit.seen) this.#ledger.markSeen(seen);
    for (const gone of commit.gone) this.#ledger.markGone(gone, commit.readMs);
    for (const listed of commit.listed) this.#ledger.markListed(listed, commit.readMs);
    for (const [source, moved] of commit.positions) this.#positions.write(source, moved);
    this.#addGaps(commit.gaps);
    return { done: true, existing, usage: this.#usage };
  }

  #addGaps(gaps: readonly Gap[]): void {
    this.#gaps.push(...gaps);
    this.#gaps.splice(0, this.#gaps.length - GAPS_KEPT);
  }

  #paths(): readonly string[] {
    return [...new Set([...this.#positions.paths, ...this.#ledger.paths])];
  }

  get #usage(): StoreUsage {
    return { bytes: this.#deliveries.bytes, maxBytes: this.#maxBytes };
  }

  get #isFull(): boolean {
    return this.#maxBytes > 0 && this.#deliveries.bytes >= this.#maxBytes;
  }

  /** Checks whether its start took a token; a delivery that was only held took none. */
  #isSpent(id: string): boolean {
    const head = this.#deliveries.find(id)?.head;
    return head === undefined || !isOnlyHeld(head);
  }

  #attempt(id: string, started: Pick<Attempt, 'incarnation' | 'at'>): ActAnswer {
    const before = this.#deliveries.find(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== started.incarnation) {
      return conflict(before);
    }
    const number = before.head.attempts.length + 1;
    const attempt: Attempt = { number, ...started, outcome: null, durationMs: null };
    const attempts = [...before.head.attempts, attempt];
    return { done: true, delivery: this.#deliveries.replace(before, { attempts }, started.at) };
  }

  #settle({ id, incarnation, outcome, durationMs, next, now }: Settlement): ActAnswer {
    const before = this.#deliveries.find(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== incarnation) {
      return conflict(before);
    }
    const attempts = before.head.attempts.map((attempt) =>
      attempt.outcome === null && attempt.incarnation === incarnation
        ? { ...attempt, outcome, durationMs }
        : attempt,
    );
    this.#claims.delete(id);
    const changes = { ...next, attempts, deaths: 0 };
    return { done: true, delivery: this.#deliveries.replace(before, changes, now) };
  }

  #change({ id, from, next, isRetry, now }: StateChange): ActAnswer {
    const before = this.#deliveries.find(id);
    if (before === undefined || !from.includes(before.head.state)) {
      return conflict(before);
    }
    if (isOnlyHeld(before.head)) this.#ledger.refire(id, now);
    const retried = isRetry ? { retriedAt: now, deaths: 0 } : {};
    const changes = { ...next, ...retried };
    return { done: true, delivery: this.#deliveries.replace(before, changes, now) };
  }
}

function conflict(before: Packed | undefined): ActAnswer {
  return { done: false, state: before?.head.state ?? null };
}

/** The kind `memory`. */
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

interface StoredPosition {
  readonly position: Position;
  /** When its path was retired, on the clock of the retention, ms; null while it is read. */
  readonly retiredAt: number | null;
}

/** Stores positions in memory. A retired path resumes from its position until a sweep. */
class MemoryPositions {
  /** Source → watch path. */
  readonly #sources = new Map<string, Map<string, StoredPosition>>();

  /** The positions of a source, including retired paths. */
  of(source: string): Positions {
    const kept = [...(this.#sources.get(source) ?? [])];
    return new Map(kept.map(([path, { position }]) => [path, position]));
  }

  all(): ReadonlyMap<string, Positions> {
    return new Map([...this.#sources.keys()].map((source) => [source, this.of(source)]));
  }

  /** Stores positions. Their paths are read, so they are not retired. */
  write(source: string, positions: Positions): void {
    const kept = this.#sources.get(source) ?? new Map<string, StoredPosition>();
    for (const [path, position] of positions) kept.set(path, { position, retiredAt: null });
    if (kept.size > 0) this.#sources.set(source, kept);
  }

  retire(path: string, readMs: number): void {
    for (const paths of this.#sources.values()) {
      const kept = paths.get(path);
      if (kept?.retiredAt === null) paths.set(path, { ...kept, retiredAt: readMs });
    }
  }

  clear(): void {
    this.#sources.clear();
  }

  sweep(retiredBefore: number): void {
    for (const paths of this.#sources.values()) {
      for (const [path, { retiredAt }] of paths) {
        if (retiredAt !== null && retiredAt < retiredBefore) paths.delete(path);
      }
    }
  }

  /** The paths that are not retired. */
  get paths(): readonly string[] {
    const all = [...this.#sources.values()].flatMap((paths) => [...paths]);
    return all.filter(([, { retiredAt }]) => retiredAt === null).map(([path]) => path);
  }
}
