// What a quiet refresh knows while it runs: where the position stood, what its list said, and the
// second stream that is to prove it. What follows from all that is watch-session.ts.

import type { Clock, Random } from '../../core/clock.ts';
import { compareVersions } from '../../core/event.ts';
import type { Position } from '../../core/source.ts';
import type { ListPage } from './paged-list.ts';
import type { Evidence } from './watch-errors.ts';
import { PROOF_MS, type WatchStream } from './watch-stream.ts';

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

/** What a list says about the span that it covers. */
export type ListedSpan = Pick<IdleRelist, 'hidden' | 'isConsistent'>;

// Whether a silent stream still lives. A connection can die so that neither side is told, and a quiet
// stream looks the same. Two facts help: a stream that was just opened brings what was missed at
// once, so its silence proves that nothing was; and opening another one is cheap, so a stream that is
// silent for long is replaced by one on a new connection. It opens and closes nothing itself.

/** A moment at which a stream is looked at. */
export interface CheckDue {
  readonly kind: 'proof' | 'idle';
  readonly stream: WatchStream;
}

/** Dependencies of the checks of one session. */
export interface StreamCheckParts {
  readonly clock: Clock;
  /** How long a stream may be silent, in ms. */
  readonly idleMs: number;
  /** Called when everything up to a moment of the monotonic clock is certain to have been read. */
  readonly proved: (at: number) => void;
  /** Called when a stream is to be looked at. */
  readonly due: (check: CheckDue) => void;
}

/**
 * How a stream ended that moved nothing. A clean end within the time in which it would have brought
 * what was missed is an answer about the position: some servers close so instead of saying 410.
 */
export function unlessEarly({ livedMs }: WatchStream, evidence: Evidence): Evidence {
  const isClean = evidence.seen === 'end' && evidence.how === 'closed';
  if (!isClean || livedMs >= PROOF_MS) return evidence;
  const detail = 'the server closed it at once and sent nothing';
  return { seen: 'end', how: 'closed-early', detail };
}

/** Looks at the stream that leads. Disposing of it stops that. */
export class StreamCheck implements Disposable {
  readonly #parts: StreamCheckParts;
  readonly #timers = new Map<CheckDue['kind'], () => void>();

  constructor(parts: StreamCheckParts) {
    this.#parts = parts;
  }

  /** A stream leads from now on; the one before is not looked at any more. */
  begin(stream: WatchStream): void {
    this.#after(PROOF_MS, { kind: 'proof', stream });
    this.#after(this.#parts.idleMs, { kind: 'idle', stream });
  }

  /** A check is due; the answer ends the stream. */
  look({ kind, stream }: CheckDue, refresh: IdleRelist | null): Evidence | null {
    return kind === 'proof' ? this.#prove(stream) : this.#idle(stream, refresh);
  }

  #prove(stream: WatchStream): null {
    const missingMs = PROOF_MS - stream.silentMs;
    if (missingMs > 0) this.#after(missingMs, { kind: 'proof', stream });
    else this.#parts.proved(stream.openedAt);
    return null;
  }

  #idle(stream: WatchStream, refresh: IdleRelist | null): Evidence | null {
    const { clock, idleMs } = this.#parts;
    // A refresh asks over other connections meanwhile, and opens a second stream in the end.
    const refreshMs = refresh?.remainingMs(clock.monotonic()) ?? 0;
    const missingMs = Math.max(idleMs - stream.silentMs, refreshMs);
    if (missingMs > 0) {
      this.#after(missingMs, { kind: 'idle', stream });
      return null;
    }
    const detail = `silent for ${Math.round(idleMs / 1000)} s; a new one shows whether it lived`;
    return { seen: 'end', how: 'idle', detail };
  }

  #after(ms: number, check: CheckDue): void {
    const { clock, due } = this.#parts;
    this.#timers.get(check.kind)?.();
    this.#timers.set(
      check.kind,
      clock.after(ms, () => due(check)),
    );
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#timers.values()) cancel();
  }
}

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
