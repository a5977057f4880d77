// What a quiet refresh knows while it runs: where the position stood, what its list said, and the
// second stream that is to prove it. What follows from all that is watch-session.ts.
import { compareVersions } from '../core/resource-version.ts';
import type { Position } from '../core/source.ts';
import type { ListPage } from './list.ts';
import type { WatchStream } from './watch-stream.ts';

/** What a refresh's list came to. */
export interface RefreshedList {
  readonly items: number;
  readonly pages: number;
  readonly durationMs: number;
  /** The server's wall clock when it was made, ms since 1970. */
  readonly readAt: number;
}

/** One refresh, from the list's request until its position is saved or given up. */
export class Refresh {
  /** The position at the list's request: an item not above it was read before. */
  readonly floor: string;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** Opened from the old position after the list; null until it has answered. */
  second: WatchStream | null = null;
  items = 0;
  pages = 0;
  /** How many of its items may hide states in between; also of a list that began anew. */
  hidden = 0;
  /** Whether the complete list was of one version; true before. */
  isConsistent = true;
  readonly #ending = new AbortController();
  #listed: Position | null = null;

  constructor(floor: string, startedAt: number) {
    this.floor = floor;
    this.startedAt = startedAt;
  }

  /** Aborts what the refresh still waits for. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The position that the complete list offers; null before. */
  get listed(): Position | null {
    return this.#listed;
  }

  /** Takes note of a page; page 1 again means that the list began anew. */
  note(page: ListPage, hidden: number): void {
    if (page.number === 1) {
      this.items = 0;
      this.pages = 0;
    }
    this.items += page.items.length;
    this.pages += 1;
    this.hidden += hidden;
    if (page.isLast) {
      this.isConsistent = page.isConsistent;
      this.#listed = { resourceVersion: page.resourceVersion, at: page.readAt };
    }
  }

  /** Whether the stream has come as far as the complete list. */
  isPassed(position: string): boolean {
    const listed = this.#listed;
    return listed !== null && compareVersions(position, listed.resourceVersion) >= 0;
  }

  /** Ends it; twice is fine. */
  end(): void {
    this.#ending.abort();
  }
}
