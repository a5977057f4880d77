// What templates of a manifest see: the document that every pipeline receives, and `event`, the
// first occurrence's Event. Texts are made fit for where they will stand; what stands where is
// places.ts.
// Source: docs/triggers.md; k8s.io/kubernetes third_party/forked/golang/expansion (`$(NAME)`).
import type { Delivery } from '../../core/delivery.ts';
import { toDocument } from '../../core/delivery.ts';
import type { Json } from '../../core/event.ts';
import { isJsonObject } from '../../core/event.ts';
import { toProcessText } from '../process-text.ts';

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

/** The document, once as it is and once for where kubelet expands `$(NAME)`. */
export interface TemplateDocument {
  readonly plain: Json;
  /** With every `$` doubled, which kubelet undoes: an Event must not name a variable to read. */
  readonly expanded: Json;
}

/** What the templates of a delivery's manifest see. */
export function toTemplateDocument(delivery: Delivery): TemplateDocument {
  const document = toDocument(delivery);
  const plain = mapTexts(
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
  return {
    plain,
    get expanded() {
      return mapTexts(plain, (text) => text.replaceAll('$', '$$$$'));
    },
  };
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item: Json) => mapTexts(item, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]),
  );
}
