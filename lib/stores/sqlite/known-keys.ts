// The keys of the ledger on this side of the thread, so that what it certainly does not have is never
// asked for. They are read once, piece by piece, when somebody asks first; until all are here every
// key may be one of them.

import type { LedgerEntry } from '../../core/store.ts';
import { hashesOf, KeyFilter } from '../../kit/key-filter.ts';
import type { LedgerKeys } from './messages.ts';

/** The keys of the ledger, and of the Events that its entries came from. */
export class KnownKeys {
  readonly #read: (after: number) => Promise<LedgerKeys>;
  readonly #filter = new KeyFilter();
  #isComplete = false;
  #isReading = false;

  /** `read` answers the piece behind an entry. */
  constructor(read: (after: number) => Promise<LedgerKeys>) {
    this.#read = read;
  }

  /** Whether the ledger may have this key; false is certain. */
  mayHave(key: string): boolean {
    if (this.#isComplete) return this.#filter.mayHave(hashesOf(key));
    if (!this.#isReading) void this.#readAll();
    return true;
  }

  /** An entry is about to be stored. */
  add({ key, eventKey }: Pick<LedgerEntry, 'key' | 'eventKey'>): void {
    this.#filter.add(hashesOf(key));
    this.#filter.add(hashesOf(eventKey));
  }

  /** A store that fails, or is closed, leaves it incomplete: then every key may be known. */
  async #readAll(): Promise<void> {
    this.#isReading = true;
    try {
      for (let after: number | null = 0; after !== null; ) {
        const { hashes, next }: LedgerKeys = await this.#read(after);
        for (let at = 0; at < hashes.length; at += 2) {
          this.#filter.add({ first: hashes[at] ?? 0, second: hashes[at + 1] ?? 0 });
        }
        after = next;
      }
      this.#isComplete = true;
    } catch {
      // The call that matters fails as well and says so; the next question reads again.
      this.#isReading = false;
    }
  }
}
