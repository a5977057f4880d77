// JSON values: parsing texts of unknown origin, and estimating the memory of a value.

import type { Json } from '../../core/json-object.ts';

/** Parses JSON of unknown origin; undefined if the text is null or invalid. */
export function jsonOrNothing(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// An object or list by itself, with its keys.
const CONTAINER = 64;
// Objects of Kubernetes are far flatter; a deeper value is no real Event and counts as large.
const MAX_DEPTH = 64;
const TOO_DEEP = 1024 * 1024;

/**
 * Estimates the memory of a value: the characters of its texts, plus a constant for each object and
 * list.
 *
 * **Units**: UTF-16 code units; each takes one or two bytes.
 */
export function jsonSize(value: Json | object, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  let size = CONTAINER;
  const container = value as Readonly<Record<string, Json>>;
  // Not Object.values, which allocates: this runs for every Event.
  for (const key in container) {
    const below = container[key];
    if (typeof below === 'string') size += below.length;
    else if (typeof below === 'object' && below !== null) size += jsonSize(below, depth + 1);
  }
  return size;
}
