// How long ago it was certain that everything of a watch path had been read. A quiet path and a dead
// connection look alike, so this is proved, not assumed: by what a stream brings, by the silence of
// one that was just opened, by a complete list. It reports when the last proof is long ago. What
// makes a proof is watch-session.ts and reader.ts.

import type { Clock } from '../../core/clock.ts';
import type { Observe } from '../../core/observation.ts';

/** Whose freshness it is, and where it is reported. */
interface FreshnessParts {
  readonly source: string;
  readonly path: string;
  readonly clock: Clock;
  readonly observe: Observe;
}

/**
 * When it is reported that the last proof is old. A quiet path is proved every 40 s: a stream that
 * is silent for 35 s is opened again, and its silence proves after 5 s.
 */
const STALE_MS = [45_000, 60_000] as const;

/** Follows the last proof for one watch path. Times are monotonic, in ms. */
export class Freshness implements Disposable {
  readonly #parts: FreshnessParts;
  #provedAt: number;
  /** Since when the batch is held by the consumer; null while it is not. */
  #heldAt: number | null = null;
  #isDoubted = true;
  #reports = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    this.#provedAt = parts.clock.monotonic();
    this.#schedule();
  }

  /** Everything up to a moment was read; the moment is now unless it is given. */
  prove(at: number = this.#parts.clock.monotonic()): void {
    this.#provedAt = Math.max(this.#provedAt, at);
    if (!this.#isDoubted) return;
    const { source, path, observe } = this.#parts;
    this.#isDoubted = false;
    this.#reports = 0;
    this.#schedule();
    observe({ kind: 'path-current', source, path });
  }

  /** A stream begins or ended: whether everything is read has to be proved again. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** The consumer works on a batch: meanwhile nothing can be read, and that is its own affair. */
  hold(): void {
    this.#heldAt = this.#parts.clock.monotonic();
  }

  /** The consumer asks for the next batch. */
  release(): void {
    if (this.#heldAt !== null) this.#provedAt += this.#parts.clock.monotonic() - this.#heldAt;
    this.#heldAt = null;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel();
    const limitMs = STALE_MS[this.#reports];
    if (limitMs === undefined) return;
    const dueMs = Math.max(0, limitMs - this.#ageMs);
    // While a batch is held the age stands still.
    const waitMs = dueMs === 0 && this.#heldAt !== null ? limitMs : dueMs;
    this.#cancel = this.#parts.clock.after(waitMs, () => this.#look());
  }

  #look(): void {
    const { source, path, observe } = this.#parts;
    const limitMs = STALE_MS[this.#reports];
    if (limitMs !== undefined && this.#ageMs >= limitMs) {
      this.#reports += 1;
      this.#isDoubted = true;
      observe({ kind: 'path-stale', source, path, ageMs: Math.round(this.#ageMs) });
    }
    this.#schedule();
  }

  get #ageMs(): number {
    return (this.#heldAt ?? this.#parts.clock.monotonic()) - this.#provedAt;
  }
}
