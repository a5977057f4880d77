// Who reads the keys of a watch path now, after the configuration changed: the path itself, the one
// that covers it, or some of its namespaces. Only which keys they are; where reading them goes on is
// start-point.ts.

import type { PathPart } from '../core/source.ts';
import { positionKeyOf, type Watched } from './watched.ts';

/** The parts of a watch path that these read; none where it is another resource or selector. */
export function heirsAmong(path: string, watched: readonly Watched[]): readonly PathPart[] {
  const isWhole = (one: Watched): boolean =>
    positionKeyOf(one) === path || (one.namespace === null && covers(one, path));
  const whole = watched.find(isWhole);
  if (whole !== undefined) return [{ path: positionKeyOf(whole), namespace: null }];
  return watched
    .filter((one) => positionKeyOf({ ...one, namespace: null }) === path)
    .map((one) => ({ path: positionKeyOf(one), namespace: one.namespace }));
}

/** Whether the path is that of one namespace of the same resource and selector. */
export function covers(watched: Watched, path: string): boolean {
  const namespace = /\/namespaces\/([^/?]+)\//.exec(path)?.[1];
  return namespace !== undefined && positionKeyOf({ ...watched, namespace }) === path;
}
