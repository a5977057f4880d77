// The port Source, which yields occurrences, and the types of its batches. Implementations are in
// lib/sources.

import type { Occurrence } from '../occurrence.ts';

/** The point up to which one watch path was read. */
export interface Position {
  readonly resourceVersion: string;
  /** The wall clock of the API server at that read, ms since 1970. */
  readonly at: number;
}

/** The positions of a source, by watch path. */
export type Positions = ReadonlyMap<string, Position>;

/** An object by its watch path and key. */
export interface PathKey {
  readonly path: string;
  /** `namespace/name` of the object. */
  readonly key: string;
}

/** Every reason why a watch or a list ended or failed. */
export const TROUBLE_REASONS = [
  'closed',
  'closed-early',
  'cut',
  'silent',
  'idle',
  'expired',
  'previous-value-lost',
  'storage-read-error',
  'version-too-large',
  'throttled',
  'unauthorized',
  'forbidden',
  'not-found',
  'bad-request',
  'unavailable',
  'unreachable',
  'no-api-server',
  'too-large',
  'bad-list',
  'bad-frame',
  'server-error',
] as const;

/** The reason why a watch or a list ended or failed: a row of lib/kubernetes/watch/watch-error-table.ts. */
export type TroubleReason = (typeof TROUBLE_REASONS)[number];

/** Every purpose of a list of a watch path. */
export const LIST_PURPOSES = ['first', 'relist', 'refresh'] as const;

/** Every loss that a gap can mean. */
export const GAP_LOSSES = ['none', 'coalesced', 'possible-loss'] as const;

/** A span of a watch path that could not be read, with its bounds. */
export interface Gap {
  readonly source: string;
  readonly path: string;
  /** `coalesced`: intermediate states were missed; `possible-loss`: whole objects may be missing. */
  readonly loss: (typeof GAP_LOSSES)[number];
  readonly why: string;
  readonly from: Position | null;
  readonly to: Position;
}

/** The keys of a complete list of a watch path. */
export interface CompleteList {
  readonly path: string;
  /** `namespace/name` of every existing object: every other known key of the path was deleted. */
  readonly keys: ReadonlySet<string>;
}

/** A watch path, or its part in one namespace. */
export interface WatchPath {
  readonly path: string;
  /** Null for the whole path. */
  readonly namespace: string | null;
}

/** Everything that a source read since its last batch. */
export interface Batch {
  readonly source: string;
  readonly occurrences: readonly Occurrence[];
  readonly gone: readonly PathKey[];
  /**
   * For each path, the first complete list of this process and each one that follows a gap, after the
   * occurrences of all its pages. A known key that is not in it was deleted. Other deletions are in
   * `gone`.
   */
  readonly listed: readonly CompleteList[];
  /** The positions after everything above, only of paths that advanced. */
  readonly positions: Positions;
  readonly gaps: readonly Gap[];
}

/**
 * Yields occurrences in batches.
 *
 * 1. Nothing opens before the first pull.
 * 2. It ends only by abort. It retries transient errors with backoff and observes them; it throws
 *    only errors that no retry cures.
 * 3. It yields each occurrence at least once, with the same identity each time.
 * 4. A state of an object is never older than one already yielded. There is no order across objects,
 *    and intermediate states may be skipped.
 * 5. It buffers at most its bound; a slow consumer slows the reading.
 * 6. After abort or early return it releases everything before the iterator settles.
 */
export interface Source {
  readonly name: string;
  /**
   * The moment of the monotonic clock up to which all of its paths were certainly read; null while one
   * of them never was.
   */
  readonly provedAt: number | null;
  batches(positions: Positions, signal: AbortSignal): AsyncIterable<Batch>;
  /**
   * The watch paths that now read the keys of a path of an earlier configuration. These are the path
   * itself if it is still read, a path that covers it, paths of some of its namespaces, or none.
   */
  successorsOf(path: string): readonly WatchPath[];
}
