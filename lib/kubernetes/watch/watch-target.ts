// Watch paths: any resource of any group, in one namespace or all, as paths and queries. For a path
// it also answers where reading starts, given the kept positions, and which paths replace it after
// a change of the configuration. It sends no request.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import { type JsonObject, stringAt } from '../../core/json-object.ts';
import { compareVersions } from '../../core/object-reference.ts';
import type { Position, Positions, WatchPath } from '../../core/ports/source.ts';
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
  const path = pathOf(watched);
  const { fieldSelector } = watched;
  return fieldSelector === undefined ? path : `${path}?fieldSelector=${fieldSelector}`;
}

/** Part of the query that selects objects. */
export function selectorOf(watched: WatchTarget): Readonly<Record<string, string>> {
  return watched.fieldSelector === undefined ? {} : { fieldSelector: watched.fieldSelector };
}

/**
 * Paths that read the keys of a watch path now: the path itself, the path of all namespaces, or
 * some of its namespaces. None for another resource or selector.
 */
export function successorsOf(path: string, watched: readonly WatchTarget[]): readonly WatchPath[] {
  const isWhole = (one: WatchTarget): boolean =>
    positionKeyOf(one) === path || (one.namespace === null && covers(one, path));
  const whole = watched.find(isWhole);
  if (whole !== undefined) return [{ path: positionKeyOf(whole), namespace: null }];
  return watched
    .filter((one) => positionKeyOf({ ...one, namespace: null }) === path)
    .map((one) => ({ path: positionKeyOf(one), namespace: one.namespace }));
}

/** Whether the path is that of one namespace of the same resource and selector. */
function covers(watched: WatchTarget, path: string): boolean {
  const namespace = /\/namespaces\/([^/?]+)\//.exec(path)?.[1];
  return namespace !== undefined && positionKeyOf({ ...watched, namespace }) === path;
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
 * not judged again under the next.
 */
export function startPointOf(watched: WatchTarget, positions: Positions): StartPoint {
  return watched.namespace === null ? ofAll(watched, positions) : ofOne(watched, positions);
}

/** The path of all namespaces brought everything of this one too. */
function ofOne(watched: WatchTarget, positions: Positions): StartPoint {
  const covering = positions.get(positionKeyOf({ ...watched, namespace: null }));
  return resume(latterOf(positions.get(positionKeyOf(watched)), covering));
}

/** A watch cannot skip states of single namespaces that were read since, so a list comes first. */
function ofAll(watched: WatchTarget, positions: Positions): StartPoint {
  const own = positions.get(positionKeyOf(watched));
  const since = [...positions]
    .filter(([path, part]) => covers(watched, path) && latterOf(own, part) === part)
    .map(([, part]) => part);
  if (since.length === 0) return resume(own);
  const floorOf = (object: JsonObject): string | null => {
    const namespace = stringAt(object, 'metadata', 'namespace');
    const part = positions.get(positionKeyOf({ ...watched, namespace }));
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
