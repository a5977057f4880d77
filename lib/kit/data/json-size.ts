// About how much memory a JSON value holds, cheap enough to ask of every Event.

import type { Json } from '../../core/event.ts';

// An object or list by itself, with its keys.
const CONTAINER = 64;
// Kubernetes' own objects are far flatter; what is deeper is nobody's Event and counts as large.
const MAX_DEPTH = 64;
const TOO_DEEP = 1024 * 1024;

/**
 * The characters of a value's texts and a little for each object in it.
 *
 * **Units**: UTF-16 code units; a text takes one or two bytes for each.
 */
export function weightOf(value: Json | object, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  let weight = CONTAINER;
  const container = value as Readonly<Record<string, Json>>;
  // Not Object.values: this makes nothing, and it runs for every Event.
  for (const key in container) {
    const below = container[key];
    if (typeof below === 'string') weight += below.length;
    else if (typeof below === 'object' && below !== null) weight += weightOf(below, depth + 1);
  }
  return weight;
}
