// Deliveries in the store, outside of lanes. They are read page by page, so that a backlog need not
// fit into memory. They can be moved to another state, and are orphaned if their trigger is no
// longer configured.

import type { Delivery, DeliveryState } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Archive, DeliveryQuery, Outbox, StateChange } from '../core/ports/store.ts';

/** Deliveries of one request: few requests, and some hundred kB of usual Events. */
const PAGE = 500;

/**
 * Reads the deliveries of a query page by page, in the order of their commits, the oldest first.
 * The caller may change the states of a page; the next page begins behind it.
 */
export async function* walkPages(
  archive: Pick<Archive, 'list'>,
  query: Pick<DeliveryQuery, 'states' | 'trigger'>,
): AsyncGenerator<readonly Delivery[], void> {
  let page: readonly Delivery[] = [];
  do {
    const after = page.at(-1)?.id;
    page = await archive.list({ ...query, ...(after !== undefined && { after }), limit: PAGE });
    if (page.length > 0) yield page;
  } while (page.length === PAGE);
}

/** One change of a delivery outside of an attempt. */
interface DeliveryMove extends Omit<StateChange, 'from' | 'isRetry'> {
  /** The change is made only in this state. */
  readonly from: DeliveryState;
  /** Reason, for people. */
  readonly why: string;
}

/** Moves a delivery and observes that; returns null, and does neither, if its state is another. */
export async function moveDelivery(
  { outbox, observe }: Pick<OrphanParts, 'outbox' | 'observe'>,
  { id, from, next, now, why }: DeliveryMove,
): Promise<Delivery | null> {
  const answer = await outbox.change({ id, from: [from], next, now });
  if (!answer.done) return null;
  const { delivery } = answer;
  observe({ kind: 'delivery-moved', delivery, from, to: next.state, dead: next.dead, why });
  return delivery;
}

interface OrphanParts {
  readonly archive: Pick<Archive, 'list' | 'counts'>;
  readonly outbox: Pick<Outbox, 'change'>;
  readonly observe: Observe;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** States in which a delivery can be orphaned; a running one belongs to its lane. */
const ORPHANED = ['waiting', 'held', 'open'] as const satisfies readonly DeliveryState[];

/**
 * Orphans the unsettled deliveries whose trigger is no longer configured; returns their number.
 *
 * **Order and time**: reads only those, however many others wait.
 */
export async function orphan(parts: OrphanParts, configured: ReadonlySet<string>): Promise<number> {
  const counts = await parts.archive.counts();
  const left = counts.filter(
    ({ trigger, state }) => !configured.has(trigger) && ORPHANED.some((one) => one === state),
  );
  let sum = 0;
  for (const trigger of new Set(left.map((one) => one.trigger))) {
    sum += await orphanAll(parts, [trigger], `trigger ${trigger} is not configured`);
  }
  return sum;
}

/** Orphans every unsettled delivery of these triggers, for a reason; returns their number. */
export async function orphanAll(
  parts: OrphanParts,
  triggers: Iterable<string>,
  why: string,
): Promise<number> {
  const { archive, now } = parts;
  const next = { state: 'orphaned', dead: null, dueAt: now } as const;
  let sum = 0;
  for (const trigger of triggers) {
    for await (const page of walkPages(archive, { states: ORPHANED, trigger })) {
      // All at once, so that a store on a disk writes once.
      const moved = await Promise.all(
        page.map(({ id, state: from }) => moveDelivery(parts, { id, from, next, now, why })),
      );
      sum += moved.filter((one) => one !== null).length;
    }
  }
  return sum;
}
