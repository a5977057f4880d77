// How far each source has been read, path by path. What is no longer read stays until a sweep, so
// that a path that comes back goes on from there.

import type { Position, Positions } from '../core/source.ts';

interface Kept {
  readonly position: Position;
  /** On the clock of the retention, ms; null while the path is read. */
  readonly retiredAt: number | null;
}

/** Positions in memory. */
export class MemoryPositions {
  /** Source → watch path. */
  readonly #sources = new Map<string, Map<string, Kept>>();

  /** Those of a source, also on paths that were retired. */
  of(source: string): Positions {
    const kept = [...(this.#sources.get(source) ?? [])];
    return new Map(kept.map(([path, { position }]) => [path, position]));
  }

  /** Those of every source. */
  all(): ReadonlyMap<string, Positions> {
    return new Map([...this.#sources.keys()].map((source) => [source, this.of(source)]));
  }

  /** Stores some; their paths are read. */
  write(source: string, positions: Positions): void {
    const kept = this.#sources.get(source) ?? new Map<string, Kept>();
    for (const [path, position] of positions) kept.set(path, { position, retiredAt: null });
    if (kept.size > 0) this.#sources.set(source, kept);
  }

  /** A path is no longer read. */
  retire(path: string, readMs: number): void {
    for (const paths of this.#sources.values()) {
      const kept = paths.get(path);
      if (kept?.retiredAt === null) paths.set(path, { ...kept, retiredAt: readMs });
    }
  }

  /** Drops all of them. */
  clear(): void {
    this.#sources.clear();
  }

  /** Forgets those that were retired before a moment. */
  sweep(before: number): void {
    for (const paths of this.#sources.values()) {
      for (const [path, { retiredAt }] of paths) {
        if (retiredAt !== null && retiredAt < before) paths.delete(path);
      }
    }
  }

  /** The paths that are read. */
  get paths(): readonly string[] {
    const all = [...this.#sources.values()].flatMap((paths) => [...paths]);
    return all.filter(([, { retiredAt }]) => retiredAt === null).map(([path]) => path);
  }
}
