// How often each rule decided since the start, and when last. It stands on the path of every Event.

import type { Chain } from '../filters/chain.ts';

/** How often a rule decided. */
export interface Hits {
  readonly hits: number;
  /** Wall clock, ms since 1970; null where it never did. */
  readonly lastAt: number | null;
}

/** Counts decisions by rule; the last place is the default rejection's. */
export class HitCounter {
  readonly #hits: Float64Array;
  readonly #lastAts: Float64Array;

  constructor(chain: Chain) {
    this.#hits = new Float64Array(chain.rules.length + 1);
    this.#lastAts = new Float64Array(chain.rules.length + 1);
  }

  /** One more for the rule at this place of the file; null is the default rejection. */
  hit(index: number | null, at: number): void {
    const place = index ?? this.#hits.length - 1;
    this.#hits[place] = (this.#hits[place] ?? 0) + 1;
    this.#lastAts[place] = at;
  }

  /** How often the rule at this place decided; null is the default rejection. */
  of(index: number | null): Hits {
    const place = index ?? this.#hits.length - 1;
    const hits = this.#hits[place] ?? 0;
    return { hits, lastAt: hits === 0 ? null : (this.#lastAts[place] ?? null) };
  }
}
