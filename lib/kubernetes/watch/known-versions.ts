// Versions read of one watch path: its position, and the last resourceVersion of each object that
// exists. It decides, without I/O, whether a frame or an item is a new state. At the end are the
// batches that carry new states to the reader's consumer.
//
// Versions are kept per object because a LIST can overtake the stream. Its position says nothing
// about frames on their way: an object that changed and was deleted before the LIST is on no page.
// So a frame is dropped only if the same object was read at an equal or newer version.

import type { JsonObject } from '../../core/json-object.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Gap, Position } from '../../core/ports/source.ts';

/** One state of an object. */
export interface ReadState {
  readonly key: string;
  readonly resourceVersion: string;
  /** Number of writes that it represents; 1 if its kind does not count them. */
  readonly count: number;
}

/** Versions and position of one watch path. Memory: one entry for each object in the cluster. */
export class KnownVersions {
  #position: Position | null;
  readonly #versions = new Map<string, string>();
  /** Counts above 1, which are few. */
  readonly #counts = new Map<string, number>();
  /** Versions of deleted objects, while a stream may still bring an older state. */
  readonly #gone = new Map<string, string>();
  /** Keys of a store that was replaced: deleted unless the next complete list shows them. */
  readonly #replaced = new Set<string>();
  #shown = new Set<string>();
  #isListed = false;

  constructor(position: Position | null) {
    this.#position = position;
  }

  /** Position of the path; null before the first complete list. */
  get position(): Position | null {
    return this.#position;
  }

  /** Number of objects that exist. */
  get size(): number {
    return this.#versions.size;
  }

  /** Whether this state or a newer one of the same object was read before. */
  wasRead(key: string, resourceVersion: string): boolean {
    const last = this.#versions.get(key) ?? this.#lastOfGone(key);
    return last !== undefined && compareVersions(last, resourceVersion) >= 0;
  }

  /** Records a state; false if it or a newer one was read before. */
  record({ key, resourceVersion, count }: ReadState): boolean {
    if (this.wasRead(key, resourceVersion)) return false;
    this.#versions.set(key, resourceVersion);
    if (count > 1) this.#counts.set(key, count);
    else if (this.#counts.size > 0) this.#counts.delete(key);
    if (this.#gone.size > 0) this.#gone.delete(key);
    return true;
  }

  /** Number of writes that the last state represents; 0 if the object is not known. */
  countOf(key: string): number {
    return this.#versions.has(key) ? (this.#counts.get(key) ?? 1) : 0;
  }

  /** Records a deletion; false if a newer state was read before. */
  recordDeletion(key: string, resourceVersion: string): boolean {
    if (this.wasRead(key, resourceVersion)) return false;
    this.#forget(key, resourceVersion);
    return true;
  }

  #forget(key: string, resourceVersion: string): void {
    this.#versions.delete(key);
    this.#counts.delete(key);
    this.#gone.set(key, resourceVersion);
  }

  // Usually no object was deleted recently, and this runs for each frame.
  #lastOfGone(key: string): string | undefined {
    return this.#gone.size === 0 ? undefined : this.#gone.get(key);
  }

  /** Moves the position forward; an older one is ignored. */
  moveTo(position: Position): void {
    const now = this.#position?.resourceVersion;
    if (now !== undefined && compareVersions(position.resourceVersion, now) < 0) return;
    this.#position = position;
  }

  /** Begins a list; pages of an unfinished list are void. */
  beginList(): void {
    this.#shown = new Set();
  }

  /** Records that a page of the current list showed this object. */
  markListed(key: string): void {
    this.#shown.add(key);
  }

  /** Ends a complete list and returns its conclusions: deleted keys, and all keys of the first one. */
  endList(resourceVersion: string): Pick<ReaderBatch, 'gone' | 'listed'> {
    const there = this.#shown;
    this.#shown = new Set();
    // A stream that is ahead of the list brought these deletions.
    for (const key of this.#gone.keys()) there.delete(key);
    const gone = [...this.#replaced].filter((key) => !there.has(key));
    this.#replaced.clear();
    for (const [key, version] of this.#versions) {
      if (there.has(key)) continue;
      // An object read at a newer version than the list's cannot be in the list.
      if (compareVersions(version, resourceVersion) > 0) {
        there.add(key);
        continue;
      }
      gone.push(key);
      // A stream that is behind may still bring this very state, which was read.
      this.#forget(key, version);
    }
    const isFirst = !this.#isListed;
    this.#isListed = true;
    return { gone, listed: isFirst ? there : null };
  }

  /** Forgets deletions that no stream from the position on can contradict. */
  pruneDeleted(): void {
    const at = this.#position?.resourceVersion;
    if (at === undefined) return;
    for (const [key, version] of this.#gone) {
      if (compareVersions(version, at) <= 0) this.#gone.delete(key);
    }
  }

  /** Forgets all but the keys, because the store of the server was replaced. */
  reset(): void {
    for (const key of this.#versions.keys()) this.#replaced.add(key);
    this.#versions.clear();
    this.#counts.clear();
    this.#gone.clear();
    this.#position = null;
  }
}

interface VersionChange {
  /** MODIFIED does not mean "seen before", nor ADDED "first": see how Events are recorded. */
  readonly type: 'ADDED' | 'MODIFIED';
  readonly object: JsonObject;
  /** `namespace/name`. */
  readonly key: string;
  readonly from: 'watch' | 'list';
  /** Time of the read by the server's wall clock, in ms since 1970. */
  readonly readAt: number;
}

/** Changes since the previous batch. */
export interface ReaderBatch {
  readonly changes: readonly VersionChange[];
  /** Keys (`namespace/name`) that no longer exist after the changes above. */
  readonly gone: readonly string[];
  /**
   * All keys that exist, with the first complete list of this process; else null, because the set is
   * as big as the list.
   */
  readonly listed: ReadonlySet<string> | null;
  /** Position after all of it; null if it did not move. */
  readonly position: Position | null;
  readonly gaps: readonly Gap[];
}

/** Collects a batch; a key that returns is no longer deleted. */
export class BatchDraft {
  readonly gone = new Set<string>();
  readonly gaps: Gap[] = [];
  readonly #changes: VersionChange[] = [];

  change(change: VersionChange): void {
    if (this.gone.size > 0) this.gone.delete(change.key);
    this.#changes.push(change);
  }

  /** The batch so far, with the position after it. */
  finish(position: Position | null): ReaderBatch {
    const { gaps } = this;
    return { changes: this.#changes, gone: [...this.gone], listed: null, position, gaps };
  }
}

/** Whether a batch says nothing at all. */
export function isEmptyBatch(batch: ReaderBatch): boolean {
  return batch.listed === null && batch.position === null && !hasNews(batch);
}

/** Whether a batch says more than a position. */
export function hasNews({ changes, gone, gaps }: ReaderBatch): boolean {
  return changes.length + gone.length + gaps.length > 0;
}

/** A batch of a position alone, with the gaps before it. */
export function positionBatch(position: Position | null, gaps: readonly Gap[] = []): ReaderBatch {
  return { changes: [], gone: [], listed: null, position, gaps };
}
