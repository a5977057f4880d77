// One open WATCH: frames as they come, not pulled means paused, and an end that says how. A silent
// stream and a dead one look alike, because Events bring no bookmarks: watch-session.ts ends one that
// is silent for long, and a deadline of its own ends one that outlives the server's time limit.

import type { Clock, Random } from '../../core/clock.ts';
import { codeOf } from '../client/api-exchange.ts';
import { type ApiClient, type ApiStream, serverClock } from '../client/kubernetes-api.ts';
import { type UnreadableCount } from './deduplicator.ts';
import { cutManagedFields } from './managed-fields.ts';
import { type Evidence, isJsonAnswer, toWatchError, type WatchError } from './watch-errors.ts';
import { type Frame, FrameSplitter, type SplitterOptions } from './watch-frames.ts';
import { pathOf, selectorOf, type WatchTarget } from './watch-target.ts';

/** What a stream may have. */
interface StreamParts {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** What comes of pulling once. */
type Pulled =
  | { readonly kind: 'frames'; readonly frames: readonly Frame[] }
  | { readonly kind: 'ended'; readonly evidence: Evidence }
  /** We closed it ourselves. */
  | { readonly kind: 'closed' };

/** What comes of opening. */
export type Opening =
  | { readonly ok: true; readonly stream: WatchStream }
  | { readonly ok: false; readonly error: WatchError };

/** The server ends the watch by itself after so long: 240 to 300 s, so that many do not come at once. */
const SERVER_LIMIT_S = { least: 240, spread: 60 } as const;
/** What a server may be late in ending it. */
const MARGIN_MS = 30_000;
/**
 * From the request to the headers. A watch cache that lags answers within 3 s, and priority and
 * fairness let a request wait for 15 s. With the 35 s of silence before it, a dead network is
 * noticed within a minute.
 */
const OPEN_TIMEOUT_MS = 20_000;
/**
 * A watch from an old position brings what it missed, or its 410, at once; after so long a silence
 * there is nothing.
 */
export const PROOF_MS = 5_000;
/** Frames handed over at once; each such slice becomes a batch. */
const SLICE = 100;

/** Opens a WATCH after a resourceVersion. */
export async function openWatch(
  watched: WatchTarget,
  { parts, after }: { readonly parts: StreamParts; readonly after: string },
  signal: AbortSignal,
): Promise<Opening> {
  const limitS = SERVER_LIMIT_S.least + Math.floor(parts.random() * (SERVER_LIMIT_S.spread + 1));
  const query = {
    watch: 'true',
    resourceVersion: after,
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(limitS),
    ...selectorOf(watched),
  };
  const path = pathOf(watched);
  const call = { method: 'GET', path, query, timeoutMs: OPEN_TIMEOUT_MS } as const;
  const answer = await parts.api.open(call, signal);
  if ('chunks' in answer && isWebPage(answer)) {
    answer.close();
    const { status, headers } = answer;
    const whole = { ok: true, status, headers, body: null, bytes: 0 } as const;
    return { ok: false, error: toWatchError({ seen: 'answer', answer: whole }, parts.clock.now()) };
  }
  if ('chunks' in answer) {
    const limitMs = limitS * 1000 + MARGIN_MS;
    const lighter = watched.managedFields === 'left out' ? { lighten: cutManagedFields } : {};
    return {
      ok: true,
      stream: new WatchStream(answer, { clock: parts.clock, limitMs, ...lighter }),
    };
  }
  signal.throwIfAborted();
  const evidence: Evidence = answer.ok
    ? { seen: 'answer', answer }
    : { seen: 'failure', failure: answer };
  return { ok: false, error: toWatchError(evidence, parts.clock.now()) };
}

/** Whether what is streamed says of itself that it is no JSON, as a login page does. */
function isWebPage(stream: ApiStream): boolean {
  return 'content-type' in stream.headers && !isJsonAnswer(stream);
}

/** How an open WATCH is read. */
interface WatchStreamOptions extends Pick<SplitterOptions, 'lighten'> {
  readonly clock: Clock;
  /** How long the server keeps it open at the most. */
  readonly limitMs: number;
}

/** An open WATCH. Whoever holds it pulls until it ends, or closes it. */
export class WatchStream {
  /** When it was opened, by the monotonic clock. */
  readonly openedAt: number;
  /** The server's wall clock now. */
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
    // Its only rejection is the abort by close().
    this.#endWhenSilent().catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** For how long it has been open, in ms. */
  get livedMs(): number {
    return this.#clock.monotonic() - this.openedAt;
  }

  /**
   * For how long it had nothing to say although it was being read, in ms. A stream that is paused
   * says nothing either, and one that stalls within a frame has something to say.
   */
  get silentMs(): number {
    return this.#splitter.pendingBytes > 0 ? 0 : this.#waitedMs;
  }

  /**
   * Until when it certainly brought everything, given how it ended, by the server's wall clock;
   * null where it proved nothing, as one does that opens and says 410.
   */
  completeUntil(evidence: Evidence): number | null {
    if (this.livedMs < PROOF_MS) return null;
    // Of a connection that broke nobody knows since when.
    const isBroken = evidence.seen === 'end' && evidence.how !== 'closed';
    if (isBroken) return this.#answeredAt;
    // No server keeps it open for longer; the end was read late.
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

  /** Ends the request; a pull that waits answers `closed`. Twice is fine. */
  close(): void {
    this.#closing.abort();
    this.#stream.close();
  }

  /** For how long no byte came although it was being read, in ms; 0 while nobody reads. */
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
    // While nobody reads, nothing can be said about the other side.
    while (this.#waitedMs < MARGIN_MS) await this.#clock.sleep(MARGIN_MS, this.#closing.signal);
    this.#isSilent = true;
    this.#stream.close();
  }
}

function ended(how: 'closed' | 'cut' | 'silent', detail: string): Pulled {
  return { kind: 'ended', evidence: { seen: 'end', how, detail } };
}

/** Hands over everything that a stream brings, one at a time, until it ended or was closed. */
export async function pullAll(
  stream: WatchStream,
  take: (pulled: Exclude<Pulled, { readonly kind: 'closed' }>) => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const pulled = await stream.pull();
    if (pulled.kind === 'closed') return;
    await take(pulled);
    if (pulled.kind === 'ended') return;
  }
}
