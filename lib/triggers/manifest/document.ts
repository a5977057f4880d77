// The document for templates of a manifest: its paths and its texts. The places of templates are in
// manifest-places.ts, their rendering in render-leaf.ts. Source: docs/triggers.md.

import { type Delivery, toTemplateView } from '../../core/delivery.ts';
import type { Json } from '../../core/json-object.ts';
import { mapTexts, toProcessText } from '../shorten.ts';

/**
 * Allowed first words of a path. `match` is omitted on purpose: rules capture nothing yet, so such
 * a template would always be empty.
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

/** Hint for a template whose path is not allowed. */
export const PATH_HINT =
  'begin the path with a field of the delivery document, or write $${ for a plain ${';

// Paths that begin with the others lead to values of the operator.
const EVENT_WORDS: readonly string[] = ['occurrences', 'event', 'match'];

/** Whether a path leads to a value of an Event. */
export function isEventPath(path: string): boolean {
  return EVENT_WORDS.includes(/^[\w-]+/.exec(path)?.[0] ?? '');
}

/** The document for the templates of a delivery's manifest; legal for a process. */
export function toTemplateDocument(delivery: Delivery): Json {
  return mapTexts(toTemplateView(delivery), toProcessText);
}
