// Paths into a JSON value: `event.involvedObject.name`, `occurrences[0].count`,
// `event.metadata.annotations["a.b/c"]`. Keys and indexes only: no wildcards, no filters.

import { isJsonList, isJsonObject, type Json } from '../../core/json-object.ts';
import { jsonOrNothing } from './json.ts';

/** A key of an object or an index of a list. */
export type PathStep = string | number;

const FIRST = /^[A-Za-z_][\w-]*/;
const STEP = /\.([\w-]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** Parses a path into its steps; undefined if it is invalid. */
export function parsePath(text: string): readonly PathStep[] | undefined {
  const first = FIRST.exec(text)?.[0];
  if (first === undefined) return undefined;
  const steps: PathStep[] = [first];
  let at = first.length;
  while (at < text.length) {
    STEP.lastIndex = at;
    const [found, ...parts] = STEP.exec(text) ?? [];
    const step = toStep(parts);
    if (found === undefined || step === undefined) return undefined;
    steps.push(step);
    at += found.length;
  }
  return steps;
}

/** Finds the value at a path; undefined if a step is missing or has another type. */
export function valueAtPath(value: Json, steps: readonly PathStep[]): Json | undefined {
  let here: Json | undefined = value;
  for (const step of steps) {
    if (here === undefined) return undefined;
    here = childOf(here, step);
  }
  return here;
}

function childOf(value: Json, step: PathStep): Json | undefined {
  if (typeof step === 'number') {
    return isJsonList(value) ? value[step] : undefined;
  }
  // Only own keys: an Event must not reach inherited properties.
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function toStep([key, index, quoted]: readonly string[]): PathStep | undefined {
  if (key !== undefined) return key;
  if (index !== undefined) return Number(index);
  // An invalid escape such as "\q" makes the whole path invalid, which the caller reports.
  const parsed = jsonOrNothing(quoted ?? null);
  return typeof parsed === 'string' ? parsed : undefined;
}
