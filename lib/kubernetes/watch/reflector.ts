// Reads one watch path of any resource until aborted: LIST if there is no usable position, then
// WATCH from there, repeatedly. It absorbs each transient error by watch-error-table.ts. It yields
// only states that this process did not yield before. Decisions, ledgers and stores are not here.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import type { Clock, Random } from '../../core/clock.ts';
import { SluiceError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-object.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Observe, ReadingState } from '../../core/observation.ts';
import type { Gap, Position, Positions, TroubleReason } from '../../core/ports/source.ts';
import type { ApiClient } from '../client/kubernetes-api.ts';
import { type DeduplicatedPage, Deduplicator } from './deduplicator.ts';
import { Freshness } from './freshness.ts';
import { IdleTimer, type ListedSpan, relistGap } from './idle-relist.ts';
import { isEmptyBatch, KnownVersions, positionBatch, type ReaderBatch } from './known-versions.ts';
import { type ListPage, listPages } from './paged-list.ts';
import { ListInterval, ReconnectBackoff } from './reconnect-backoff.ts';
import type { WatchError } from './watch-errors.ts';
import { type SessionEnd, WatchSession } from './watch-session.ts';
import { openWatch } from './watch-stream.ts';
import { positionKeyOf, type StartPoint, startPointOf, type WatchTarget } from './watch-target.ts';

/** Path to read, and where to begin. */
export interface ReaderOptions {
  /** The name of the source, for observations and gaps. */
  readonly source: string;
  readonly watched: WatchTarget;
  /** Positions of earlier runs, also of other paths. */
  readonly positions: Positions;
  /** Whether to yield this item of the list at a first start. */
  readonly judgeFirst: (object: JsonObject, readAt: number) => boolean;
  /** Number of writes that a state represents; absent if the objects do not count them. */
  readonly countOf?: (object: JsonObject) => number;
  /** Time for which the cluster keeps objects, in ms; null: until they are deleted. */
  readonly keptForMs: number | null;
  /**
   * Silence of a stream, in ms, after which a new stream must show whether it was alive. If absent,
   * 25 to 35 s at random, so that many streams do not end at once.
   */
  readonly maxSilenceMs?: number;
}

/** Dependencies of a reader. */
interface ReaderParts {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  /** Called with each moment of the monotonic clock up to which the path was certainly read. */
  readonly proved?: (at: number) => void;
}

/**
 * Reads the changes of one watch path.
 *
 * **Order and time**: nothing is opened before the first pull, and only abort ends it. Per object,
 * no state is older than one already yielded. Not pulling pauses the reading.
 * **Errors**: `cluster-refused` if no retry can help (400).
 */
export async function* readChanges(
  options: ReaderOptions,
  parts: ReaderParts,
  signal: AbortSignal,
): AsyncGenerator<ReaderBatch, void> {
  try {
    yield* new Reflector(options, parts).run(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

type Purpose = 'first' | 'relist' | 'refresh';

/** Opening another stream may take 20 s more, so a dead stream is found within a minute. */
const SILENCE_MS = { least: 25_000, spread: 10_000 } as const;

class Reflector {
  readonly #options: ReaderOptions;
  readonly #parts: ReaderParts;
  readonly #origin: { readonly source: string; readonly path: string };
  readonly #knownVersions: KnownVersions;
  readonly #deduplicator: Deduplicator;
  readonly #reconnectBackoff: ReconnectBackoff;
  readonly #listInterval: ListInterval;
  readonly #freshness: Freshness;
  readonly #start: StartPoint;
  readonly #idleTimer: IdleTimer;
  #isReplaced = false;
  /** Time until which a watch or a list read everything, by the server's wall clock. */
  #completeUntil = 0;

  constructor(options: ReaderOptions, parts: ReaderParts) {
    this.#options = options;
    this.#parts = parts;
    this.#start = startPointOf(options.watched, options.positions);
    this.#knownVersions = new KnownVersions(this.#start.position);
    const { source, countOf } = options;
    this.#origin = { source, path: positionKeyOf(options.watched) };
    const whose = { ...this.#origin, observe: parts.observe };
    this.#deduplicator = new Deduplicator(
      { ...whose, ...(countOf && { countOf }) },
      this.#knownVersions,
    );
    this.#reconnectBackoff = new ReconnectBackoff(parts.random);
    this.#listInterval = new ListInterval(parts.clock);
    this.#freshness = new Freshness({
      ...{ ...whose, clock: parts.clock },
      proved: (at) => parts.proved?.(at),
    });
    this.#idleTimer = new IdleTimer(parts.clock, parts.random);
  }

  async *run(signal: AbortSignal): AsyncGenerator<ReaderBatch, void> {
    using freshness = this.#freshness;
    for await (const batch of this.#read(signal)) {
      freshness.hold();
      yield batch;
      freshness.release();
    }
  }

  async *#read(signal: AbortSignal): AsyncGenerator<ReaderBatch, void> {
    let mustList = this.#knownVersions.position === null;
    for (;;) {
      if (mustList) yield* this.#list(signal);
      const end = yield* this.#watch(signal);
      mustList = end.kind === 'replaced';
      this.#listInterval.watched(end.livedMs);
      if (end.kind !== 'error') continue;
      const { error } = end;
      await this.#wait(end, signal);
      mustList = error.action === 'relist' || this.#reconnectBackoff.wantsRelist(error);
    }
  }

  /** Lists everything and yields new states; afterwards the position is that of the list. */
  async *#list(signal: AbortSignal): AsyncGenerator<ReaderBatch, void> {
    const purpose = this.#known().length === 0 ? 'first' : 'relist';
    this.#observeState('listing', purpose);
    let count = { items: 0, pages: 0 };
    let hidden = 0;
    for await (const page of this.#pages(purpose, signal)) {
      if (page.number === 1) {
        count = { items: 0, pages: 0 };
        const replaced = this.#noticeReplaced(page);
        if (replaced !== null) yield replaced;
      }
      count = { items: count.items + page.items.length, pages: count.pages + 1 };
      const { judgeFirst } = this.#options;
      const found = this.#deduplicator.page(page, { floorOf: this.#floorOf(), judgeFirst });
      // Also of a list that restarted, because the items of its first pages were read.
      hidden += found.hidden;
      const { batch } = found;
      const whole = page.isLast ? this.#complete(page, { batch, hidden }) : batch;
      if (page.isLast) this.#observeListed(purpose, { ...count, startedAt: page.startedAt });
      if (!isEmptyBatch(whole)) yield whole;
    }
  }

  /** Adds the conclusions of a complete list: deleted keys, the new position, a gap. */
  #complete(page: ListPage, { batch, hidden }: DeduplicatedPage): ReaderBatch {
    const position = { resourceVersion: page.resourceVersion, at: page.readAt };
    const gap = this.#gapUpTo(position, { hidden, isConsistent: page.isConsistent });
    // Deletions within the gap were on no stream; the store finds them by the keys that exist.
    const listed = this.#knownVersions.existing(page.resourceVersion);
    this.#knownVersions.endList();
    // No stream is open, so none brings anything up to this version any more.
    this.#knownVersions.streamTo(position);
    this.#idleTimer.restart();
    this.#freshness.prove();
    this.#reconnectBackoff.resetEmptyTries();
    return { ...batch, listed, position, gaps: [...batch.gaps, ...gap] };
  }

  /** The gap before a list; none at a first start, when nothing can be missing. */
  #gapUpTo(to: Position, list: ListedSpan): readonly Gap[] {
    const [known] = this.#known();
    if (known === undefined) return [];
    const from = { ...known, at: Math.max(known.at, this.#completeUntil) };
    return [this.#deduplicator.gap(relistGap({ ...list, from, to }, this.#options.keptForMs))];
  }

  /** Positions from which this path continues, the oldest first. */
  #known(): readonly Position[] {
    const { position } = this.#knownVersions;
    if (position !== null) return [position];
    return this.#isReplaced ? [] : this.#start.known;
  }

  /** Versions of a store never decrease; a lower one means another store or an older copy. */
  #noticeReplaced(page: ListPage): ReaderBatch | null {
    const below = (known: Position): boolean =>
      compareVersions(page.resourceVersion, known.resourceVersion) < 0;
    const from = this.#known().find(below);
    if (from === undefined) return null;
    const why = `the store was replaced: its version ${page.resourceVersion} is below the position`;
    const to = { resourceVersion: page.resourceVersion, at: page.readAt };
    const gaps = [this.#deduplicator.gap({ loss: 'possible-loss', why, from, to })];
    this.#knownVersions.reset();
    this.#isReplaced = true;
    return positionBatch(null, { gaps });
  }

  #floorOf(): (object: JsonObject) => string | null {
    const floor = this.#knownVersions.position?.resourceVersion;
    if (floor !== undefined) return () => floor;
    return this.#isReplaced ? () => null : this.#start.floorOf;
  }

  async *#watch(
    signal: AbortSignal,
  ): AsyncGenerator<ReaderBatch, SessionEnd & { livedMs: number }> {
    const after = this.#knownVersions.position?.resourceVersion ?? '';
    this.#observeState('connecting', '');
    const opening = await this.#open(after, signal);
    if (!opening.ok) {
      const { error } = opening;
      return { kind: 'error', error, moved: false, completeUntil: null, livedMs: 0 };
    }
    this.#parts.observe({ kind: 'watch-opened', ...this.#origin, resourceVersion: after });
    this.#freshness.doubt();
    this.#knownVersions.beginStream();
    // After watches that brought nothing, this one must first prove itself.
    if (this.#reconnectBackoff.isProductive) this.#observeState('watching', '');
    const session = new WatchSession(this.#sessionParts(), opening.stream);
    const end = yield* session.run(signal);
    if (end.kind === 'error') this.#extendCompleteUntil(end.completeUntil ?? 0);
    return { ...end, livedMs: opening.stream.livedMs };
  }

  #prove(at: number): void {
    this.#freshness.prove(at);
    if (this.#reconnectBackoff.isProductive) return;
    this.#reconnectBackoff.resetEmptyTries();
    this.#observeState('watching', '');
  }

  #extendCompleteUntil(until: number): void {
    this.#completeUntil = Math.max(this.#completeUntil, until);
  }

  #sessionParts(): ConstructorParameters<typeof WatchSession>[0] {
    const { clock, random } = this.#parts;
    const { maxSilenceMs } = this.#options;
    return {
      clock,
      idleMs: maxSilenceMs ?? SILENCE_MS.least + random() * SILENCE_MS.spread,
      prove: (at) => this.#prove(at),
      idleTimer: this.#idleTimer,
      knownVersions: this.#knownVersions,
      deduplicator: this.#deduplicator,
      list: (signal) => this.#pages('refresh', signal),
      open: (after, signal) => this.#open(after, signal),
      judgeFirst: this.#options.judgeFirst,
      gapUpTo: (to, list) => this.#gapUpTo(to, list),
      idleRelisted: (list) => {
        this.#extendCompleteUntil(list.readAt);
        this.#observeListed('refresh', list);
      },
    };
  }

  #open(after: string, signal: AbortSignal): ReturnType<typeof openWatch> {
    return openWatch(this.#options.watched, { parts: this.#parts, after }, signal);
  }

  #pages(purpose: Purpose, signal: AbortSignal): AsyncGenerator<ListPage, void> {
    const { api, clock, random } = this.#parts;
    // A backoff of its own, because errors of the watch say nothing about lists.
    const own = new ReconnectBackoff(random);
    const begin = async (): Promise<void> => {
      const waitMs = this.#listInterval.waitMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    };
    const backOff = async (error: WatchError): Promise<void> => {
      this.#refuse('list', error);
      const retryMs = own.delayMs(error, { livedMs: 0, moved: false });
      const { reason, detail } = error;
      this.#parts.observe({ kind: 'list-failed', ...this.#origin, reason, detail, retryMs });
      // While an idle relist waits, the watch continues.
      if (purpose !== 'refresh') this.#observeState('waiting', `${reason}: ${detail}`, { reason });
      await clock.sleep(retryMs, signal);
      if (purpose !== 'refresh') this.#observeState('listing', purpose);
    };
    return listPages(this.#options.watched, { api, clock, begin, backOff }, signal);
  }

  async #wait(
    end: Extract<SessionEnd, { kind: 'error' }> & { livedMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { error, moved, livedMs } = end;
    const { reason, detail } = error;
    this.#refuse('watch', error);
    this.#freshness.doubt();
    const delayMs = this.#reconnectBackoff.delayMs(error, { livedMs, moved });
    // Before a LIST, its interval is long enough.
    const retryMs = this.#reconnectBackoff.wantsRelist(error) ? 0 : delayMs;
    const found = { reason, detail, lastedMs: livedMs, retryMs };
    this.#parts.observe({ kind: 'watch-ended', ...this.#origin, ...found });
    if (retryMs === 0) return;
    this.#observeState('waiting', `${reason}: ${detail}`, { reason });
    await this.#parts.clock.sleep(retryMs, signal);
  }

  #refuse(doing: 'list' | 'watch', { action, detail, reason }: WatchError): void {
    if (action !== 'fail') return;
    const { path } = this.#origin;
    throw new SluiceError(
      'cluster-refused',
      `${doing} ${path}: the API server refuses it, and no retry can help: ${detail}`,
      { details: { path, reason } },
    );
  }

  #observeState(state: ReadingState, why: string, more: { reason?: TroubleReason } = {}): void {
    this.#parts.observe({ kind: 'reading', ...this.#origin, state, why, ...more });
  }

  #observeListed(
    purpose: Purpose,
    { items, pages, startedAt }: { items: number; pages: number; startedAt: number },
  ): void {
    const durationMs = Math.round(this.#parts.clock.monotonic() - startedAt);
    const found = { purpose, items, pages, durationMs };
    this.#parts.observe({ kind: 'list-ended', ...this.#origin, ...found });
  }
}
