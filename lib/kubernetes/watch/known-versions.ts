// What one watch path has read: its position, and the resourceVersion last read of every object
// that exists. It decides, purely, whether a frame or an item is a state not read before. Opening,
// listing and waiting are elsewhere.
//
// Why per object: a LIST can overtake the stream. The position of a LIST says nothing about frames
// still on their way (an object that changed and went before the LIST is in none of its pages), so
// frames are dropped only where the same object was read at an equal or newer version.

import { compareVersions, type JsonObject } from '../../core/event.ts';
import type { Gap, Position } from '../../core/source.ts';

/** What a complete list proves. */
interface ListEnd {
  /** The keys that are no longer there. */
  readonly deletedKeys: readonly string[];
  /** Every key that is there: of the first complete list alone, for it is as big as the list. */
  readonly listedKeys: ReadonlySet<string> | null;
}

/** One state of an object, as far as the memory cares. */
export interface ReadState {
  readonly key: string;
  readonly resourceVersion: string;
  /** How many writes it stands for; 1 where its kind does not count them. */
  readonly count: number;
}

/** The versions read of one watch path. Memory: one entry for each object in the cluster. */
export class KnownVersions {
  #position: Position | null;
  readonly #versions = new Map<string, string>();
  /** Of those that stand for more than one write, which are few. */
  readonly #counts = new Map<string, number>();
  /** Versions of objects that went, for as long as a stream may still bring an older state. */
  readonly #gone = new Map<string, string>();
  /** Keys of a store that was replaced: they are gone unless the next complete list shows them. */
  readonly #replaced = new Set<string>();
  #shown = new Set<string>();
  #isListed = false;

  constructor(position: Position | null) {
    this.#position = position;
  }

  /** How far the path is read; null before the first complete list. */
  get position(): Position | null {
    return this.#position;
  }

  /** How many objects are known to exist. */
  get size(): number {
    return this.#versions.size;
  }

  /** Whether this state was read before, or a newer one of the same object. */
  wasRead(key: string, resourceVersion: string): boolean {
    const last = this.#versions.get(key) ?? this.#lastOfGone(key);
    return last !== undefined && compareVersions(last, resourceVersion) >= 0;
  }

  /** Takes note of a state; false where it, or a newer one, was read before. */
  record({ key, resourceVersion, count }: ReadState): boolean {
    if (this.wasRead(key, resourceVersion)) return false;
    this.#versions.set(key, resourceVersion);
    if (count > 1) this.#counts.set(key, count);
    else if (this.#counts.size > 0) this.#counts.delete(key);
    if (this.#gone.size > 0) this.#gone.delete(key);
    return true;
  }

  /** How many writes the state read last stands for; 0 where the object is not known. */
  countOf(key: string): number {
    return this.#versions.has(key) ? (this.#counts.get(key) ?? 1) : 0;
  }

  /** Takes note of a deletion; false where a newer state was read before. */
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

  // Mostly nothing has just gone, and this is asked for every frame.
  #lastOfGone(key: string): string | undefined {
    return this.#gone.size === 0 ? undefined : this.#gone.get(key);
  }

  /** Moves the position forward; an older one changes nothing. */
  moveTo(position: Position): void {
    const now = this.#position?.resourceVersion;
    if (now !== undefined && compareVersions(position.resourceVersion, now) < 0) return;
    this.#position = position;
  }

  /** Begins a list: what earlier pages showed is void. */
  beginList(): void {
    this.#shown = new Set();
  }

  /** Takes note that a page showed this object. */
  markListed(key: string): void {
    this.#shown.add(key);
  }

  /** Ends a complete list and answers what it proves. */
  endList(resourceVersion: string): ListEnd {
    const there = this.#shown;
    this.#shown = new Set();
    // A stream that is ahead of the list told of these.
    for (const key of this.#gone.keys()) there.delete(key);
    const deletedKeys = [...this.#replaced].filter((key) => !there.has(key));
    this.#replaced.clear();
    for (const [key, version] of this.#versions) {
      if (there.has(key)) continue;
      // What was read at a newer version than the list's can not be in it.
      if (compareVersions(version, resourceVersion) > 0) {
        there.add(key);
        continue;
      }
      deletedKeys.push(key);
      // A stream that lags behind may still bring this very state; it was read.
      this.#forget(key, version);
    }
    const isFirst = !this.#isListed;
    this.#isListed = true;
    return { deletedKeys, listedKeys: isFirst ? there : null };
  }

  /** Forgets what no stream from the position on can bring any more. */
  pruneDeleted(): void {
    const at = this.#position?.resourceVersion;
    if (at === undefined) return;
    for (const [key, version] of this.#gone) {
      if (compareVersions(version, at) <= 0) this.#gone.delete(key);
    }
  }

  /** Forgets all but the keys: the store behind the server is another one. */
  reset(): void {
    for (const key of this.#versions.keys()) this.#replaced.add(key);
    this.#versions.clear();
    this.#counts.clear();
    this.#gone.clear();
    this.#position = null;
  }
}

// What a reader yields: states that were not read before, keys that went, and how far it is now.

/** One state of an object that was not read before. */
interface VersionChange {
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
  readonly changes: readonly VersionChange[];
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
  readonly #changes: VersionChange[] = [];
  readonly #gone = new Set<string>();
  readonly #gaps: Gap[] = [];

  /** Adds a state of an object. */
  change(change: VersionChange): void {
    if (this.#gone.size > 0) this.#gone.delete(change.key);
    this.#changes.push(change);
  }

  /** Adds a key that went. */
  delete(key: string): void {
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
