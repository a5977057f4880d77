// Events by chance: recorded ones with something wrong in them, and JSON that was never an Event.

import { isJsonObject, type Json } from '../../../lib/core/json-object.ts';
import type { EventObject } from '../../../lib/core/occurrence.ts';
import { recordedEvents } from '../corpus.ts';
import { anyObject, mutatedJson, nested } from '../json-values.ts';
import type { FuzzRandom } from '../random.ts';
import { anyText, TIMES } from '../texts.ts';

/** Names that Events have, and that rules and triggers look at. */
export const EVENT_KEYS = [
  'metadata',
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'labels',
  'annotations',
  'involvedObject',
  'kind',
  'apiVersion',
  'fieldPath',
  'reason',
  'message',
  'type',
  'count',
  'series',
  'lastObservedTime',
  'firstTimestamp',
  'lastTimestamp',
  'eventTime',
  'source',
  'component',
  'host',
  'reportingComponent',
  'reportingInstance',
  'action',
  'related',
] as const;

const TIME_PATHS = [
  ['eventTime'],
  ['firstTimestamp'],
  ['lastTimestamp'],
  ['metadata', 'creationTimestamp'],
  ['series', 'lastObservedTime'],
] as const;

const TEXT_PATHS = [
  ['reason'],
  ['message'],
  ['type'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['involvedObject', 'kind'],
  ['involvedObject', 'name'],
  ['involvedObject', 'namespace'],
  ['involvedObject', 'apiVersion'],
  ['source', 'component'],
  ['reportingComponent'],
] as const;

// Deeper than anything that an API server sends: what it does not know it drops, and it knows of flat
// Events only. From some 2,500 levels on, code that calls itself for each ends at its stack.
const DEEP = 1_000;

/** An Event of any kind. */
export function anyEvent(random: FuzzRandom): EventObject {
  if (random.oneIn(12)) return anyObject(random, EVENT_KEYS, 4);
  let event = random.pick(recordedEvents());
  if (random.oneIn(2)) {
    const mutated = mutatedJson(event, random, EVENT_KEYS);
    if (isJsonObject(mutated)) event = mutated;
  }
  if (random.oneIn(3)) {
    for (const path of someOf(random, TEXT_PATHS)) event = withAt(event, path, anyText(random));
  }
  if (random.oneIn(4)) {
    for (const path of someOf(random, TIME_PATHS)) {
      event = withAt(event, path, random.oneIn(8) ? anyText(random) : random.pick(TIMES));
    }
  }
  if (random.oneIn(1000)) {
    const key = random.oneIn(2) ? 'a' : null;
    event = { ...event, related: nested(random.between(50, DEEP), key) };
  }
  return event;
}

function someOf<Item>(random: FuzzRandom, list: readonly Item[]): readonly Item[] {
  return random.times(random.between(1, 3), () => random.pick(list));
}

function withAt(value: Json | undefined, path: readonly string[], leaf: Json): EventObject {
  const [key = '', ...rest] = path;
  const object = isJsonObject(value) ? value : {};
  return { ...object, [key]: rest.length === 0 ? leaf : withAt(object[key], rest, leaf) };
}
