// The ledger of the memory store: what has been started, found by its key and by the Event it came
// from. It forgets only what the sweep says, never by count.
import type { Gone } from '../core/source.ts';
import type { LedgerEntry } from '../core/store.ts';

interface Kept {
  readonly entry: LedgerEntry;
  /** Wall clock, ms; null while the Event is there. */
  goneAt: number | null;
}

/** Ledger entries in memory. */
export class MemoryLedger {
  readonly #byKey = new Map<string, Kept>();
  readonly #byEvent = new Map<string, Set<string>>();

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
    const place = eventPlace(entry.path, entry.eventKey);
    const keys = this.#byEvent.get(place);
    if (keys === undefined) this.#byEvent.set(place, new Set([entry.key]));
    else keys.add(entry.key);
  }

  /** Notes that an Event is there: a state of it was read. */
  markSeen(seen: Gone): void {
    if (this.#byEvent.size === 0) return;
    for (const key of this.#byEvent.get(eventPlace(seen.path, seen.key)) ?? []) {
      const kept = this.#byKey.get(key);
      if (kept !== undefined) kept.goneAt = null;
    }
  }

  /** Notes that an Event is no longer there: its entries' retention begins. */
  markGone(gone: Gone, now: number): void {
    for (const key of this.#byEvent.get(eventPlace(gone.path, gone.key)) ?? []) {
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

  #forgetPlace(entry: LedgerEntry): void {
    const place = eventPlace(entry.path, entry.eventKey);
    const keys = this.#byEvent.get(place);
    keys?.delete(entry.key);
    if (keys?.size === 0) this.#byEvent.delete(place);
  }
}

function eventPlace(path: string, eventKey: string): string {
  return `${path} ${eventKey}`;
}
