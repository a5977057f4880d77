// One life of a watch: from an open stream to its end, with the quiet refresh beside it. Everything
// that can arrive (frames, ends, timers, pages of the refresh, its second stream) goes through one
// queue of one place and is handled synchronously, so there is no order that was not written down.
// Not pulling a batch leaves the queue full, and everything that feeds it paused.

import type { Clock } from '../../core/clock.ts';
import { compareVersions } from '../../core/event.ts';
import type { Gap, Position } from '../../core/source.ts';
import { BoundedQueue } from '../../kit/async/bounded-queue.ts';
import { TaskGroup } from '../../kit/async/task-group.ts';
import type { Deduplicator, ListRule } from './deduplicator.ts';
import { type CheckDue, StreamCheck, type StreamCheckParts, toEarlyEnd } from './freshness.ts';
import {
  IdleRelist,
  type IdleRelistResult,
  type IdleTimer,
  type ListedSpan,
} from './idle-relist.ts';
import {
  hasNews,
  isEmptyBatch,
  type KnownVersions,
  positionBatch,
  type ReaderBatch,
} from './known-versions.ts';
import type { ListPage } from './paged-list.ts';
import { type Evidence, toWatchError, type WatchError } from './watch-errors.ts';
import type { Frame } from './watch-frames.ts';
import { type Opening, PROOF_MS, pullAll, type WatchStream } from './watch-stream.ts';

/** What a session may have. */
interface SessionParts extends Pick<StreamCheckParts, 'idleMs' | 'prove'> {
  readonly clock: Clock;
  /** Of the path, not of this session: it goes on across streams. */
  readonly idleTimer: IdleTimer;
  readonly knownVersions: KnownVersions;
  readonly deduplicator: Deduplicator;
  /** The pages of a consistent list, with its own patience. */
  readonly list: (signal: AbortSignal) => AsyncIterable<ListPage>;
  readonly open: (after: string, signal: AbortSignal) => Promise<Opening>;
  readonly judgeFirst: ListRule['judgeFirst'];
  /** Told when the refresh's list is complete. */
  readonly idleRelisted: (list: IdleRelistResult) => void;
  /** The gap where that list takes the place of a relist; asked before the position moves. */
  readonly gapUpTo: (to: Position, list: ListedSpan) => readonly Gap[];
}

/** How a session ended. */
export type SessionEnd =
  | {
      readonly kind: 'error';
      readonly error: WatchError;
      /** Whether it brought a state, a deletion or a newer position. */
      readonly moved: boolean;
      /** Until when the stream brought everything, by the server's wall clock; null: not known. */
      readonly completeUntil: number | null;
    }
  /** The position was compacted, but the refresh's list has taken the place of a relist. */
  | { readonly kind: 'relisted' }
  /** The store behind the server is another one. */
  | { readonly kind: 'replaced' };

type SessionArrival =
  | { readonly kind: 'frames'; readonly stream: WatchStream; readonly frames: readonly Frame[] }
  | { readonly kind: 'ended'; readonly stream: WatchStream; readonly evidence: Evidence }
  | { readonly kind: 'relist-due' }
  | CheckDue
  | { readonly kind: 'page'; readonly relist: IdleRelist; readonly page: ListPage }
  | { readonly kind: 'opened'; readonly relist: IdleRelist; readonly opening: Opening }
  | { readonly kind: 'second-silent'; readonly relist: IdleRelist }
  | { readonly kind: 'failed'; readonly error: unknown };

interface SessionStep {
  /** In their order; what came before an end is yielded before it. */
  readonly batches?: readonly ReaderBatch[];
  readonly end?: SessionEnd;
}

/** One life of a watch. */
export class WatchSession {
  readonly #parts: SessionParts;
  readonly #queue = new BoundedQueue<SessionArrival>({ items: 1 });
  readonly #tasks: TaskGroup = new TaskGroup((error) =>
    this.#queue.push({ kind: 'failed', error }, this.#tasks.signal),
  );
  readonly #check: StreamCheck;
  #main: WatchStream;
  #relist: IdleRelist | null = null;
  #moved = false;

  constructor(parts: SessionParts, main: WatchStream) {
    this.#parts = parts;
    const notify = (check: CheckDue): void =>
      this.#tasks.spawn((signal) => this.#queue.push(check, signal));
    this.#check = new StreamCheck({ ...parts, notify });
    this.#main = main;
  }

  /** Batches until the watch ends; all is released before it settles. */
  async *run(signal: AbortSignal): AsyncGenerator<ReaderBatch, SessionEnd> {
    const stopping = this.#tasks.stopWith(signal);
    try {
      this.#pump(this.#main);
      this.#check.begin(this.#main);
      // A stream that has just been opened brings what it missed; a list must not overtake that.
      this.#after(Math.max(PROOF_MS, this.#parts.idleTimer.remainingMs), { kind: 'relist-due' });
      for (;;) {
        const [arrival] = await this.#queue.take(1, this.#tasks.signal);
        if (arrival === undefined) continue;
        const step = this.#handle(arrival);
        yield* (step.batches ?? []).filter((batch) => !isEmptyBatch(batch));
        if (step.end !== undefined) return step.end;
      }
    } finally {
      stopping[Symbol.dispose]();
      await this.#release();
    }
  }

  #handle(arrival: SessionArrival): SessionStep {
    switch (arrival.kind) {
      case 'frames':
        return this.#onFrames(arrival.stream, arrival.frames);
      case 'ended':
        return this.#onEnded(arrival.stream, arrival.evidence);
      case 'relist-due':
        return this.#onRelistDue();
      case 'proof':
      case 'idle':
        return this.#onCheck(arrival);
      case 'page':
        return arrival.relist === this.#relist ? this.#onPage(arrival.relist, arrival.page) : {};
      case 'opened':
        return this.#onOpened(arrival.relist, arrival.opening);
      case 'second-silent':
        return arrival.relist === this.#relist ? this.#onSecondSilent(arrival.relist) : {};
      case 'failed':
        throw arrival.error;
    }
  }

  #onFrames(stream: WatchStream, frames: readonly Frame[]): SessionStep {
    if (stream.isClosed) return {};
    this.#parts.idleTimer.interrupt();
    const before = this.#position();
    const { batch, end } = this.#parts.deduplicator.frames(frames, stream);
    // Judged by what moved and not by what was sent: an ERROR frame, or the same again, is nothing.
    if (hasNews(batch) || this.#position() !== before) this.#moved = true;
    if (end === null) this.#parts.prove(this.#parts.clock.monotonic());
    if (this.#relist === null) this.#parts.knownVersions.pruneDeleted();
    else if (this.#relist.isPassed(this.#position())) this.#finish(stream);
    if (end === null) return { batches: [batch] };
    const step = this.#onEnded(stream, end);
    return { ...step, batches: [batch, ...(step.batches ?? [])] };
  }

  #onEnded(stream: WatchStream, evidence: Evidence): SessionStep {
    if (stream.isClosed) return {};
    stream.close();
    const seen = this.#moved ? evidence : toEarlyEnd(stream, evidence);
    const error = toWatchError(seen, this.#parts.clock.now());
    const second = this.#relist?.second ?? null;
    if (stream !== this.#main) return this.#onSecondLost(error);
    if (second === null || second === stream) {
      const completeUntil = stream.completeUntil(evidence);
      return { end: { kind: 'error', error, moved: this.#moved, completeUntil } };
    }
    // The second stream began at or before where this one ended: nothing is missing.
    this.#setMain(second);
    return {};
  }

  #onCheck(due: CheckDue): SessionStep {
    if (due.stream !== this.#main || due.stream.isClosed) return {};
    const evidence = this.#check.look(due, this.#relist);
    return evidence === null ? {} : this.#onEnded(due.stream, evidence);
  }

  #onRelistDue(): SessionStep {
    if (this.#relist !== null) return {};
    if (this.#parts.idleTimer.remainingMs > 0) {
      this.#scheduleRelist();
      return {};
    }
    const relist = new IdleRelist(this.#position(), this.#parts.clock.monotonic());
    this.#relist = relist;
    this.#tasks.spawn(async (signal) => {
      const until = AbortSignal.any([signal, relist.signal]);
      for await (const page of this.#parts.list(until)) {
        await this.#queue.push({ kind: 'page', relist, page }, until);
      }
    });
    return {};
  }

  #onPage(relist: IdleRelist, page: ListPage): SessionStep {
    if (compareVersions(page.resourceVersion, relist.floor) < 0) {
      return { end: { kind: 'replaced' } };
    }
    const { deduplicator, knownVersions, judgeFirst } = this.#parts;
    const found = deduplicator.page(page, { floorOf: () => relist.floor, judgeFirst });
    relist.addPage(page, { hidden: found.hidden, now: this.#parts.clock.monotonic() });
    if (!page.isLast) return { batches: [found.batch] };
    const { deletedKeys, listedKeys } = knownVersions.endList(page.resourceVersion);
    this.#parts.prove(relist.startedAt);
    const { items, pages } = relist;
    const { startedAt, readAt } = page;
    this.#parts.idleRelisted({ items, pages, startedAt, readAt });
    const position = this.#positionAfter(relist);
    return { batches: [{ ...found.batch, gone: deletedKeys, listed: listedKeys, position }] };
  }

  /** The position, where the stream is as far as the list already; else the list is to be proved. */
  #positionAfter(relist: IdleRelist): Position | null {
    const { listed } = relist;
    if (listed === null || !relist.isPassed(this.#position())) {
      this.#openSecond(relist);
      return null;
    }
    // Where nothing at all was written its version stays, but it holds until now.
    this.#parts.knownVersions.moveTo(listed);
    this.#finish(this.#main);
    return this.#parts.knownVersions.position;
  }

  /** Opens the second stream from the old position: what the first may still owe, it brings at once. */
  #openSecond(relist: IdleRelist): void {
    this.#tasks.spawn(async (signal) => {
      // The end of the refresh ends the opening, but no stream that is open: it may have replaced
      // the first one.
      const opener = new AbortController();
      const giveUp = (): void => opener.abort();
      relist.signal.addEventListener('abort', giveUp);
      signal.addEventListener('abort', giveUp);
      const opening = await this.#parts.open(this.#position(), opener.signal).finally(() => {
        relist.signal.removeEventListener('abort', giveUp);
        signal.removeEventListener('abort', giveUp);
      });
      try {
        await this.#queue.push({ kind: 'opened', relist, opening }, signal);
      } catch (error) {
        if (opening.ok) opening.stream.close();
        throw error;
      }
    });
  }

  #onOpened(relist: IdleRelist, opening: Opening): SessionStep {
    if (relist !== this.#relist) {
      if (opening.ok) opening.stream.close();
      return {};
    }
    if (!opening.ok) return this.#onSecondLost(opening.error);
    relist.addSecond(opening.stream);
    this.#pump(opening.stream);
    this.#after(PROOF_MS, { kind: 'second-silent', relist });
    return {};
  }

  #onSecondLost(error: WatchError): SessionStep {
    const relist = this.#relist;
    const listed = relist?.listed ?? null;
    if (error.action === 'relist' && relist !== null && listed !== null) {
      const gaps = this.#parts.gapUpTo(listed, relist);
      this.#parts.knownVersions.moveTo(listed);
      this.#finish(this.#main);
      const moved = positionBatch(this.#parts.knownVersions.position, gaps);
      return { batches: [moved], end: { kind: 'relisted' } };
    }
    // The first stream goes on and the position stays; the next quiet spell tries again.
    this.#endRelist(this.#main);
    return {};
  }

  #onSecondSilent(relist: IdleRelist): SessionStep {
    const { second, listed } = relist;
    if (second === null || listed === null) return {};
    const missingMs = PROOF_MS - second.silentMs;
    if (missingMs > 0) {
      this.#after(missingMs, { kind: 'second-silent', relist });
      return {};
    }
    this.#parts.knownVersions.moveTo(listed);
    this.#finish(second);
    return { batches: [positionBatch(this.#parts.knownVersions.position)] };
  }

  /** The position is renewed; `winner` goes on as the one stream. */
  #finish(winner: WatchStream): void {
    this.#moved = true;
    this.#endRelist(winner);
  }

  #endRelist(winner: WatchStream): void {
    const second = this.#relist?.second ?? null;
    const loser = winner === this.#main ? second : this.#main;
    if (loser !== winner) loser?.close();
    if (winner !== this.#main) this.#setMain(winner);
    this.#relist?.end();
    this.#relist = null;
    this.#parts.knownVersions.pruneDeleted();
    this.#parts.idleTimer.restart();
    this.#scheduleRelist();
  }

  #scheduleRelist(): void {
    this.#after(this.#parts.idleTimer.remainingMs, { kind: 'relist-due' });
  }

  /** Only called where a list was complete before: then there is a position. */
  #position(): string {
    return this.#parts.knownVersions.position?.resourceVersion ?? '';
  }

  /** Another stream is the one that brings everything from now on; it is read already. */
  #setMain(stream: WatchStream): void {
    this.#main = stream;
    this.#check.begin(stream);
  }

  #pump(stream: WatchStream): void {
    this.#tasks.spawn((signal) =>
      pullAll(stream, (pulled) => this.#queue.push({ ...pulled, stream }, signal)),
    );
  }

  #after(ms: number, arrival: SessionArrival): void {
    this.#tasks.spawn(async (signal) => {
      await this.#parts.clock.sleep(ms, signal);
      await this.#queue.push(arrival, signal);
    });
  }

  async #release(): Promise<void> {
    this.#check[Symbol.dispose]();
    this.#tasks.stop();
    this.#main.close();
    this.#relist?.second?.close();
    this.#relist?.end();
    await this.#tasks[Symbol.asyncDispose]();
    // A second stream may have been opened and not been handled any more.
    this.#queue.close();
    for (const arrival of await this.#queue.take(1, new AbortController().signal)) {
      if (arrival.kind === 'opened' && arrival.opening.ok) arrival.opening.stream.close();
    }
  }
}
