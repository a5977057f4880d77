// What templates of a manifest see: the document that every pipeline receives, and `event`, the
// first occurrence's Event. What stands where is places.ts, how it is written there render-leaf.ts.
// Source: docs/triggers.md.

import { type Delivery, toDocument } from '../../core/delivery.ts';
import { isJsonList, isJsonObject, type Json } from '../../core/event.ts';
import { toProcessText } from '../shorten.ts';

/**
 * What a path may begin with. `match` is missing on purpose: no rule captures anything yet, and a
 * template that is always empty is a mistake.
 */
export const FIRST_WORDS = [
  'id',
  'cluster',
  'source',
  'rule',
  'trigger',
  'occurrences',
  'event',
] as const;

// The others are the operator's own words.
const EVENT_WORDS: readonly string[] = ['occurrences', 'event', 'match'];

/** Whether a path leads to something that an Event says. */
export function isEventPath(path: string): boolean {
  return EVENT_WORDS.includes(/^[\w-]+/.exec(path)?.[0] ?? '');
}

/** What the templates of a delivery's manifest see. */
export function toTemplateDocument(delivery: Delivery): Json {
  const document = toDocument(delivery);
  return mapTexts(
    {
      id: document.id,
      cluster: { id: document.cluster.id, name: document.cluster.name },
      source: document.source,
      rule: document.rule,
      trigger: document.trigger,
      match: document.match,
      occurrences: document.occurrences.map((occurrence) => ({ ...occurrence })),
      event: delivery.occurrences[0].event,
    },
    toProcessText,
  );
}

/** The value with every text in it changed, keys as well. */
export function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (isJsonList(value)) return value.map((item) => mapTexts(item, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]),
  );
}
