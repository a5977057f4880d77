// JSON by chance, and JSON that was sound once: mutated a little, so that it gets past the first look
// at it. Every object is made of own properties, a key `__proto__` too.

import { isJsonObject, type Json, type JsonObject } from '../../lib/core/json-object.ts';
import type { FuzzRandom } from './random.ts';
import { anyText, FRAGMENTS, INHERITED } from './texts.ts';

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  0.5,
  1e21,
  1e-7,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  2 ** 53 + 2,
  1.7e308,
  5e-324,
  404,
  410,
  500,
] as const;

/** A value without anything below it. */
export function anyLeaf(random: FuzzRandom): Json {
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return random.oneIn(2);
    case 2:
      return random.pick(NUMBERS);
    case 3:
      return random.next() - 2 ** 31;
    default:
      return anyText(random);
  }
}

/** Any value; `keys` are the names that its objects mostly have. */
export function anyJson(random: FuzzRandom, keys: readonly string[], depth = 3): Json {
  if (depth <= 0) return anyLeaf(random);
  switch (random.below(6)) {
    case 0:
      return random.times(random.below(4), () => anyJson(random, keys, depth - 1));
    case 1:
    case 2:
      return anyObject(random, keys, depth);
    default:
      return anyLeaf(random);
  }
}

/** Any object. */
export function anyObject(random: FuzzRandom, keys: readonly string[], depth = 3): JsonObject {
  const entries = random.times(random.below(6), () => [
    anyKey(random, keys),
    anyJson(random, keys, depth - 1),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

/**
 * A name for a key, without backslashes: where an object before had the key `\\`, the JSON.parse of
 * V8 13.6 takes any key that begins with an escape for it (`"\\ufeff"` after `"\\\\"`).
 */
export function anyKey(random: FuzzRandom, keys: readonly string[]): string {
  return anyName(random, keys).replaceAll('\\', '');
}

function anyName(random: FuzzRandom, keys: readonly string[]): string {
  switch (random.below(12)) {
    case 0:
      return random.pick(INHERITED);
    case 1:
      return random.pick(FRAGMENTS);
    case 2:
      return anyText(random);
    default:
      return random.pick(keys);
  }
}

/** Lists or objects so deep that code which calls itself must mind its stack. */
export function nested(depth: number, key: string | null): Json {
  let value: Json = 'x';
  for (let level = 0; level < depth; level += 1) {
    value = key === null ? [value] : { [key]: value };
  }
  return value;
}

/** A copy with some things in it changed; the value itself stays as it is. */
export function mutatedJson(value: Json, random: FuzzRandom, keys: readonly string[]): Json {
  let mutated = value;
  const changes = random.oneIn(4) ? random.between(2, 6) : 1;
  for (let change = 0; change < changes; change += 1) mutated = mutate(mutated, random, keys);
  return mutated;
}

function mutate(value: Json, random: FuzzRandom, keys: readonly string[]): Json {
  if (Array.isArray(value)) return mutateList(value as readonly Json[], random, keys);
  if (isJsonObject(value)) return mutateObject(value, random, keys);
  return mutateLeaf(value, random, keys);
}

function mutateLeaf(value: Json, random: FuzzRandom, keys: readonly string[]): Json {
  if (typeof value === 'string' && !random.oneIn(3)) {
    const at = random.below(value.length + 1);
    const cut = random.oneIn(2) ? at : Math.min(value.length, at + random.below(4));
    return value.slice(0, at) + anyText(random) + value.slice(cut);
  }
  return random.oneIn(3) ? anyJson(random, keys) : anyLeaf(random);
}

function mutateList(value: readonly Json[], random: FuzzRandom, keys: readonly string[]): Json {
  if (value.length === 0 || random.oneIn(8)) return anyJson(random, keys);
  const at = random.below(value.length);
  const item = value[at] ?? null;
  switch (random.below(8)) {
    case 0:
      return value.toSpliced(at, 1);
    case 1:
      return value.toSpliced(at, 0, item);
    case 2:
      return value.toSpliced(at, 0, anyJson(random, keys));
    case 3:
      return item;
    default:
      return value.with(at, mutate(item, random, keys));
  }
}

function mutateObject(value: JsonObject, random: FuzzRandom, keys: readonly string[]): Json {
  const entries = Object.entries(value);
  if (entries.length === 0 || random.oneIn(24)) return anyJson(random, keys);
  const at = random.below(entries.length);
  const [name, item] = entries[at] as [string, Json];
  switch (random.below(12)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries[at] = [anyKey(random, keys), item];
      break;
    case 2:
      entries.push([anyKey(random, keys), item]);
      break;
    case 3:
      entries.push([anyKey(random, keys), anyJson(random, keys)]);
      break;
    case 4:
      entries[at] = [name, anyJson(random, keys)];
      break;
    case 5:
      entries[at] = [name, [item]];
      break;
    default:
      entries[at] = [name, mutate(item, random, keys)];
  }
  return Object.fromEntries(entries);
}
