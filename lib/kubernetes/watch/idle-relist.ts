// What a quiet refresh knows while it runs: where the position stood, what its list said, and the
// second stream that is to prove it. What follows from all that is watch-session.ts.

import type { Clock, Random } from '../../core/clock.ts';
import { compareVersions } from '../../core/event.ts';
import type { Gap, Position } from '../../core/source.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import type { ListPage } from './paged-list.ts';
import { type WatchStream } from './watch-stream.ts';

/** What a refresh's list came to. */
export interface IdleRelistResult {
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
export class IdleRelist {
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
  addSecond(stream: WatchStream): void {
    this.#second = stream;
    this.#movedAt = stream.openedAt;
  }

  /** For how long it may still wait for what comes next before it holds up others, in ms. */
  remainingMs(now: number): number {
    return STEP_MS - (now - this.#movedAt);
  }

  /** Takes note of a page; page 1 again means that the list began again. */
  addPage(
    page: ListPage,
    { hidden, now }: { readonly hidden: number; readonly now: number },
  ): void {
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

/** What a list says about the span that it covers. */
export type ListedSpan = Pick<IdleRelist, 'hidden' | 'isConsistent'>;

// Whether a silent stream still lives. A connection can die so that neither side is told, and a quiet
// stream looks the same. Two facts help: a stream that was just opened brings what was missed at
// once, so its silence proves that nothing was; and opening another one is cheap, so a stream that is
// silent for long is replaced by one on a new connection. It opens and closes nothing itself.

// How long a watch path has been quiet, across its streams: behind a load balancer that closes idle
// connections after a minute no single stream is ever quiet for long, and the position ages all the
// same. It only counts; what a long spell leads to is watch-session.ts.

/** A quiet path is refreshed every 2 to 4 min: etcd keeps 5 min of history for certain. */
const QUIET_MS = { least: 120_000, spread: 120_000 } as const;

/** The time since a watch path said something. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #random: Random;
  #since: number;
  #limitMs: number;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#since = clock.monotonic();
    this.#limitMs = this.#drawLimit();
  }

  /** For how many ms more it may be quiet; 0 where it was quiet for too long. */
  get remainingMs(): number {
    return Math.max(0, this.#limitMs - (this.#clock.monotonic() - this.#since));
  }

  /** Something came. */
  interrupt(): void {
    this.#since = this.#clock.monotonic();
  }

  /** The position was renewed, or that was given up for now: a new spell, of another length. */
  restart(): void {
    this.interrupt();
    this.#limitMs = this.#drawLimit();
  }

  #drawLimit(): number {
    return QUIET_MS.least + this.#random() * QUIET_MS.spread;
  }
}

/** A span in which nothing was read, and the list that ended it. */
export interface Relist {
  /** `at`: until when everything was heard of. */
  readonly from: Position;
  readonly to: Position;
  /** How many listed objects may have been written more than once within the span. */
  readonly hidden: number;
  /** Whether every page showed the same version of the store. */
  readonly isConsistent: boolean;
}

/** The kind of the gap; the cluster keeps objects for so long (ms), or null: until deleted. */
export function relistGap(
  { from, to, hidden, isConsistent }: Relist,
  keptForMs: number | null,
): Pick<Gap, 'loss' | 'why' | 'from' | 'to'> {
  const awayMs = Math.max(0, to.at - from.at);
  const away = renderDuration(Math.round(awayMs / 1000) * 1000);
  if (keptForMs !== null && awayMs > keptForMs) {
    // Whatever was written and expired again within the span can not be known.
    const why = `nothing was read for ${away}, and the cluster keeps them ${renderDuration(keptForMs)}`;
    return { loss: 'possible-loss', why, from, to };
  }
  if (!isConsistent) {
    const why = 'the pages of the list are of different versions';
    return { loss: 'possible-loss', why, from, to };
  }
  if (hidden > 0) {
    const why = `${hidden} may have been written more than once while nothing was read`;
    return { loss: 'coalesced', why, from, to };
  }
  const why = `listed anew after ${away}: all that was written meanwhile and is still there was read`;
  return { loss: 'none', why, from, to };
}
