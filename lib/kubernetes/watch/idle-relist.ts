// State of an idle relist: a list beside a quiet watch, which renews a position before etcd
// compacts it. Here are its pages, its second stream, its timer, and the gap of any relist. The
// steps between them are in watch-session.ts.

import type { Clock, Random } from '../../core/clock.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Gap, Position } from '../../core/ports/source.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import type { ListPage } from './paged-list.ts';
import type { WatchStream } from './watch-stream.ts';

/** Result of the list of an idle relist. */
export interface IdleRelistResult {
  readonly items: number;
  readonly pages: number;
  /** Time of the request for its first page, by the monotonic clock. */
  readonly startedAt: number;
  /** Time of the list, by the server's wall clock, in ms since 1970. */
  readonly readAt: number;
}

/**
 * Limit for one page or the second stream. Until then the silent first stream is not ended. A list
 * that is slower is left to a relist.
 */
const STEP_MS = 40_000;

/** One idle relist, from the request for its list until its position is saved or abandoned. */
export class IdleRelist {
  /** Position at the request for the list: items not above it were read before. */
  readonly floor: string;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** Stream opened after the list from the old position; null until the server has answered. */
  second: WatchStream | null = null;
  items = 0;
  pages = 0;
  /** Number of items that may hide states in between, including those of a restarted list. */
  hidden = 0;
  /** Whether all pages have one version; true until the list is complete. */
  isConsistent = true;
  /** Aborts all pending requests of this relist. */
  readonly ending = new AbortController();
  /** Time of the last page, or of the start. */
  #movedAt: number;
  /** Position of the complete list; null before. */
  listed: Position | null = null;

  constructor(floor: string, startedAt: number) {
    this.floor = floor;
    this.startedAt = startedAt;
    this.#movedAt = startedAt;
  }

  addSecond(stream: WatchStream): void {
    this.second = stream;
    this.#movedAt = stream.openedAt;
  }

  /** Time until the next step is too late, in ms. */
  remainingMs(now: number): number {
    return STEP_MS - (now - this.#movedAt);
  }

  /** Records a page; page 1 again means that the list restarted. */
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
      this.listed = { resourceVersion: page.resourceVersion, at: page.readAt };
    }
  }

  /** Whether the stream has reached the version of the complete list. */
  isPassed(position: string): boolean {
    const { listed } = this;
    return listed !== null && compareVersions(position, listed.resourceVersion) >= 0;
  }

  /**
   * Aborts the pending requests; idempotent. Once the second stream is open, nothing is pending,
   * and that stream may have replaced the first one.
   */
  end(): void {
    if (this.second === null) this.ending.abort();
  }
}

/** A quiet path is listed every 2 to 4 min, because etcd keeps at least 5 min of history. */
const IDLE_MS = { least: 120_000, spread: 120_000 } as const;

/**
 * Time since a watch path last brought something, across its streams. A load balancer may close
 * idle connections after a minute: then no single stream is quiet for long, but the position ages.
 */
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

  /** Time until the path was quiet for too long, in ms; 0 if it was. */
  get remainingMs(): number {
    return Math.max(0, this.#limitMs - (this.#clock.monotonic() - this.#since));
  }

  /** The path brought something. */
  interrupt(): void {
    this.#since = this.#clock.monotonic();
  }

  /** A relist renewed the position or failed: counts from 0, to another limit. */
  restart(): void {
    this.interrupt();
    this.#limitMs = this.#drawLimit();
  }

  #drawLimit(): number {
    return IDLE_MS.least + this.#random() * IDLE_MS.spread;
  }
}

/** Facts about a list that its gap depends on. */
export interface ListedSpan {
  /** Number of listed objects that may have been written more than once within the span. */
  readonly hidden: number;
  /** Whether every page has the same version of the store. */
  readonly isConsistent: boolean;
}

/** A span in which nothing was read, and the list that ended it. */
interface Relist extends ListedSpan {
  /** `at`: time until which everything was read. */
  readonly from: Position;
  readonly to: Position;
}

/**
 * The gap of a list that took the place of a stream. A relist alone loses nothing: objects that
 * were written meanwhile and still exist are in the list, in their last state. `keptForMs` is the
 * time for which the cluster keeps objects; null: until they are deleted.
 */
export function relistGap(
  { from, to, hidden, isConsistent }: Relist,
  keptForMs: number | null,
): Pick<Gap, 'loss' | 'why' | 'from' | 'to'> {
  const awayMs = Math.max(0, to.at - from.at);
  const away = renderDuration(Math.round(awayMs / 1000) * 1000);
  if (keptForMs !== null && awayMs > keptForMs) {
    // Objects that were written and expired within the span are not known.
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
  const why = `listed again after ${away}: objects written meanwhile that still exist were read`;
  return { loss: 'none', why, from, to };
}
