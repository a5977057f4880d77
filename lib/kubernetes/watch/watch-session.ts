// One watch from its open stream to its end, with the idle relist beside it. All inputs go through
// one queue of one item and are handled synchronously, so their order is explicit. Inputs are
// frames, ends, timers, pages of the relist, and its second stream. Not pulling a batch leaves the
// queue full and pauses them all.

import type { Clock } from '../../core/clock.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Gap, Position } from '../../core/ports/source.ts';
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
import { type Opening, PROOF_MS, type WatchStream } from './watch-stream.ts';

interface SessionParts extends Pick<StreamCheckParts, 'idleMs' | 'prove'> {
  readonly clock: Clock;
  /** Belongs to the path, not to this session: it continues across streams. */
  readonly idleTimer: IdleTimer;
  readonly knownVersions: KnownVersions;
  readonly deduplicator: Deduplicator;
  /** Pages of a consistent list, with a backoff of its own. */
  readonly list: (signal: AbortSignal) => AsyncIterable<ListPage>;
  readonly open: (after: string, signal: AbortSignal) => Promise<Opening>;
  readonly judgeFirst: ListRule['judgeFirst'];
  /** Called when the list of an idle relist is complete. */
  readonly idleRelisted: (list: IdleRelistResult) => void;
  /** The gap if that list takes the place of a relist; called before the position moves. */
  readonly gapUpTo: (to: Position, list: ListedSpan) => readonly Gap[];
}

/** Reason for the end of a session. */
export type SessionEnd =
  | {
      readonly kind: 'error';
      readonly error: WatchError;
      /** Whether it brought a state, a deletion or a newer position. */
      readonly moved: boolean;
      /** Until then, by the server's wall clock, the stream brought everything; null: unknown. */
      readonly completeUntil: number | null;
    }
  /** The position was compacted, but the idle relist took the place of a relist. */
  | { readonly kind: 'relisted' }
  /** The store of the server was replaced. */
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
  /** In order; batches before an end are yielded before it. */
  readonly batches?: readonly ReaderBatch[];
  readonly end?: SessionEnd;
}

/** Reads one watch until its end. */
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

  /** Batches until the watch ends; everything is released before the iterator settles. */
  async *run(signal: AbortSignal): AsyncGenerator<ReaderBatch, SessionEnd> {
    const stopping = this.#tasks.stopWith(signal);
    try {
      this.#pump(this.#main);
      this.#check.begin(this.#main);
      // A stream that was just opened brings missed states; a list must not overtake them.
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
    // Progress counts, not the number of frames: an ERROR frame or a known state is no progress.
    if (hasNews(batch) || this.#position() !== before) this.#moved = true;
    if (end === null) this.#parts.prove(this.#parts.clock.monotonic());
    if (this.#relist?.isPassed(this.#position()) === true) this.#finish(stream);
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
    // The second stream began at or before the end of this one, so nothing is missing.
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
    this.#parts.knownVersions.beginOverlap();
    this.#tasks.spawn(async (signal) => {
      const until = AbortSignal.any([signal, relist.ending.signal]);
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
    // The stream brings deletions. Only what was deleted before this process is found by the keys.
    const listed = knownVersions.isListed ? null : knownVersions.existing(page.resourceVersion);
    knownVersions.endList();
    this.#parts.prove(relist.startedAt);
    const { items, pages } = relist;
    const { startedAt, readAt } = page;
    this.#parts.idleRelisted({ items, pages, startedAt, readAt });
    const position = this.#positionAfter(relist);
    return { batches: [{ ...found.batch, listed, position }] };
  }

  /** The new position if the stream has reached the list; else null, and opens a second stream. */
  #positionAfter(relist: IdleRelist): Position | null {
    const { listed } = relist;
    if (listed === null || !relist.isPassed(this.#position())) {
      this.#openSecond(relist);
      return null;
    }
    // If nothing was written, the version is the same, but the position is now.
    this.#parts.knownVersions.moveTo(listed);
    this.#finish(this.#main);
    return this.#parts.knownVersions.position;
  }

  /** Opens the second stream from the old position; it brings missed states of the first at once. */
  #openSecond(relist: IdleRelist): void {
    this.#tasks.spawn(async (signal) => {
      const until = AbortSignal.any([signal, relist.ending.signal]);
      const opening = await this.#parts.open(this.#position(), until);
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
      const { knownVersions } = this.#parts;
      const existing = knownVersions.existing(listed.resourceVersion);
      knownVersions.moveTo(listed);
      this.#finish(this.#main);
      const moved = positionBatch(knownVersions.position, { gaps, listed: existing });
      return { batches: [moved], end: { kind: 'relisted' } };
    }
    // The first stream and the position remain; the next idle relist tries again.
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

  /** The position was renewed; `winner` remains as the only stream. */
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
    this.#parts.knownVersions.endOverlap();
    this.#parts.idleTimer.restart();
    this.#scheduleRelist();
  }

  #scheduleRelist(): void {
    this.#after(this.#parts.idleTimer.remainingMs, { kind: 'relist-due' });
  }

  /** Only called after a complete list, so there is a position. */
  #position(): string {
    return this.#parts.knownVersions.position?.resourceVersion ?? '';
  }

  /** Makes another stream the main one; it is read already. */
  #setMain(stream: WatchStream): void {
    this.#main = stream;
    this.#check.begin(stream);
  }

  #pump(stream: WatchStream): void {
    this.#tasks.spawn(async (signal) => {
      for (;;) {
        const pulled = await stream.pull();
        if (pulled.kind === 'closed') return;
        await this.#queue.push({ ...pulled, stream }, signal);
        if (pulled.kind === 'ended') return;
      }
    });
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
    this.#parts.knownVersions.endOverlap();
    await this.#tasks[Symbol.asyncDispose]();
    // A second stream may have been opened that was not handled any more.
    this.#queue.close();
    for (const arrival of await this.#queue.take(1, new AbortController().signal)) {
      if (arrival.kind === 'opened' && arrival.opening.ok) arrival.opening.stream.close();
    }
  }
}
