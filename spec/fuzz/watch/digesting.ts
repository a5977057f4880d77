// What the deduplicator promises of any frames: each state once and never an older one, a position that only
// moves on, what is unreadable counted once across reconnects, and an end to reconnecting. The model
// beside it is naive: the highest version so far, and the lines that a server would send again.

import { type Json, jsonAt, stringAt } from '../../../lib/core/json-object.ts';
import type { Observation } from '../../../lib/core/observation.ts';
import type { Position } from '../../../lib/core/ports/source.ts';
import { Deduplicator } from '../../../lib/kubernetes/watch/deduplicator.ts';
import { KnownVersions, type ReaderBatch } from '../../../lib/kubernetes/watch/known-versions.ts';
import { ReconnectBackoff } from '../../../lib/kubernetes/watch/reconnect-backoff.ts';
import { WATCH_ERRORS } from '../../../lib/kubernetes/watch/watch-error-table.ts';
import { type Evidence, toWatchError } from '../../../lib/kubernetes/watch/watch-errors.ts';
import { type Frame, toWatchFrame } from '../../../lib/kubernetes/watch/watch-frames.ts';
import { must, mustBePrintable, mustBeSame, shown } from '../target.ts';
import type { SplitLine } from './splitting.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const KINDS: readonly string[] = ['change', 'deleted', 'bookmark', 'error', 'bad'];
const ROWS: readonly string[] = WATCH_ERRORS.map(({ row }) => row);

interface Reading {
  readonly deduplicator: Deduplicator;
  readonly memory: KnownVersions;
  readonly seen: Observation[];
}

function open(from: string | null): Reading {
  const position: Position | null = from === null ? null : { resourceVersion: from, at: 0 };
  const memory = new KnownVersions(position);
  const seen: Observation[] = [];
  const observe = (observation: Observation): void => void seen.push(observation);
  return {
    deduplicator: new Deduplicator({ source: 's', path: '/p', observe }, memory),
    memory,
    seen,
  };
}

/** Reads the lines as a watch would, with reconnects, and holds what comes out to the model. */
export function mustDigest(lines: readonly SplitLine[], from: string | null): void {
  for (const { frame } of lines) {
    if (frame?.kind !== 'json') continue;
    const said = toWatchFrame(frame.value);
    must(KINDS.includes(said.kind), () => `${said.kind} is said by a frame`);
    must(said.kind === naiveKind(frame.value), () => `${shown(frame.value)} is ${said.kind}`);
  }
  mustReadOnce(lines, from);
  mustNotMindCuts(lines, from);
}

/** What a frame is, by what the API says of frames. */
function naiveKind(value: unknown): string {
  const json = value as Json;
  const object = jsonAt(json, 'object');
  const type = jsonAt(json, 'type');
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return 'bad';
  if (type === 'ERROR') return 'error';
  const version = stringAt(object, 'metadata', 'resourceVersion');
  if (type === 'BOOKMARK') return version === '' ? 'bad' : 'bookmark';
  const named = version !== '' && stringAt(object, 'metadata', 'name') !== '';
  if (type === 'DELETED') return named ? 'deleted' : 'bad';
  return named && (type === 'ADDED' || type === 'MODIFIED') ? 'change' : 'bad';
}

/** One frame at a time; a stream that ends is opened again where the position is. */
function mustReadOnce(lines: readonly SplitLine[], from: string | null): void {
  const { deduplicator, memory, seen } = open(from);
  const model = new Model(from);
  const bad = lines.filter(({ frame }) => isUnreadable(frame));
  let resume = 0;
  let ends = 0;
  let at = 0;
  let unreadable = { at: '', count: 0 };
  while (at < lines.length) {
    const frame = lines[at]?.frame ?? null;
    at += 1;
    if (frame === null) continue;
    const before = memory.position?.resourceVersion;
    const { batch, end } = deduplicator.frames([frame], { serverNow: () => NOW, unreadable });
    if (end?.seen === 'frame') {
      mustBeTrouble(end);
      break;
    }
    if (end !== null) {
      mustBeTrouble(end);
      ends += 1;
      must(ends <= bad.length, () => `${ends} reconnects for ${bad.length} unreadable frames`);
      at = resume;
      unreadable = { at: '', count: 0 };
      continue;
    }
    model.take(frame, batch);
    if (memory.position?.resourceVersion !== before) resume = at;
    mustBeSame(memory.position?.resourceVersion ?? null, model.position, 'the position');
  }
  const passed = lines.slice(0, at).filter(({ frame }) => isUnreadable(frame)).length;
  must(model.gaps === passed, () => `${model.gaps} gaps for ${passed} unreadable frames`);
  const skipped = seen.filter(({ kind }) => kind === 'frame-skipped').length;
  must(skipped === passed, () => `${skipped} told for ${passed} unreadable frames`);
}

function isUnreadable(frame: Frame | null): boolean {
  if (frame === null) return false;
  return frame.kind !== 'json' || toWatchFrame(frame.value).kind === 'bad';
}

/** What is known of a path by one who only compares. */
class Model {
  position: string | null;
  gaps = 0;

  constructor(position: string | null) {
    this.position = position;
  }

  /** Holds what came of one frame to what is new about it. */
  take(frame: Frame, batch: ReaderBatch): void {
    this.gaps += batch.gaps.length;
    const said = frame.kind === 'json' ? toWatchFrame(frame.value) : null;
    if (said === null || said.kind === 'bad' || said.kind === 'error') {
      must(batch.changes.length === 0, 'what can not be read changes nothing');
      return;
    }
    const { resourceVersion } = said;
    if (said.kind !== 'bookmark') {
      // A server sends frames in the order of their versions.
      const isNew = this.position === null || isBelow(this.position, resourceVersion);
      const changes = said.kind === 'change' && isNew ? [said.object] : [];
      const gone = said.kind === 'deleted' && isNew ? [said.key] : [];
      mustBeSame(
        batch.changes.map(({ object }) => object),
        changes,
        'what is new',
      );
      mustBeSame(batch.gone, gone, 'what is gone');
    }
    if (this.position === null || !isBelow(resourceVersion, this.position)) {
      this.position = resourceVersion;
    }
  }
}

/** Decimal numbers of any length; what is none is ordered all the same. */
function isBelow(a: string, b: string): boolean {
  if (/^[1-9]\d*$/.test(a) && /^[1-9]\d*$/.test(b)) return BigInt(a) < BigInt(b);
  return a.length === b.length ? a < b : a.length < b.length;
}

/** All at once, one by one, by halves: the same states, the same keys left, the same position. */
function mustNotMindCuts(lines: readonly SplitLine[], from: string | null): void {
  const frames = lines.flatMap(({ frame }) => frame ?? []);
  const half = Math.floor(frames.length / 2);
  const ways = [
    [frames],
    frames.map((frame) => [frame]),
    [frames.slice(0, half), frames.slice(half)],
  ].map((groups) => readGroups(groups, from));
  mustBeSame(ways[1], ways[0], 'frames one by one');
  mustBeSame(ways[2], ways[0], 'frames by halves');
}

function readGroups(groups: readonly (readonly Frame[])[], from: string | null): unknown {
  const { deduplicator, memory } = open(from);
  const changes: unknown[] = [];
  const there = new Map<string, boolean>();
  const unreadable = { at: '', count: 0 };
  let gaps = 0;
  let end: Evidence | null = null;
  for (const group of groups) {
    const digested = deduplicator.frames(group, { serverNow: () => NOW, unreadable });
    for (const change of digested.batch.changes) {
      changes.push(change);
      const { object } = change;
      const key = `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`;
      there.set(key, true);
    }
    for (const key of digested.batch.gone) there.set(key, false);
    gaps += digested.batch.gaps.length;
    ({ end } = digested);
    if (end !== null) break;
  }
  return { changes, there: [...there].toSorted(), gaps, end, position: memory.position };
}

/** Holds what is made of an end to the table, and the waiting to being bounded and never nothing. */
export function mustBeTrouble(evidence: Evidence): void {
  const trouble = toWatchError(evidence, NOW);
  must(ROWS.includes(trouble.row), () => `${trouble.row} is a row of the table`);
  const { askedMs, detail } = trouble;
  must(
    askedMs === null || (askedMs >= 0 && askedMs <= 300_000),
    () => `asked to wait for ${askedMs} ms`,
  );
  if (evidence.seen === 'frame' || evidence.seen === 'answer') {
    mustBePrintable(detail, 'a detail');
    must(detail.length <= 300, () => `a detail has ${detail.length} characters`);
  }
  mustWait(trouble);
}

function mustWait(trouble: ReturnType<typeof toWatchError>): void {
  const patience = new ReconnectBackoff(() => 0.5);
  let waited = 0;
  for (let time = 0; time < 4; time += 1) {
    const ms = patience.delayMs(trouble, { livedMs: 0, moved: false });
    must(Number.isFinite(ms) && ms >= 0 && ms <= 400_000, () => `waits for ${ms} ms`);
    waited += ms;
  }
  must(waited > 0, () => `four times "${trouble.row}" without any wait`);
}
