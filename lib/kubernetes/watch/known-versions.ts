// Position of one watch path, and the versions that were read above it. It decides, without I/O,
// whether a frame or an item is a new state. At the end are the batches that carry new states to the
// reader's consumer.
//
// A stream brings everything in the order of its versions, so a frame that is not above the last one
// was read, and no version is kept for it. A LIST can overtake the stream: an object that changed
// and was deleted before the LIST is on no page. So the position of the LIST says nothing about
// frames on their way, and the version of each item above the stream is kept until the stream has
// passed it. Deletions are not found in memory: a list that follows a gap hands over its keys, and
// the store knows which others it has.

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

/** Last frame of an object that arrived while a list was on its way. */
interface Touched {
  readonly resourceVersion: string;
  readonly isGone: boolean;
}

/** Separates keys of a page that are kept as one text; no name of an object has it. */
const SEPARATOR = '\n';

/**
 * Versions and position of one watch path. Memory: the objects that a list showed above the stream,
 * until the stream has passed them. While a list is on its way also its keys.
 */
export class KnownVersions {
  #position: Position | null;
  /** Version up to which streams brought everything; null before the first stream. */
  #streamed: string | null;
  /** Versions read above `#streamed`. */
  readonly #ahead = new Map<string, string>();
  readonly #counts = new RecentCounts();
  /** Keys of the pages of the current list, one text a page: a third of the memory of a set. */
  #shown: string[] = [];
  /** Frames beside the current list; null if there is no list beside a stream. */
  #touched: Map<string, Touched> | null = null;
  #isListed = false;

  constructor(position: Position | null) {
    this.#position = position;
    this.#streamed = position?.resourceVersion ?? null;
  }

  /** Position of the path; null before the first complete list. */
  get position(): Position | null {
    return this.#position;
  }

  /** Number of objects whose versions are kept. */
  get size(): number {
    return this.#ahead.size;
  }

  /** Whether a list of this process was complete. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Whether this state or a newer one of the same object was read before. */
  wasRead(key: string, resourceVersion: string): boolean {
    if (isUpTo(resourceVersion, this.#streamed)) return true;
    const last = this.#ahead.size === 0 ? undefined : this.#ahead.get(key);
    return last !== undefined && isUpTo(resourceVersion, last);
  }

  /** Records a state of a frame, or its deletion with a count of 0; false if it or a newer one was read before. */
  recordFrame({ key, resourceVersion, count }: ReadState, isGone = false): boolean {
    if (this.wasRead(key, resourceVersion)) return false;
    this.#touched?.set(key, { resourceVersion, isGone });
    this.#counts.set(key, count);
    return true;
  }

  /** Records a wanted state that a page of the current list showed. */
  recordItem(key: string, resourceVersion: string): void {
    this.#ahead.set(key, resourceVersion);
  }

  /** Records the count of an item, unless a stream brought its object meanwhile. */
  recordCount({ key, resourceVersion, count }: ReadState): void {
    if (this.#touched === null || !this.wasRead(key, resourceVersion)) this.#counts.set(key, count);
  }

  /** Number of writes that the last state represents; 0 if it is not known any more. */
  countOf(key: string): number {
    return this.#counts.get(key);
  }

  /** Moves the position forward; an older one is ignored. */
  moveTo(position: Position): void {
    if (!isBelow(position.resourceVersion, this.#position?.resourceVersion)) {
      this.#position = position;
    }
  }

  /** A stream brought everything up to this position. */
  streamTo(position: Position): void {
    this.moveTo(position);
    this.#pass(position.resourceVersion);
  }

  /** A stream was opened after the position; there is no other one. */
  beginStream(): void {
    if (this.#position !== null) this.#pass(this.#position.resourceVersion);
  }

  #pass(version: string): void {
    if (isBelow(version, this.#streamed ?? undefined)) return;
    this.#streamed = version;
    // Usually no list overtook the stream, and this runs for each frame.
    if (this.#ahead.size === 0) return;
    for (const [key, read] of this.#ahead) if (isUpTo(read, version)) this.#ahead.delete(key);
  }

  /** A list begins beside a stream: from now on, frames correct its keys. */
  beginOverlap(): void {
    this.#touched = new Map();
  }

  /** That list is not needed any more. */
  endOverlap(): void {
    this.#touched = null;
    this.#shown = [];
  }

  /** Begins a list; pages of an unfinished list are void. */
  beginList(): void {
    this.#shown = [];
  }

  /** Records the keys of a page of the current list. */
  showPage(keys: readonly string[]): void {
    if (keys.length > 0) this.#shown.push(keys.join(SEPARATOR));
  }

  /** Ends a complete list; its keys are kept until the overlap ends. */
  endList(): void {
    this.#isListed = true;
    if (this.#touched === null) this.#shown = [];
  }

  /** Keys of the list of this version, with corrections of the stream beside it. */
  existing(resourceVersion: string): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const page of this.#shown) for (const key of page.split(SEPARATOR)) keys.add(key);
    for (const [key, last] of this.#touched ?? []) {
      // A list does not show what was written after it.
      if (isUpTo(last.resourceVersion, resourceVersion)) continue;
      if (last.isGone) keys.delete(key);
      else keys.add(key);
    }
    return keys;
  }

  /** Forgets everything, because the store of the server was replaced. */
  reset(): void {
    this.#position = null;
    this.#streamed = null;
    this.#ahead.clear();
    this.#counts.clear();
    this.endOverlap();
  }
}

function isBelow(version: string, other: string | undefined): boolean {
  return other !== undefined && compareVersions(version, other) < 0;
}

function isUpTo(version: string, other: string | null): boolean {
  return other !== null && compareVersions(version, other) <= 0;
}

/**
 * Number of counts in one of two generations. A gap is rarely longer than some minutes, and the
 * objects that are written in it are mostly those that were written shortly before.
 */
const COUNTS_KEPT = 5_000;

/** Counts of the objects that were written last; objects beyond the bound are not known. */
class RecentCounts {
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  /** 0 if it is not known. */
  get(key: string): number {
    return this.#young.get(key) ?? this.#old.get(key) ?? 0;
  }

  /** Sets a count; 0 deletes it. */
  set(key: string, count: number): void {
    if (count === 0) {
      this.#young.delete(key);
      this.#old.delete(key);
      return;
    }
    this.#young.set(key, count);
    if (this.#young.size < COUNTS_KEPT) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
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
   * All keys that exist, with a list that follows a gap and with the first one of this process; every
   * other known key was deleted. Else null, because the set is as big as the list.
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

/** A batch of a position alone, with the gap before it. */
export function positionBatch(
  position: Position | null,
  { gaps = [], listed = null }: Partial<Pick<ReaderBatch, 'gaps' | 'listed'>> = {},
): ReaderBatch {
  return { changes: [], gone: [], listed, position, gaps };
}
