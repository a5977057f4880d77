// Hostile Events: everything that the author of an Event decides.

import type { EventObject } from '../../../lib/core/occurrence.ts';
import { anEvent } from '../../support/builders.ts';

/** A text with everything that breaks shells, terminals, JSON, labels and templates. */
export const NASTY =
  'a\0b\u001b[31mred\u001b[0m\u2028\u2029\u202e\r\n\t"\'`$(touch x)${event.reason}$$(id);&&|>{{workflow.name}}\uD800 \uDC00 é😀';

/** Hostile Events by description. */
export const HOSTILE_EVENTS: Readonly<Record<string, EventObject>> = {
  'no fields at all': {},
  'no kind, reason, type and name': {
    ...anEvent({ metadata: {}, involvedObject: {} }),
    reason: '',
    type: '',
    message: '',
  },
  'wrong types everywhere': anEvent({
    metadata: [],
    involvedObject: 'Pod',
    reason: 5,
    message: { a: [null] },
    type: null,
    count: 'many',
    source: 1,
  }),
  'a message of 10 kB': anEvent({ message: 'é'.repeat(5_000) }),
  'control characters and quotes in every text': anEvent({
    metadata: { name: NASTY, namespace: NASTY, labels: { [NASTY]: NASTY } },
    involvedObject: { kind: NASTY, namespace: NASTY, name: NASTY, apiVersion: NASTY },
    reason: NASTY,
    message: NASTY,
    type: NASTY,
  }),
  'nothing but lone surrogates': anEvent({ reason: '\uD800', message: '\uDC00\uD800' }),
  'names that objects inherit': JSON.parse(
    '{"__proto__":{"reason":"x"},"constructor":{},"message":"__proto__","involvedObject":{"__proto__":{"kind":"Pod"}}}',
  ) as EventObject,
  'a very deep value': anEvent({
    related: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as [],
  }),
};
