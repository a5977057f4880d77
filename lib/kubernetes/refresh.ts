// What a quiet refresh knows while it runs: where the position stood, what its list said, and the
// second stream that is to prove it. What follows from all that is watch-session.ts.

import { compareVersions } from '../core/event.ts';
import type { Position } from '../core/source.ts';
import type { ListPage } from './list.ts';
import type { WatchStream } from './watch-stream.ts';

/** What a refresh's list came to. */
export interface RefreshedList {
  readonly items: number;
  readonly pages: number;
  /** When its first page was asked for, by the monotonic clock. */
  readonly startedAt: number;
  /** The server's wall clock when it was made, ms since 1970. */
  readonly readAt: number;
}

/**
 * For how long a refresh may wait for one page or its second stream. While it goes on, the first
 * stream is not ended for being silent; a list as slow as this is left to a relist.
 */
const STEP_MS = 40_000;

/** One refresh, from the list's request until its position is saved or given up. */
export class Refresh {
  /** The position at the list's request: an item not above it was read before. */
  readonly floor: string;
  /** By the monotonic clock. */
  readonly startedAt: number;
  #second: WatchStream | null = null;
  items = 0;
  pages = 0;
  /** How many of its items may hide states in between; also of a list that began anew. */
  hidden = 0;
  /** Whether the complete list was of one version; true before. */
  isConsistent = true;
  readonly #ending = new AbortController();
  /** When it began or a page came. */
  #movedAt: number;
  #listed: Position | null = null;

  constructor(floor: string, startedAt: number) {
    this.floor = floor;
    this.startedAt = startedAt;
    this.#movedAt = startedAt;
  }

  /** Aborts what the refresh still waits for. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The position that the complete list offers; null before. */
  get listed(): Position | null {
    return this.#listed;
  }

  /** Opened from the old position after the list; null until it has answered. */
  get second(): WatchStream | null {
    return this.#second;
  }

  /** The second stream was opened. */
  opened(stream: WatchStream): void {
    this.#second = stream;
    this.#movedAt = stream.openedAt;
  }

  /** For how long it may still wait for what comes next before it holds up others, in ms. */
  remainingMs(now: number): number {
    return STEP_MS - (now - this.#movedAt);
  }

  /** Takes note of a page; page 1 again means that the list began again. */
  note(page: ListPage, { hidden, now }: { readonly hidden: number; readonly now: number }): void {
    this.#movedAt = now;
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
