// What is read: any resource of any group, in one namespace or all, as paths and queries. Events are
// the first use of it, not the only one.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import { compareVersions, type JsonObject, stringAt } from '../../core/event.ts';
import type { Position, Positions, WatchPath } from '../../core/source.ts';
import { resourcePath } from '../client/objects.ts';

/** One watch path. */
export interface WatchTarget {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural in lower case, as it stands in paths. */
  readonly resource: string;
  /** Null: every namespace. */
  readonly namespace: string | null;
  readonly fieldSelector?: string;
  /** Whether its objects' `managedFields` are left out of frames; for kinds without another such key. */
  readonly managedFields?: 'left out';
}

/** The path that is listed and watched. */
export function pathOf(watched: WatchTarget): string {
  const { group, version, namespace, resource } = watched;
  return resourcePath({ group, version, namespace, plural: resource });
}

/** The name under which its position is kept: the path, and the selector where there is one. */
export function positionKeyOf(watched: WatchTarget): string {
  const path = pathOf(watched);
  const { fieldSelector } = watched;
  return fieldSelector === undefined ? path : `${path}?fieldSelector=${fieldSelector}`;
}

/** The part of a query that selects. */
export function selectorOf(watched: WatchTarget): Readonly<Record<string, string>> {
  return watched.fieldSelector === undefined ? {} : { fieldSelector: watched.fieldSelector };
}

// Who reads the keys of a watch path now, after the configuration changed: the path itself, the one
// that covers it, or some of its namespaces. Only which keys they are; where reading them goes on is
// start-point.ts.

/** The parts of a watch path that these read; none where it is another resource or selector. */
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
export function covers(watched: WatchTarget, path: string): boolean {
  const namespace = /\/namespaces\/([^/?]+)\//.exec(path)?.[1];
  return namespace !== undefined && positionKeyOf({ ...watched, namespace }) === path;
}

// Where the reading of a watch path begins, given the positions that were kept: its own, that of the
// path that covers it, those of the paths it covers. The newest of them counts, for a state that was
// read under one configuration is not judged again under the next. Nothing is asked of a server.

/** Where the reading begins. */
export interface StartPoint {
  /** Null: a complete list must come first. */
  readonly position: Position | null;
  /** Of that first list: the version above which an item is new; null: judged as at a first start. */
  readonly floorOf: (object: JsonObject) => string | null;
  /** The positions from which it goes on, the one read longest ago first. */
  readonly known: readonly Position[];
}

/** Servers' clocks may differ by so much. */
const CLOCK_SLACK_MS = 60_000;

/** Where the reading of this path begins. */
export function startPointOf(watched: WatchTarget, positions: Positions): StartPoint {
  return watched.namespace === null ? ofAll(watched, positions) : ofOne(watched, positions);
}

/** The path of all namespaces brought everything of this one. */
function ofOne(watched: WatchTarget, positions: Positions): StartPoint {
  const covering = positions.get(positionKeyOf({ ...watched, namespace: null }));
  return resume(latterOf(positions.get(positionKeyOf(watched)), covering));
}

/** What was read of single namespaces since is not asked for again: a watch could not tell. */
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
 * The one that counts: that of the higher version, `own` where they are the same. One that was read
 * well before a lower one is of a store that has been replaced since, and not the future of this one.
 */
function latterOf(own: Position | undefined, other: Position | undefined): Position | undefined {
  if (own === undefined || other === undefined) return own ?? other;
  const order = compareVersions(own.resourceVersion, other.resourceVersion);
  if (order === 0) return own;
  const [low, high] = order < 0 ? [own, other] : [other, own];
  return low.at - high.at > CLOCK_SLACK_MS ? low : high;
}

// What may have been missed where a list took the place of a stream: always a gap of one of three
// kinds. A relist is no loss by itself: whatever was written meanwhile and is still there is in the
// list, in its last state. When to list and what its items are worth is the reader's.
