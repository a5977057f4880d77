// Every delivery in some states, page by page, so that a backlog never has to fit into memory. What
// is done with one may change its state; the walk goes on behind it.

import type { Delivery } from '../core/delivery.ts';
import type { Archive, DeliveryQuery } from '../core/store.ts';

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
