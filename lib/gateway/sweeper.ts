// Forgets what can not be seen again: ledger entries whose Event has been gone for the retention,
// counted only while everything is read, and settled deliveries of long ago. Never by count.

import type { Clock } from '../core/clock.ts';
import type { Upkeep } from '../core/store.ts';

/** What the sweeper works with. */
export interface SweeperParts {
  readonly store: { readonly upkeep: Upkeep };
  readonly clock: Clock;
  /** The clock of the retention. */
  readonly readMs: () => number;
  /** Watch paths that are refused now: what they showed once is kept. */
  readonly unread: () => readonly string[];
  readonly retention: { readonly goneMs: number; readonly settledMs: number };
}

/** Often enough that memory stays near what the retention says, seldom enough to cost nothing. */
const EVERY_MS = 60_000;

/** Forgets what can not be seen again, once a minute. */
export class Sweeper {
  readonly #parts: SweeperParts;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.sweep();
      await clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Forgets once; answers how many ledger entries went. */
  sweep(): Promise<number> {
    const { clock, readMs, retention, store, unread } = this.#parts;
    return store.upkeep.sweep({
      goneBefore: readMs() - retention.goneMs,
      settledBefore: clock.now() - retention.settledMs,
      unread: unread(),
    });
  }
}
