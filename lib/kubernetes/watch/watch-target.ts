// Watch paths: any resource of any group, in one namespace or all, as paths and queries. For a path
// it also answers where reading starts, given the kept positions, and which paths replace it after
// a change of the configuration, also of its selector. It sends no request.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import { type JsonObject, stringAt } from '../../core/json-object.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Position, Positions, WatchPath } from '../../core/ports/source.ts';
import { parseFieldSelector, renderFieldSelector } from '../client/field-selector.ts';
import { resourcePath } from '../client/objects.ts';

/** One watch path. */
export interface WatchTarget {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural in lower case, as in paths. */
  readonly resource: string;
  /** Null: all namespaces. */
  readonly namespace: string | null;
  /** As `renderFieldSelector` writes it; absent: everything. */
  readonly fieldSelector?: string;
  /** Set if `managedFields` are cut out of frames; only for kinds with no other such key. */
  readonly managedFields?: 'left out';
}

/** Path of the LIST and the WATCH. */
export function pathOf(watched: WatchTarget): string {
  const { group, version, namespace, resource } = watched;
  return resourcePath({ group, version, namespace, plural: resource });
}

/** Name of its kept position: the path, and the selector if there is one. */
export function positionKeyOf(watched: WatchTarget): string {
  const { fieldSelector } = watched;
  return pathOf(watched) + (fieldSelector === undefined ? '' : `${SELECTED_BY}${fieldSelector}`);
}

const SELECTED_BY = '?fieldSelector=';

/** The path of a name of a position, and the selector; '' if it has none. */
function partsOf(key: string): readonly [path: string, selector: string] {
  const [path = '', ...selector] = key.split(SELECTED_BY);
  return [path, selector.join(SELECTED_BY)];
}

/** The path of a name of a position, without the selector. */
function pathIn(key: string): string {
  return partsOf(key)[0];
}

/** Part of the query that selects objects. */
export function selectorOf(watched: WatchTarget): Readonly<Record<string, string>> {
  return watched.fieldSelector === undefined ? {} : { fieldSelector: watched.fieldSelector };
}

/**
 * Paths that read the keys of a watch path now: the path itself, the path of all namespaces, or
 * some of its namespaces, whatever their selectors. None for another resource.
 */
export function successorsOf(key: string, watched: readonly WatchTarget[]): readonly WatchPath[] {
  const path = pathIn(key);
  const isWhole = (one: WatchTarget): boolean =>
    pathOf(one) === path || (one.namespace === null && covers(one, path));
  const whole = watched.find(isWhole);
  if (whole !== undefined) return [{ path: positionKeyOf(whole), namespace: null }];
  return watched
    .filter((one) => pathOf({ ...one, namespace: null }) === path)
    .map((one) => ({ path: positionKeyOf(one), namespace: one.namespace }));
}

/** Whether the path is that of one namespace of the same resource. */
function covers(watched: WatchTarget, path: string): boolean {
  const namespace = /\/namespaces\/([^/?]+)\//.exec(path)?.[1];
  return namespace !== undefined && pathOf({ ...watched, namespace }) === path;
}

/** Start of reading a watch path. */
export interface StartPoint {
  /** Null: a complete list must come first. */
  readonly position: Position | null;
  /** Version above which an item of that list is new; null: judged as at a first start. */
  readonly floorOf: (object: JsonObject) => string | null;
  /** Positions from which it continues, the oldest first. */
  readonly known: readonly Position[];
}

/** Tolerance for differences between the clocks of servers. */
const CLOCK_SLACK_MS = 60_000;

/**
 * Finds the start for a path in its own position, that of the path that covers it, and those of the
 * paths it covers. The newest one counts, because a state that was read under one configuration is
 * not judged again under the next. So does the newest one under another selector: a changed selector
 * is like changed rules, which are for states that are written later.
 */
export function startPointOf(watched: WatchTarget, positions: Positions): StartPoint {
  const byPath = newestByPath(positions);
  return watched.namespace === null ? ofAll(watched, byPath) : ofOne(watched, byPath);
}

/** The newest position of each path, under any selector. */
function newestByPath(positions: Positions): Positions {
  const byPath = new Map<string, Position>();
  for (const [key, position] of positions) {
    const path = pathIn(key);
    byPath.set(path, latterOf(position, byPath.get(path)) ?? position);
  }
  return byPath;
}

/** A selector under which a path was read last, and that left out a part of what it selects now. */
interface Widened {
  /** '' if it was read without a selector, which leaves out nothing. */
  readonly before: string;
  readonly from: Position;
}

/** Finds whether a path selects more now than when it was read last; null if it does not. */
export function widenedFrom(watched: WatchTarget, positions: Positions): Widened | null {
  const { known } = startPointOf(watched, positions);
  const wider = [...positions]
    .filter(([, position]) => known.includes(position))
    .map(([key, from]) => ({ before: partsOf(key)[1], from }));
  return wider.find(({ before }) => !isWithin(watched.fieldSelector ?? '', before)) ?? null;
}

/** Whether each object that a selector selects is selected by another one: it has all its terms. */
function isWithin(selector: string, other: string): boolean {
  const terms = new Set(termsIn(selector));
  return termsIn(other).every((term) => terms.has(term));
}

function termsIn(selector: string): readonly string[] {
  const parsed = parseFieldSelector(selector);
  return parsed.ok ? parsed.terms.map((term) => renderFieldSelector([term])) : [selector];
}

/** The path of all namespaces brought everything of this one too. */
function ofOne(watched: WatchTarget, positions: Positions): StartPoint {
  const covering = positions.get(pathOf({ ...watched, namespace: null }));
  return resume(latterOf(positions.get(pathOf(watched)), covering));
}

/** A watch cannot skip states of single namespaces that were read since, so a list comes first. */
function ofAll(watched: WatchTarget, positions: Positions): StartPoint {
  const own = positions.get(pathOf(watched));
  const since = [...positions]
    .filter(([path, part]) => covers(watched, path) && latterOf(own, part) === part)
    .map(([, part]) => part);
  if (since.length === 0) return resume(own);
  const floorOf = (object: JsonObject): string | null => {
    const namespace = stringAt(object, 'metadata', 'namespace');
    const part = positions.get(pathOf({ ...watched, namespace }));
    return latterOf(own, part)?.resourceVersion ?? null;
  };
  const known = [...(own === undefined ? [] : [own]), ...since].toSorted((a, b) => a.at - b.at);
  return { position: null, floorOf, known };
}

function resume(position: Position | undefined): StartPoint {
  const floor = position?.resourceVersion ?? null;
  const known = position === undefined ? [] : [position];
  return { position: position ?? null, floorOf: () => floor, known };
}

/**
 * The position with the higher version; `own` if both are equal. If the higher one was read well
 * before the lower one, its store was replaced since, so the lower one counts.
 */
function latterOf(own: Position | undefined, other: Position | undefined): Position | undefined {
  if (own === undefined || other === undefined) return own ?? other;
  const order = compareVersions(own.resourceVersion, other.resourceVersion);
  if (order === 0) return own;
  const [low, high] = order < 0 ? [own, other] : [other, own];
  return low.at - high.at > CLOCK_SLACK_MS ? low : high;
}
