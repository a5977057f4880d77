// Converts frames and pages to batches of new states. It is pure except for the observations of
// skipped frames: it sends no request and never waits.

import type { JsonObject } from '../../core/json-object.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Observe } from '../../core/observation.ts';
import type { Gap } from '../../core/ports/source.ts';
import { BatchDraft, type KnownVersions, type ReaderBatch } from './known-versions.ts';
import type { ListedItem, ListPage } from './paged-list.ts';
import type { Evidence } from './watch-errors.ts';
import { type Frame, MAX_FRAME_BYTES, toWatchFrame } from './watch-frames.ts';

/** The clock and counters of the stream that brought the frames. */
interface FrameOrigin {
  readonly serverNow: () => number;
  readonly unreadable: UnreadableCount;
}

/** Result of one page. */
export interface DeduplicatedPage {
  readonly batch: ReaderBatch;
  /** Number of its new items that may have been written more than once since their last read. */
  readonly hidden: number;
}

/** Decides which items of a list are new. */
export interface ListRule {
  /** The version above which an item is new; null: `judgeFirst` decides, as at a first start. */
  readonly floorOf: (object: JsonObject) => string | null;
  /** Whether an item without a floor is yielded. */
  readonly judgeFirst: (object: JsonObject, readAt: number) => boolean;
}

/** Source and path for gaps and observations. */
interface DeduplicatorParts {
  readonly source: string;
  readonly path: string;
  readonly observe: Observe;
  /** Number of writes that a state represents; absent if the kind does not count them. */
  readonly countOf?: (object: JsonObject) => number;
}

interface FrameBatch {
  readonly origin: FrameOrigin;
  readonly draft: BatchDraft;
  /** Time of the read, by the server's wall clock. */
  readonly at: number;
}

interface PageBatch {
  readonly page: ListPage;
  readonly rule: ListRule;
  readonly draft: BatchDraft;
  hidden: number;
}

/** Converts frames and pages of one watch path to batches. */
export class Deduplicator {
  readonly #parts: DeduplicatorParts;
  readonly #knownVersions: KnownVersions;
  readonly #unreadables = new Unreadables();
  #oversize = 0;

  constructor(parts: DeduplicatorParts, knownVersions: KnownVersions) {
    this.#parts = parts;
    this.#knownVersions = knownVersions;
  }

  /** New states in these frames, up to an ERROR or an unreadable frame, which must end the stream. */
  frames(
    frames: readonly Frame[],
    origin: FrameOrigin,
  ): { readonly batch: ReaderBatch; readonly end: Evidence | null } {
    const draft = new BatchDraft();
    const before = this.#knownVersions.position;
    let end: Evidence | null = null;
    const into = { origin, draft, at: origin.serverNow() };
    for (const frame of frames) {
      end = this.#frame(frame, into);
      if (end !== null) break;
    }
    const after = this.#knownVersions.position;
    return { batch: draft.finish(after === before ? null : after), end };
  }

  /** New states on this page; the position does not move. */
  page(page: ListPage, rule: ListRule): DeduplicatedPage {
    if (page.number === 1) {
      this.#knownVersions.beginList();
      this.#oversize = 0;
    }
    const draft = new BatchDraft();
    const into = { page, rule, draft, hidden: 0 };
    this.#knownVersions.showPage(page.items.map(({ key }) => key));
    for (const item of page.items) this.#item(item, into);
    return { batch: draft.finish(null), hidden: into.hidden };
  }

  /** A gap of this path; it begins at the position unless `from` is given. */
  gap(found: Pick<Gap, 'loss' | 'why' | 'to'> & Partial<Pick<Gap, 'from'>>): Gap {
    const { source, path } = this.#parts;
    return { source, path, from: this.#knownVersions.position, ...found };
  }

  #frame(frame: Frame, into: FrameBatch): Evidence | null {
    if (frame.kind !== 'json') {
      const kind = frame.kind === 'too-long' ? 'too-long' : 'bad';
      const fault = kind === 'bad' ? 'is not JSON' : `exceeds the cap of ${MAX_FRAME_BYTES}`;
      const why = `a frame of ${frame.bytes} bytes ${fault}`;
      return this.#unreadable({ kind, bytes: frame.bytes, why }, into);
    }
    const said = toWatchFrame(frame.value);
    const { draft, at } = into;
    switch (said.kind) {
      case 'error':
        return { seen: 'frame', status: said.status };
      case 'bad':
        return this.#unreadable({ kind: 'bad', bytes: frame.bytes, why: said.why }, into);
      case 'bookmark':
        break;
      case 'deleted': {
        const { key, resourceVersion } = said;
        const isNew = this.#knownVersions.recordFrame({ key, resourceVersion, count: 0 }, true);
        if (isNew) draft.gone.add(key);
        break;
      }
      case 'change': {
        const { type, object, key, resourceVersion } = said;
        const count = this.#countOf(object);
        const isNew = this.#knownVersions.recordFrame({ key, resourceVersion, count });
        if (isNew) draft.change({ type, object, key, from: 'watch', readAt: at });
        break;
      }
    }
    this.#knownVersions.streamTo({ resourceVersion: said.resourceVersion, at });
    return null;
  }

  #unreadable(
    frame: { kind: 'too-long' | 'bad'; bytes: number; why: string },
    into: FrameBatch,
  ): Evidence | null {
    const position = this.#knownVersions.position;
    const at = position?.resourceVersion ?? '';
    const answer = this.#unreadables.record(frame.kind, at, into.origin.unreadable);
    if (answer === 'end') return { seen: 'end', how: 'bad-frame', detail: frame.why };
    if (answer === 'skip') {
      this.#observeSkipped(frame.bytes, frame.why);
      const to = position ?? { resourceVersion: '', at: into.at };
      into.draft.gaps.push(this.gap({ loss: 'possible-loss', why: frame.why, to }));
    }
    return null;
  }

  #item({ object, key, resourceVersion, oversizeBytes }: ListedItem, on: PageBatch): void {
    const { page, rule, draft } = on;
    const count = this.#countOf(object);
    const known = this.#knownVersions.countOf(key);
    const isNew = !this.#knownVersions.wasRead(key, resourceVersion);
    this.#knownVersions.recordCount({ key, resourceVersion, count });
    if (!isNew) return;
    const floor = rule.floorOf(object);
    const isWanted =
      floor === null
        ? rule.judgeFirst(object, page.readAt)
        : compareVersions(resourceVersion, floor) > 0;
    if (!isWanted) return;
    this.#knownVersions.recordItem(key, resourceVersion);
    if (oversizeBytes !== null) {
      this.#oversizeItem(oversizeBytes, on);
      return;
    }
    if (floor !== null && count > known + 1) on.hidden += 1;
    draft.change({ type: 'ADDED', object, key, from: 'list', readAt: page.readAt });
  }

  #countOf(object: JsonObject): number {
    return this.#parts.countOf?.(object) ?? 0;
  }

  #oversizeItem(bytes: number, on: PageBatch): void {
    this.#oversize += 1;
    const at = this.#knownVersions.position?.resourceVersion ?? '';
    // The stream brought it before, as a frame above the cap, and it was counted then.
    if (this.#oversize <= this.#unreadables.countedSince(at)) return;
    const why = `an item of at least ${bytes} bytes exceeds the cap of ${MAX_FRAME_BYTES}`;
    this.#observeSkipped(bytes, why);
    const { resourceVersion, readAt } = on.page;
    const to = { resourceVersion, at: readAt };
    on.draft.gaps.push(this.gap({ loss: 'possible-loss', why, to }));
  }

  #observeSkipped(bytes: number, why: string): void {
    const { source, path, observe } = this.#parts;
    observe({ kind: 'frame-skipped', source, path, bytes, why });
  }
}

// Unreadable frames are above the cap, or no JSON, or no frame of a watch. Such a frame has no
// position, so it is identified by its number since the last position. Without that, one bad frame
// would end each stream at the same place for ever, or would be counted at each reconnect.

/** Number of unreadable frames that one stream brought since its position. */
export interface UnreadableCount {
  at: string;
  count: number;
}

/** Remembers unreadable frames across the streams of one watch path. */
export class Unreadables {
  #at = '';
  #failed = 0;
  #counted = 0;

  /**
   * Records one and returns the action. `end`: end the stream and read the frame again, which may
   * have been damaged on its way; not above the cap, because it would be as long again. `skip`: skip
   * and count it. `skip-known`: skip it, it was counted before.
   */
  record(
    kind: 'too-long' | 'bad',
    position: string,
    unreadable: UnreadableCount,
  ): 'end' | 'skip' | 'skip-known' {
    if (unreadable.at !== position) {
      unreadable.at = position;
      unreadable.count = 0;
    }
    if (this.#at !== position) {
      this.#at = position;
      this.#failed = 0;
      this.#counted = 0;
    }
    unreadable.count += 1;
    if (kind === 'bad' && unreadable.count > this.#failed) {
      this.#failed = unreadable.count;
      return 'end';
    }
    this.#failed = Math.max(this.#failed, unreadable.count);
    if (unreadable.count <= this.#counted) return 'skip-known';
    this.#counted = unreadable.count;
    return 'skip';
  }

  /** Number of frames counted since this position; a list does not count them again. */
  countedSince(position: string): number {
    return this.#at === position ? this.#counted : 0;
  }
}
