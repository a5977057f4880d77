// What a reader yields: states that were not read before, keys that went, and how far it is now.

import type { JsonObject } from '../core/event.ts';
import type { Gap, Position } from '../core/source.ts';

/** One state of an object that was not read before. */
export interface Change {
  /** MODIFIED does not mean "seen before", and ADDED not "first": see facts on Events' recorders. */
  readonly type: 'ADDED' | 'MODIFIED';
  readonly object: JsonObject;
  /** `namespace/name`. */
  readonly key: string;
  readonly from: 'watch' | 'list';
  /** The server's wall clock, ms since 1970. */
  readonly readAt: number;
}

/** What was read since the last batch. */
export interface ReaderBatch {
  readonly changes: readonly Change[];
  /** Keys (`namespace/name`) that are no longer there after the changes above. */
  readonly gone: readonly string[];
  /** Every key that is there, of the first complete list in this life; null at all other times. */
  readonly listed: ReadonlySet<string> | null;
  /** The position after all of it; null where it did not move. */
  readonly position: Position | null;
  readonly gaps: readonly Gap[];
}

/** Collects a batch; a key that comes back is no longer gone. */
export class BatchDraft {
  readonly #changes: Change[] = [];
  readonly #gone = new Set<string>();
  readonly #gaps: Gap[] = [];

  /** Adds a state of an object. */
  change(change: Change): void {
    if (this.#gone.size > 0) this.#gone.delete(change.key);
    this.#changes.push(change);
  }

  /** Adds a key that went. */
  gone(key: string): void {
    this.#gone.add(key);
  }

  /** Adds a span that could not be read. */
  gap(gap: Gap): void {
    this.#gaps.push(gap);
  }

  /** The batch so far, with the position after it. */
  finish(position: Position | null): ReaderBatch {
    const [changes, gone, gaps] = [this.#changes, [...this.#gone], this.#gaps];
    return { changes, gone, listed: null, position, gaps };
  }
}

/** Whether a batch says anything at all. */
export function isEmptyBatch(batch: ReaderBatch): boolean {
  const { changes, gone, listed, position, gaps } = batch;
  const isStill = listed === null && position === null;
  return isStill && changes.length === 0 && gone.length === 0 && gaps.length === 0;
}

/** Whether a batch says more than where the reading stands. */
export function hasNews({ changes, gone, gaps }: ReaderBatch): boolean {
  return changes.length + gone.length + gaps.length > 0;
}

/** A batch that says nothing but where the reading stands, and what is missing up to there. */
export function positionBatch(position: Position | null, gaps: readonly Gap[] = []): ReaderBatch {
  return { changes: [], gone: [], listed: null, position, gaps };
}
