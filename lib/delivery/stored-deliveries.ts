// Every delivery in some states, page by page, so that a backlog never has to fit into memory. What
// is done with one may change its state; the walk goes on behind it.

import type { Delivery, DeliveryState } from '../core/delivery.ts';
import { type Observe } from '../core/observation.ts';
import type { Archive, DeliveryQuery, Outbox } from '../core/store.ts';

/** Deliveries asked for at once: few requests, and some hundred kB of usual Events. */
const PAGE = 500;

/** The deliveries asked for, a page at a time, oldest first in the order in which they were committed. */
export async function* walkPages(
  archive: Pick<Archive, 'list'>,
  query: Pick<DeliveryQuery, 'states' | 'trigger'>,
): AsyncGenerator<readonly Delivery[], void> {
  let after: string | undefined;
  for (;;) {
    const from = after === undefined ? {} : { after };
    const page = await archive.list({ ...query, ...from, limit: PAGE });
    if (page.length > 0) yield page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

/** What setting deliveries aside needs. */
interface OrphanParts {
  readonly archive: Pick<Archive, 'list' | 'counts'>;
  readonly outbox: Pick<Outbox, 'change'>;
  readonly observe: Observe;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** What is set aside; what runs is somebody's. */
const SET_ASIDE = ['waiting', 'held', 'open'] as const satisfies readonly DeliveryState[];

/**
 * Sets the unsettled deliveries aside whose trigger is not configured any more; answers how many.
 *
 * **Order and time**: looks only at those, however many others wait.
 */
export async function orphan(parts: OrphanParts, configured: ReadonlySet<string>): Promise<number> {
  const counts = await parts.archive.counts();
  const left = counts.filter(({ trigger, state }) => !configured.has(trigger) && isSetAside(state));
  let sum = 0;
  for (const trigger of new Set(left.map((one) => one.trigger))) {
    const why = `trigger ${trigger} is not configured`;
    sum += await setAllAside(parts, { trigger, why });
  }
  return sum;
}

/** Sets every unsettled delivery of these triggers aside, for a reason; answers how many. */
export async function orphanAll(
  parts: OrphanParts,
  triggers: Iterable<string>,
  why: string,
): Promise<number> {
  let sum = 0;
  for (const trigger of triggers) sum += await setAllAside(parts, { trigger, why });
  return sum;
}

async function setAllAside(
  parts: OrphanParts,
  { trigger, why }: { trigger: string; why: string },
): Promise<number> {
  let sum = 0;
  for await (const page of walkPages(parts.archive, { states: SET_ASIDE, trigger })) {
    // All at once, so that a store that writes to a disk writes once.
    const done = await Promise.all(page.map((one) => setAside(parts, one, why)));
    sum += done.filter(Boolean).length;
  }
  return sum;
}

async function setAside(
  { outbox, observe, now }: OrphanParts,
  { id, state }: Delivery,
  why: string,
): Promise<boolean> {
  const next = { state: 'orphaned', dead: null, dueAt: now } as const;
  const answer = await outbox.change({ id, from: [state], next, now });
  if (!answer.done) return false;
  const moved = { from: state, to: 'orphaned', dead: null, why } as const;
  observe({ kind: 'delivery-moved', delivery: answer.delivery, ...moved });
  return true;
}

function isSetAside(state: DeliveryState): boolean {
  return SET_ASIDE.some((one) => one === state);
}
