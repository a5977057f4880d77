// The memory store: everything a store promises but surviving the process. Specs, `explain` and the
// demo use it; it is also the first thing the conformance suite runs over.

import { type Attempt, isOnlyHeld } from '../core/delivery.ts';
import type { Kind } from '../core/kind.ts';
import type { Gap, Position, Positions } from '../core/source.ts';
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
} from '../core/store.ts';
import { MemoryDeliveries, unpacked } from './memory-deliveries.ts';
import { MemoryLedger } from './memory-ledger.ts';
import type { StoreParts } from './store-kind.ts';

/** The section `memory:` of the configuration; it has no settings. */
type MemorySection = Readonly<Record<string, never>>;

/** Gaps kept for those who ask. */
const GAPS_KEPT = 1_000;

/** A store that lives as long as its process. */
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
    // A process begins with an empty memory: nothing was running.
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
      this.#keepGaps(gaps);
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
      return kept === undefined ? null : unpacked(kept);
    },
    counts: async () => this.#deliveries.counts(),
    usage: async () => this.#usage,
    gaps: async (limit) => this.#gaps.slice(-limit).reverse(),
    firedSince: async (since) =>
      [...this.#ledger.entries()]
        .filter(({ firedAt, id }) => firedAt >= since && this.#isSpent(id))
        .map(({ firedAt, object }) => ({ at: firedAt, object })),
  };

  readonly keep: KeyValues = {
    read: async (name) => this.#kept.get(name) ?? null,
    write: async (name, value) => {
      this.#kept.set(name, value);
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing outlives the process and nothing is open: there is nothing to give back.
  }

  #commit(commit: Commit): Committed {
    const isKnown = (id: string): boolean =>
      this.#deliveries.find(id) !== undefined || this.#ledger.has(id);
    const existing = new Set(commit.deliveries.map(({ id }) => id).filter(isKnown));
    const fresh = commit.deliveries.filter(({ id }) => !existing.has(id));
    if (fresh.length > 0) {
      // What is settled gives way to what is new.
      while (this.#isFull && this.#deliveries.forgetOldest());
      if (this.#isFull) return { done: false, usage: this.#usage };
    }
    // A batch never has the same delivery twice; should it, the first one counts.
    for (const delivery of fresh) if (!isKnown(delivery.id)) this.#deliveries.add(delivery);
    for (const decision of commit.decisions) {
      if (!existing.has(decision.id)) this.#deliveries.explain(decision);
    }
    for (const entry of commit.ledger) this.#ledger.write(entry);
    for (const seen of commit.seen) this.#ledger.markSeen(seen);
    for (const gone of commit.gone) this.#ledger.markGone(gone, commit.readMs);
    for (const listed of commit.listed) this.#ledger.markListed(listed, commit.readMs);
    for (const [source, moved] of commit.positions) this.#positions.write(source, moved);
    this.#keepGaps(commit.gaps);
    return { done: true, existing, usage: this.#usage };
  }

  #keepGaps(gaps: readonly Gap[]): void {
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

  /** Whether its start took a token: nothing that is or was only held did. */
  #isSpent(id: string): boolean {
    const head = this.#deliveries.find(id)?.head;
    return head === undefined || !isOnlyHeld(head);
  }

  #attempt(id: string, started: Pick<Attempt, 'incarnation' | 'at'>): ActAnswer {
    const before = this.#deliveries.find(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== started.incarnation) {
      return { done: false, state: before?.head.state ?? null };
    }
    const number = before.head.attempts.length + 1;
    const attempt: Attempt = { number, ...started, outcome: null, durationMs: null };
    const attempts = [...before.head.attempts, attempt];
    return { done: true, delivery: this.#deliveries.replace(before, { attempts }, started.at) };
  }

  #settle({ id, incarnation, outcome, durationMs, next, now }: Settlement): ActAnswer {
    const before = this.#deliveries.find(id);
    if (before?.head.state !== 'running' || this.#claims.get(id) !== incarnation) {
      return { done: false, state: before?.head.state ?? null };
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
      return { done: false, state: before?.head.state ?? null };
    }
    if (isOnlyHeld(before.head)) this.#ledger.refire(id, now);
    const asked = isRetry ? { retriedAt: now, deaths: 0 } : {};
    const changes = { ...next, ...asked };
    return { done: true, delivery: this.#deliveries.replace(before, changes, now) };
  }
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

// How far each source has been read, path by path. What is no longer read stays until a sweep, so
// that a path that comes back goes on from there.

interface StoredDecision {
  readonly position: Position;
  /** On the clock of the retention, ms; null while the path is read. */
  readonly retiredAt: number | null;
}

/** Positions in memory. */
class MemoryPositions {
  /** Source → watch path. */
  readonly #sources = new Map<string, Map<string, StoredDecision>>();

  /** Those of a source, also on paths that were retired. */
  of(source: string): Positions {
    const kept = [...(this.#sources.get(source) ?? [])];
    return new Map(kept.map(([path, { position }]) => [path, position]));
  }

  /** Those of every source. */
  all(): ReadonlyMap<string, Positions> {
    return new Map([...this.#sources.keys()].map((source) => [source, this.of(source)]));
  }

  /** Stores some; their paths are read. */
  write(source: string, positions: Positions): void {
    const kept = this.#sources.get(source) ?? new Map<string, StoredDecision>();
    for (const [path, position] of positions) kept.set(path, { position, retiredAt: null });
    if (kept.size > 0) this.#sources.set(source, kept);
  }

  /** A path is no longer read. */
  retire(path: string, readMs: number): void {
    for (const paths of this.#sources.values()) {
      const kept = paths.get(path);
      if (kept?.retiredAt === null) paths.set(path, { ...kept, retiredAt: readMs });
    }
  }

  /** Drops all of them. */
  clear(): void {
    this.#sources.clear();
  }

  /** Forgets those that were retired before a moment. */
  sweep(before: number): void {
    for (const paths of this.#sources.values()) {
      for (const [path, { retiredAt }] of paths) {
        if (retiredAt !== null && retiredAt < before) paths.delete(path);
      }
    }
  }

  /** The paths that are read. */
  get paths(): readonly string[] {
    const all = [...this.#sources.values()].flatMap((paths) => [...paths]);
    return all.filter(([, { retiredAt }]) => retiredAt === null).map(([path]) => path);
  }
}
