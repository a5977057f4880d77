// A delivery as it is kept in memory: while nobody works on it, its occurrences are one text. An
// Event is some hundred small objects; ten thousand of them at rest would make every collection of
// garbage a long one, and a backlog several times as large. Nothing else is done to a delivery here.

import { type Delivery, eventNamespaceOf } from '../core/delivery.ts';

/** Everything of a delivery but its occurrences. */
export type DeliveryHead = Omit<Delivery, 'occurrences'>;

/** A delivery at rest or at work. */
export interface Packed {
  readonly head: DeliveryHead;
  /** In the order in which deliveries were committed. */
  readonly place: number;
  /** Of its first Event. */
  readonly namespace: string;
  /** Its occurrences, as JSON. */
  readonly text: string;
  /** The same while it is worked on, so that they are parsed once. */
  readonly occurrences: Delivery['occurrences'] | null;
}

/** What of a delivery changes while it is kept. */
export type Changes = Partial<
  Pick<
    Delivery,
    'trigger' | 'state' | 'dead' | 'dueAt' | 'attempts' | 'started' | 'deaths' | 'retriedAt'
  >
>;

/** Packs a delivery; later changes of what was handed in change nothing. */
export function packed(delivery: Delivery, place = 0): Packed {
  const { occurrences, ...head } = delivery;
  const text = JSON.stringify(occurrences);
  const namespace = eventNamespaceOf(delivery);
  return { head: Object.freeze(head), place, namespace, text, occurrences: null };
}

/** The delivery as it is handed out. */
export function unpacked({ head, text, occurrences }: Packed): Delivery {
  return Object.freeze({ ...head, occurrences: occurrences ?? parsed(text) });
}

/** The same delivery after a change; one that is running has its occurrences at hand. */
export function changed(before: Packed, changes: Changes): Packed {
  const { head, text, occurrences } = before;
  const next = Object.freeze({ ...head, ...changes });
  const isAtWork = next.state === 'running';
  return { ...before, head: next, occurrences: isAtWork ? (occurrences ?? parsed(text)) : null };
}

function parsed(text: string): Delivery['occurrences'] {
  return JSON.parse(text) as Delivery['occurrences'];
}
