// Copies of a JSON value without some of its paths, or with other texts. The value itself never
// changes, and its parts without a change are shared with the copy. Lists are passed through: a path
// means the key in each of their items. Nothing throws, however deep or odd the value is.

import { isJsonList, isJsonObject, type Json, type JsonObject } from '../../core/json-object.ts';

/** Paths as a tree of keys; null ends a path. */
interface PathTree {
  readonly [key: string]: PathTree | null;
}

/** Deepest level that is read; objects of Kubernetes have about 15, and the stack is finite. */
export const DEEPEST = 500;

/** Makes the tree of some paths; a path below another of them adds nothing. */
export function toPathTree(paths: readonly (readonly string[])[]): PathTree {
  const byKey = Map.groupBy(
    paths.filter((path) => path.length > 0),
    ([key = '']) => key,
  );
  const entries = [...byKey].map(([key, some]): [string, PathTree | null] => {
    const rests = some.map((path) => path.slice(1));
    return [key, rests.some((rest) => rest.length === 0) ? null : toPathTree(rests)];
  });
  return Object.fromEntries(entries);
}

/** Finds the subtree at a key: null if a path ends there, undefined if none leads there. */
function below(tree: PathTree, key: string): PathTree | null | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

/** Removes the values at these paths; a path that the value does not have changes nothing. */
export function withoutPaths(value: Json, paths: PathTree): Json {
  return pruned(value, paths, 0);
}

function pruned(value: Json, paths: PathTree, level: number): Json {
  if (level > DEEPEST) return value;
  if (isJsonList(value)) return mapped(value, (item) => pruned(item, paths, level + 1));
  if (!isJsonObject(value)) return value;
  const found = Object.keys(paths).filter((key) => Object.hasOwn(value, key));
  if (found.length === 0) return value;
  const rest = found.some((key) => below(paths, key) === null)
    ? withEntries(Object.entries(value).filter(([key]) => below(paths, key) !== null))
    : value;
  return mappedEntries(rest, (inner, key) => {
    const deeper = below(paths, key);
    return deeper === undefined || deeper === null ? inner : pruned(inner, deeper, level + 1);
  });
}

/** The replacement of texts. */
interface TextReplacement {
  readonly replace: (text: string) => string;
  /** Paths whose values stay as they are. */
  readonly kept: PathTree;
  /** Stands for everything below the deepest level. */
  readonly tooDeep: string;
}

/** Replaces every text of a value; keys stay. */
export function replaceTexts(value: Json, replacement: TextReplacement): Json {
  return replaced(value, replacement, 0);
}

function replaced(value: Json, replacement: TextReplacement, level: number): Json {
  if (typeof value === 'string') return replacement.replace(value);
  if (typeof value !== 'object' || value === null) return value;
  if (level > DEEPEST) return replacement.tooDeep;
  if (isJsonList(value)) return mapped(value, (item) => replaced(item, replacement, level + 1));
  return mappedEntries(value, (inner, key) => {
    const kept = below(replacement.kept, key);
    if (kept === null) return inner;
    return replaced(inner, { ...replacement, kept: kept ?? NO_PATHS }, level + 1);
  });
}

const NO_PATHS: PathTree = {};

/** The list with other items; the list itself if each stays. */
function mapped(list: readonly Json[], change: (item: Json) => Json): readonly Json[] {
  const items = list.map(change);
  return items.every((item, place) => item === list[place]) ? list : items;
}

/** The object with other values; the object itself if each stays. */
function mappedEntries(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  const written = Object.entries(object);
  const made = written.map(([key, value]): [string, Json] => [key, change(value, key)]);
  return made.every(([, value], place) => value === written[place]?.[1])
    ? object
    : withEntries(made);
}

/** An object of its own keys, also of one that objects inherit, such as `__proto__`. */
function withEntries(entries: readonly (readonly [string, Json])[]): JsonObject {
  return Object.fromEntries(entries);
}
