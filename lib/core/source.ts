// The port Source: where occurrences come from.

import type { Occurrence } from './occurrence.ts';

/** How far one watch path has been read. */
export interface Position {
  readonly resourceVersion: string;
  /** When it was read, by the server's wall clock, ms since 1970. */
  readonly at: number;
}

/** How far a source has been read: a map from watch path to position. */
export type Positions = ReadonlyMap<string, Position>;

/** A key of a watch path, of an object that is there or, in a list of those that went, no longer. */
export interface DeletedKey {
  readonly path: string;
  /** `namespace/name` of the object. */
  readonly key: string;
}

/** A span that could not be read, with its bounds. */
export interface Gap {
  readonly source: string;
  readonly path: string;
  /** `coalesced`: states in between were not seen; `possible-loss`: whole objects may be missing. */
  readonly loss: 'none' | 'coalesced' | 'possible-loss';
  readonly why: string;
  readonly from: Position | null;
  readonly to: Position;
}

/** What a complete list of a watch path showed. */
export interface CompleteList {
  readonly path: string;
  /** `namespace/name` of all that is there: whatever else is known of the path is gone. */
  readonly keys: ReadonlySet<string>;
}

/** A watch path, or the part of it that lies in one namespace. */
export interface WatchPath {
  readonly path: string;
  /** Null: all of it. */
  readonly namespace: string | null;
}

/** What a source read since its last batch. */
export interface Batch {
  readonly source: string;
  readonly occurrences: readonly Occurrence[];
  readonly gone: readonly DeletedKey[];
  /**
   * The first complete list of a path in this life of the process, after the occurrences of all its
   * pages: what earlier lives knew and it does not show is gone. Later ones are told by `gone`.
   */
  readonly listed: readonly CompleteList[];
  /** The positions after everything above; only the paths that moved. */
  readonly positions: Positions;
  readonly gaps: readonly Gap[];
}

/**
 * Where occurrences come from.
 *
 * 1. Nothing opens before the first pull.
 * 2. It ends only by abort. Transient trouble is absorbed with backoff and observed; it throws only
 *    what no retry cures.
 * 3. At least once, and an occurrence's identity is the same each time.
 * 4. Per object a state is never older than one already yielded. No order across objects; states in
 *    between may be skipped.
 * 5. It holds at most its bound; a slow consumer slows the reading.
 * 6. After abort or early return everything is released before the iterator settles.
 */
export interface Source {
  readonly name: string;
  batches(positions: Positions, signal: AbortSignal): AsyncIterable<Batch>;
  /**
   * Where the keys of a watch path of an earlier configuration are read now: the path itself where
   * it still is, a path that covers it, the paths of some of its namespaces, or nowhere.
   */
  heirsOf(path: string): readonly WatchPath[];
}
