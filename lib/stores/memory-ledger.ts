// The ledger of the memory store: what has been started, found by its key and by the Event it came
// from. It forgets only what the sweep says, never by count.
import type { Gone } from '../core/source.ts';
import type { LedgerEntry } from '../core/store.ts';

interface Kept {
  readonly entry: LedgerEntry;
  /** Wall clock, ms; null while the Event is there. */
  goneAt: number | null;
}

const NONE: readonly string[] = [];

/** Ledger entries in memory. */
export class MemoryLedger {
  readonly #byKey = new Map<string, Kept>();
  /** Watch path → the Event's `namespace/name` → keys of its entries. */
  readonly #byEvent = new Map<string, Map<string, Set<string>>>();

  /** The entries for these keys; a key with none is absent. */
  lookup(keys: readonly string[]): ReadonlyMap<string, LedgerEntry> {
    const found = new Map<string, LedgerEntry>();
    for (const key of keys) {
      const kept = this.#byKey.get(key);
      if (kept !== undefined) found.set(key, kept.entry);
    }
    return found;
  }

  /** Stores an entry whole; a state of its Event was read, so it is not gone. */
  write(entry: LedgerEntry): void {
    const before = this.#byKey.get(entry.key);
    if (before !== undefined) this.#forgetPlace(before.entry);
    this.#byKey.set(entry.key, { entry, goneAt: null });
    const events = this.#byEvent.get(entry.path) ?? new Map<string, Set<string>>();
    this.#byEvent.set(entry.path, events);
    const keys = events.get(entry.eventKey);
    if (keys === undefined) events.set(entry.eventKey, new Set([entry.key]));
    else keys.add(entry.key);
  }

  /** Notes that an Event is there: a state of it was read. */
  markSeen(seen: Gone): void {
    for (const key of this.#keysOf(seen)) {
      const kept = this.#byKey.get(key);
      if (kept !== undefined) kept.goneAt = null;
    }
  }

  /** Notes that an Event is no longer there: its entries' retention begins. */
  markGone(gone: Gone, now: number): void {
    for (const key of this.#keysOf(gone)) {
      const kept = this.#byKey.get(key);
      if (kept !== undefined) kept.goneAt ??= now;
    }
  }

  /** Forgets entries that went before a moment and that nobody needs; answers how many. */
  sweep(goneBefore: number, isUnsettled: (id: string) => boolean): number {
    let forgotten = 0;
    for (const [key, { entry, goneAt }] of this.#byKey) {
      if (goneAt === null || goneAt >= goneBefore || isUnsettled(entry.id)) continue;
      this.#byKey.delete(key);
      this.#forgetPlace(entry);
      forgotten += 1;
    }
    return forgotten;
  }

  #keysOf({ path, key }: Gone): Iterable<string> {
    return this.#byEvent.get(path)?.get(key) ?? NONE;
  }

  #forgetPlace({ path, eventKey, key }: LedgerEntry): void {
    const events = this.#byEvent.get(path);
    const keys = events?.get(eventKey);
    keys?.delete(key);
    if (keys?.size === 0) events?.delete(eventKey);
    if (events?.size === 0) this.#byEvent.delete(path);
  }
}
