// What is read: any resource of any group, in one namespace or all, as paths and queries. Events are
// the first use of it, not the only one.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import type { WatchPath } from '../../core/source.ts';
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
export function heirsAmong(path: string, watched: readonly WatchTarget[]): readonly WatchPath[] {
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
