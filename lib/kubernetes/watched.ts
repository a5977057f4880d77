// What is read: any resource of any group, in one namespace or all, as paths and queries. Events are
// the first use of it, not the only one.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import { resourcePath } from './objects.ts';

/** One watch path. */
export interface Watched {
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
export function pathOf(watched: Watched): string {
  const { group, version, namespace, resource } = watched;
  return resourcePath({ group, version, namespace, plural: resource });
}

/** The name under which its position is kept: the path, and the selector where there is one. */
export function positionKeyOf(watched: Watched): string {
  const path = pathOf(watched);
  const { fieldSelector } = watched;
  return fieldSelector === undefined ? path : `${path}?fieldSelector=${fieldSelector}`;
}

/** The part of a query that selects. */
export function selectorOf(watched: Watched): Readonly<Record<string, string>> {
  return watched.fieldSelector === undefined ? {} : { fieldSelector: watched.fieldSelector };
}
