// The ledger of the memory store: the series that were started, found by key, by delivery id and by
// Event. Only a sweep deletes entries; there is no bound on their number.

import type { CompleteList, PathKey } from '../core/ports/source.ts';
import type { LedgerEntry, Retirement } from '../core/ports/store.ts';
import { successorOf } from './store-kind.ts';

interface LedgerRecord {
  entry: LedgerEntry;
  /** When the Event was deleted, on the clock of the retention, ms; null while it exists. */
  goneAt: number | null;
}

const NONE: readonly string[] = [];

/** Stores ledger entries in memory. */
export class MemoryLedger {
  readonly #byKey = new Map<string, LedgerRecord>();
  /** Delivery id → key of its entry. */
  readonly #ids = new Map<string, string>();
  /** Watch path → the Event's `namespace/name` → keys of its entries. */
  readonly #byEvent = new Map<string, Map<string, Set<string>>>();
  readonly #retired = new Set<string>();

  /** Checks whether an entry may have this ledger key or be of an Event with this key. */
  mayKnow(key: string): boolean {
    return this.#byKey.has(key) || [...this.#byEvent.values()].some((events) => events.has(key));
  }

  lookup(keys: readonly string[]): ReadonlyMap<string, LedgerEntry> {
    const found = keys.flatMap((key) => this.#byKey.get(key) ?? []);
    return new Map(found.map(({ entry }) => [entry.key, entry]));
  }

  /** Stores a complete entry. A state of its Event was read, so the Event exists. */
  write(written: LedgerEntry, goneAt: number | null = null): void {
    const before = this.#byKey.get(written.key);
    if (before !== undefined) this.#forgetPlace(before.entry);
    const firedAt = Math.max(written.firedAt, before?.entry.firedAt ?? 0);
    const entry = { ...written, firedAt };
    this.#retired.delete(entry.path);
    this.#ids.set(entry.id, entry.key);
    this.#byKey.set(entry.key, { entry, goneAt });
    const events = this.#byEvent.get(entry.path) ?? new Map<string, Set<string>>();
    this.#byEvent.set(entry.path, events);
    const keys = events.get(entry.eventKey) ?? new Set<string>();
    events.set(entry.eventKey, keys.add(entry.key));
  }

  /** Marks an Event as existing, because a state of it was read. */
  markSeen(seen: PathKey): void {
    for (const kept of this.#recordsOf(seen)) kept.goneAt = null;
  }

  /** Marks an Event as deleted: the retention of its entries begins. */
  markGone(gone: PathKey, now: number): void {
    for (const kept of this.#recordsOf(gone)) kept.goneAt ??= now;
  }

  /** Marks all other Events of a path as deleted. */
  markListed({ path, keys }: CompleteList, now: number): void {
    for (const key of this.#byEvent.get(path)?.keys() ?? NONE) {
      if (!keys.has(key)) this.markGone({ path, key }, now);
    }
  }

  /** Moves the entries of a path to its successors; the retention of the others begins. */
  retire({ path, successors, readMs }: Retirement): void {
    this.#retired.add(path);
    for (const eventKey of [...(this.#byEvent.get(path)?.keys() ?? NONE)]) {
      const successor = successorOf(successors, eventKey);
      if (successor === undefined) this.markGone({ path, key: eventKey }, readMs);
      else if (successor !== path) {
        for (const { entry, goneAt } of this.#recordsOf({ path, key: eventKey })) {
          this.write({ ...entry, path: successor }, goneAt);
        }
      }
    }
  }

  /** The watch paths of all entries, except retired paths. */
  get paths(): readonly string[] {
    return [...this.#byEvent.keys()].filter((path) => !this.#retired.has(path));
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  entries(): IteratorObject<LedgerEntry> {
    return this.#byKey.values().map(({ entry }) => entry);
  }

  /** Sets the start of the entry with this delivery id, at the release of a held delivery. */
  refire(id: string, firedAt: number): void {
    const kept = this.#byKey.get(this.#ids.get(id) ?? '');
    if (kept !== undefined) kept.entry = { ...kept.entry, firedAt };
  }

  /** Deletes entries whose Event was deleted before a moment, and returns their number. */
  sweep(
    { goneBefore, unread }: { readonly goneBefore: number; readonly unread: readonly string[] },
    isUnsettled: (id: string) => boolean,
  ): number {
    let forgotten = 0;
    for (const [key, { entry, goneAt }] of this.#byKey) {
      if (goneAt === null || goneAt >= goneBefore || isUnsettled(entry.id)) continue;
      if (unread.includes(entry.path)) continue;
      this.#byKey.delete(key);
      this.#forgetPlace(entry);
      forgotten += 1;
    }
    return forgotten;
  }

  #recordsOf({ path, key }: PathKey): readonly LedgerRecord[] {
    const keys = this.#byEvent.get(path)?.get(key) ?? NONE;
    return [...keys].flatMap((one) => this.#byKey.get(one) ?? []);
  }

  #forgetPlace({ path, eventKey, key, id }: LedgerEntry): void {
    this.#ids.delete(id);
    const events = this.#byEvent.get(path);
    const keys = events?.get(eventKey);
    keys?.delete(key);
    if (keys?.size === 0) events?.delete(eventKey);
    if (events?.size === 0) this.#byEvent.delete(path);
  }
}
