// What a gap lost, as far as the ledger can tell. Whoever reads knows only that everything there is
// was listed; that a series went on meanwhile, unseen, shows where the ledger knows its last count.
// Source: the three kinds of gaps, docs/guarantees.md.

import type { Occurrence } from '../core/occurrence.ts';
import type { Batch, Gap } from '../core/source.ts';
import type { LedgerEntry } from '../core/store.ts';

/** Remembers, while a path is listed, how many of its series were written more than once. */
export class GapLoss {
  /** By watch path, since its position moved last. */
  readonly #hidden = new Map<string, Set<string>>();

  /** Takes note of an occurrence that has an entry in the ledger. */
  note({ from, path, key, count }: Occurrence, entry: LedgerEntry): void {
    if (from !== 'list' || count - entry.lastCount <= 1) return;
    const hidden = this.#hidden.get(path) ?? new Set();
    this.#hidden.set(path, hidden.add(key));
  }

  /** The gaps of a batch, as its list and the ledger show them together. */
  weigh({ gaps, positions }: Batch): readonly Gap[] {
    const weighed = gaps.map((gap) => this.#weigh(gap));
    // The position moves with the last page: what comes then is another list.
    for (const path of positions.keys()) this.#hidden.delete(path);
    return weighed;
  }

  #weigh(gap: Gap): Gap {
    const hidden = this.#hidden.get(gap.path)?.size ?? 0;
    if (gap.loss !== 'none' || hidden === 0) return gap;
    const why = `${gap.why}; ${hidden} of the series started before were written more than once`;
    return { ...gap, loss: 'coalesced', why };
  }
}
