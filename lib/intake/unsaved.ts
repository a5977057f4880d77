// What batches changed that start nothing: how far was read, entries of the ledger that repetitions
// moved, keys seen and gone. Nothing is lost if a crash takes it: the positions are as old as the rest,
// so the same states are read again. So it may ride with a later commit.

import type { Batch, Gone, Position, Positions } from '../core/source.ts';
import type { Commit, LedgerEntry } from '../core/store.ts';

/** What of a commit may be late. */
export type Late = Pick<Commit, 'positions' | 'ledger' | 'seen' | 'gone'>;

/** A key of a watch path, and whether it went after it was seen last. */
interface Key extends Gone {
  isGone: boolean;
}

/** Changes that are not stored yet. */
export class Unsaved {
  /** Source → watch path. */
  readonly #positions = new Map<string, Map<string, Position>>();
  readonly #ledger = new Map<string, LedgerEntry>();
  /** By key of the Event; it lies on more than one path where sources overlap. */
  readonly #keys = new Map<string, Key[]>();

  /** A copy that changes by itself. */
  copy(): Unsaved {
    const copy = new Unsaved();
    for (const [source, positions] of this.#positions) copy.#moveTo(source, positions);
    for (const entry of this.#ledger.values()) copy.#ledger.set(entry.key, entry);
    for (const keys of this.#keys.values()) for (const key of keys) copy.#note(key, key.isGone);
    return copy;
  }

  /**
   * Adds what a batch changed: entries of the ledger as they are after it, and of its keys those that
   * the ledger may know.
   */
  add(
    { source, positions, occurrences, gone }: Batch,
    ledger: Iterable<LedgerEntry>,
    mayKnow: (key: string) => boolean,
  ): void {
    if (positions.size > 0) this.#moveTo(source, positions);
    for (const entry of ledger) this.#ledger.set(entry.key, entry);
    for (const seen of occurrences) if (mayKnow(seen.key)) this.#note(seen, false);
    for (const one of gone) if (mayKnow(one.key)) this.#note(one, true);
  }

  /** The entry of the ledger under this key, where it was moved. */
  entry(key: string): LedgerEntry | undefined {
    return this.#ledger.get(key);
  }

  /** How many entries and keys there are: what makes it grow. */
  get size(): number {
    return this.#ledger.size + this.#keys.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#positions.size === 0;
  }

  /** All of it, as a commit has it. */
  get late(): Late {
    const keys = [...this.#keys.values()].flat();
    const keysThat = (areGone: boolean): readonly Gone[] =>
      keys.filter(({ isGone }) => isGone === areGone).map(({ path, key }) => ({ path, key }));
    return {
      positions: this.#positions,
      ledger: [...this.#ledger.values()],
      seen: keysThat(false),
      gone: keysThat(true),
    };
  }

  #moveTo(source: string, moved: Positions): void {
    const positions = this.#positions.get(source) ?? new Map<string, Position>();
    for (const [path, position] of moved) positions.set(path, position);
    this.#positions.set(source, positions);
  }

  #note({ path, key }: Gone, isGone: boolean): void {
    const keys = this.#keys.get(key) ?? [];
    const known = keys.find((one) => one.path === path);
    if (known !== undefined) known.isGone = isGone;
    else this.#keys.set(key, [...keys, { path, key, isGone }]);
  }
}
