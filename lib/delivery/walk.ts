// Every delivery in some states, page by page, so that a backlog never has to fit into memory. What
// is done with one may change its state; the walk goes on behind it.
import type { Delivery, DeliveryState } from '../core/delivery.ts';
import type { Archive } from '../core/store.ts';

/** Deliveries asked for at once: few requests, and some hundred kB of usual Events. */
const PAGE = 500;

/** The deliveries in these states, oldest first in the order in which they were committed. */
export async function* walkDeliveries(
  archive: Archive,
  states: readonly DeliveryState[],
): AsyncGenerator<Delivery, void> {
  let after: string | undefined;
  for (;;) {
    const query = { states, limit: PAGE };
    const page = await archive.list(after === undefined ? query : { ...query, after });
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}
