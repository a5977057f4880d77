// One open WATCH: frames as they arrive, and an end with its reason. Not pulling pauses it. Events
// have no bookmarks, so a silent stream looks like a dead one: watch-session.ts ends a stream after
// a long silence. Here a deadline ends a stream that exceeds the server's time limit.

import type { Clock, Random } from '../../core/clock.ts';
import { codeOf } from '../../net/failure.ts';
import { isJsonAnswer } from '../client/answer-origin.ts';
import { type ApiClient, type ApiStream, serverClock } from '../client/kubernetes-api.ts';
import type { UnreadableCount } from './deduplicator.ts';
import { cutManagedFields } from './managed-fields.ts';
import { type Evidence, toWatchError, type WatchError } from './watch-errors.ts';
import { type Frame, FrameSplitter, type SplitterOptions } from './watch-frames.ts';
import { pathOf, selectorOf, type WatchTarget } from './watch-target.ts';

type Pulled =
  | { readonly kind: 'frames'; readonly frames: readonly Frame[] }
  | { readonly kind: 'ended'; readonly evidence: Evidence }
  /** The client closed it. */
  | { readonly kind: 'closed' };

/** Result of opening a stream. */
export type Opening =
  | { readonly ok: true; readonly stream: WatchStream }
  | { readonly ok: false; readonly error: WatchError };

/** The server ends the watch after 240 to 300 s, at random, so that many do not end at once. */
const SERVER_LIMIT_S = { least: 240, spread: 60 } as const;
/** Tolerance for a server that ends it late. */
const MARGIN_MS = 30_000;
/**
 * Limit from the request to the headers. A watch cache that is behind answers within 3 s, and
 * priority and fairness may queue a request for 15 s. With the 35 s of silence before it, a dead
 * network is noticed within a minute.
 */
const OPEN_TIMEOUT_MS = 20_000;
/**
 * A watch from an old position brings missed states, or its 410, at once. A silence of this length
 * means that there are none.
 */
export const PROOF_MS = 5_000;
/** Number of frames in one batch. */
const SLICE = 100;

/** Opens a WATCH after a resourceVersion. */
export async function openWatch(
  watched: WatchTarget,
  {
    parts: { api, clock, random },
    after,
  }: {
    readonly parts: { readonly api: ApiClient; readonly clock: Clock; readonly random: Random };
    readonly after: string;
  },
  signal: AbortSignal,
): Promise<Opening> {
  const limitS = SERVER_LIMIT_S.least + Math.floor(random() * (SERVER_LIMIT_S.spread + 1));
  const query = {
    watch: 'true',
    resourceVersion: after,
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(limitS),
    ...selectorOf(watched),
  };
  const path = pathOf(watched);
  const call = { method: 'GET', path, query, timeoutMs: OPEN_TIMEOUT_MS } as const;
  const refused = (evidence: Evidence): Opening => ({
    ok: false,
    error: toWatchError(evidence, clock.now()),
  });
  const answer = await api.open(call, signal);
  if (!('chunks' in answer)) {
    signal.throwIfAborted();
    return refused(answer.ok ? { seen: 'answer', answer } : { seen: 'failure', failure: answer });
  }
  // Another content type than JSON, as for a login page.
  if ('content-type' in answer.headers && !isJsonAnswer(answer)) {
    answer.close();
    const { status, headers } = answer;
    return refused({ seen: 'answer', answer: { ok: true, status, headers, body: null, bytes: 0 } });
  }
  const limitMs = limitS * 1000 + MARGIN_MS;
  const lighter = watched.managedFields === 'left out' ? { lighten: cutManagedFields } : {};
  const stream = new WatchStream(answer, { clock, limitMs, ...lighter });
  return { ok: true, stream };
}

/** Options of an open WATCH. */
interface WatchStreamOptions extends Pick<SplitterOptions, 'lighten'> {
  readonly clock: Clock;
  /** Longest time for which the server keeps it open. */
  readonly limitMs: number;
}

/** An open WATCH. Its owner pulls until it ends, or closes it. */
export class WatchStream {
  /** Time of the opening, by the monotonic clock. */
  readonly openedAt: number;
  /** Returns the current time by the server's wall clock. */
  readonly serverNow: () => number;
  readonly unreadable: UnreadableCount = { at: '', count: 0 };
  readonly #limitMs: number;
  readonly #answeredAt: number;
  readonly #stream: ApiStream;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #clock: Clock;
  readonly #splitter: FrameSplitter;
  readonly #closing = new AbortController();
  #ready: readonly Frame[] = [];
  #waitingSince: number | null = null;
  #isSilent = false;

  constructor(stream: ApiStream, { clock, limitMs, ...splitting }: WatchStreamOptions) {
    this.#stream = stream;
    this.#splitter = new FrameSplitter(splitting);
    this.#chunks = stream.chunks[Symbol.asyncIterator]();
    this.#clock = clock;
    this.openedAt = clock.monotonic();
    this.serverNow = serverClock(stream.headers, clock);
    this.#answeredAt = this.serverNow();
    this.#limitMs = limitMs;
    // It only rejects if close() aborts it.
    this.#endWhenSilent().catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Time since the opening, in ms. */
  get livedMs(): number {
    return this.#clock.monotonic() - this.openedAt;
  }

  /**
   * Time without any data while the stream was read, in ms. It is 0 while the stream is paused, and
   * while a frame is incomplete.
   */
  get silentMs(): number {
    return this.#splitter.pendingBytes > 0 ? 0 : this.#waitedMs;
  }

  /**
   * Time until which the stream certainly brought everything, given its end, by the server's wall
   * clock. Null if it proved nothing, for instance a stream that opens and then says 410.
   */
  completeUntil(evidence: Evidence): number | null {
    if (this.livedMs < PROOF_MS) return null;
    // The moment at which a broken connection broke is unknown.
    const isBroken = evidence.seen === 'end' && evidence.how !== 'closed';
    if (isBroken) return this.#answeredAt;
    // No server keeps a stream open for longer, so the end was read late.
    return Math.min(this.serverNow(), this.#answeredAt + this.#limitMs);
  }

  /** Waits for the next frames or the end; one caller at a time. */
  async pull(): Promise<Pulled> {
    while (this.#ready.length === 0) {
      const ended = await this.#fill();
      if (ended !== null) return ended;
    }
    const frames = this.#ready.slice(0, SLICE);
    this.#ready = this.#ready.slice(SLICE);
    return { kind: 'frames', frames };
  }

  /** Ends the request; a pending pull returns `closed`. Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#stream.close();
  }

  /** Time since the last byte while the stream is read, in ms; 0 while it is paused. */
  get #waitedMs(): number {
    return this.#waitingSince === null ? 0 : this.#clock.monotonic() - this.#waitingSince;
  }

  async #fill(): Promise<Pulled | null> {
    this.#waitingSince = this.#clock.monotonic();
    try {
      const next = await this.#chunks.next();
      if (this.isClosed) return { kind: 'closed' };
      if (next.done === true) return this.#ended();
      this.#ready = this.#splitter.push(next.value);
      return null;
    } catch (error) {
      if (this.isClosed) return { kind: 'closed' };
      return this.#isSilent ? this.#ended() : ended('cut', codeOf(error));
    } finally {
      this.#waitingSince = null;
    }
  }

  #ended(): Pulled {
    if (this.#isSilent)
      return ended('silent', 'the server neither sent nor ended anything in time');
    const rest = this.#splitter.pendingBytes;
    if (rest > 0) return ended('cut', `it ended within a frame, after ${rest} bytes of it`);
    return ended('closed', 'the server closed it');
  }

  async #endWhenSilent(): Promise<void> {
    await this.#clock.sleep(this.#limitMs, this.#closing.signal);
    // While the stream is paused, its silence proves nothing.
    while (this.#waitedMs < MARGIN_MS) await this.#clock.sleep(MARGIN_MS, this.#closing.signal);
    this.#isSilent = true;
    this.#stream.close();
  }
}

function ended(how: 'closed' | 'cut' | 'silent', detail: string): Pulled {
  return { kind: 'ended', evidence: { seen: 'end', how, detail } };
}
