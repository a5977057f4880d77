// A delivery as it is kept in memory: its occurrences are one text, parsed whenever somebody looks.
// An Event is some hundred small objects; ten thousand of them at rest would make every collection
// of garbage a long one, and a backlog six times as large. Nothing else is done to a delivery here.
import type { Delivery } from '../core/delivery.ts';

/** A delivery whose occurrences are made anew each time they are asked for. */
export interface Packed {
  readonly delivery: Delivery;
  /** Its occurrences, as JSON. */
  readonly text: string;
}

/** What of a delivery changes while it is kept. */
export type Changes = Partial<Pick<Delivery, 'state' | 'dead' | 'dueAt' | 'attempts' | 'started'>>;

/** Packs a delivery; later changes of what was handed in change nothing. */
export function packed(delivery: Delivery): Packed {
  const text = JSON.stringify(delivery.occurrences);
  return { delivery: withText(delivery, {}, text), text };
}

/** The same delivery after a change. */
export function changed({ delivery, text }: Packed, changes: Changes): Packed {
  return { delivery: withText(delivery, changes, text), text };
}

/** Field by field: spreading would parse the text. */
function withText(from: Omit<Delivery, 'occurrences'>, changes: Changes, text: string): Delivery {
  const { id, cluster, source, rule, trigger, match, object, createdAt } = from;
  const { state, dead, dueAt, attempts, started } = from;
  return Object.freeze({
    id,
    cluster,
    source,
    rule,
    trigger,
    match,
    get occurrences() {
      return JSON.parse(text) as Delivery['occurrences'];
    },
    object,
    state: changes.state ?? state,
    dead: changes.dead === undefined ? dead : changes.dead,
    createdAt,
    dueAt: changes.dueAt ?? dueAt,
    attempts: changes.attempts ?? attempts,
    started: changes.started === undefined ? started : changes.started,
  });
}
