// The rows of deliveries: list, show and the actions of people. lib/views/deliveries.ts answers them; here
// its results become HTTP statuses.

import { ACTS, type ActName } from '../delivery/actions.ts';
import { LIST_PARAMETERS, noDelivery, type RefusedAct } from '../views/deliveries.ts';
import { ACTED, DELIVERY, WHOLE_DELIVERY } from '../views/delivery-documents.ts';
import { inPath, text } from '../views/parameters.ts';
import * as s from '../views/typed-schema.ts';
import type { Refusal } from './problem-document.ts';
import { badRequest, document, type Route, refusal, route } from './route.ts';

const ID = { id: inPath(text('Id of the delivery.')) };

const LIST = route({
  path: '/api/v1/deliveries',
  summary: 'Deliveries, newest first',
  description:
    'In the order in which they were made. A page begins after a delivery, so no delivery appears twice if others are added or removed meanwhile.',
  parameters: LIST_PARAMETERS,
  answers: {
    description:
      'A page; pass its `next` as `after` to get the next one. `total` counts all matching deliveries; null on later pages, and for filters that the store cannot count by.',
    schema: s.listOf(
      s.anyOf(s.named('Delivery', DELIVERY), s.named('WholeDelivery', WHOLE_DELIVERY)),
      {
        next: s.TEXT_OR_NULL,
        total: s.NUMBER_OR_NULL,
      },
    ),
  },
  answer: async ({ deliveries }, query) => {
    const listed = await deliveries.list(query);
    return listed.ok ? document(listed.page) : badRequest(listed);
  },
});

const SHOW = route({
  path: '/api/v1/deliveries/{id}',
  summary: 'One delivery: its Events, the decision, every attempt, the started object',
  parameters: ID,
  answers: { description: 'The delivery.', schema: s.named('WholeDelivery', WHOLE_DELIVERY) },
  refuses: [404],
  answer: async ({ deliveries }, { id }) => {
    const found = await deliveries.find(id);
    return found === null ? refusal({ status: 404, detail: noDelivery(id) }) : document(found);
  },
});

const MEANINGS = {
  retry: {
    summary: 'Attempts a delivery again now',
    description:
      'It keeps its id, which is the idempotency key: a receiver can recognize a repetition. Possible if the delivery waits for a retry, or failed and would not be retried. Earlier attempts no longer count.',
  },
  rerun: {
    summary: 'Starts the same again as a new delivery',
    description:
      'The new delivery has its own id, so its receiver starts it again. The first one stays as it is. Possible in every state.',
  },
  release: {
    summary: 'Starts a delivery that a limit holds',
    description:
      'Possible if it is held, or became a dead letter because it was held for too long.',
  },
  discard: {
    summary: 'Discards a delivery',
    description:
      'It is no longer attempted; a retry is possible later. Not possible while it runs.',
  },
} as const satisfies Record<ActName, Pick<Route, 'summary' | 'description'>>;

/** All routes of deliveries. */
export const DELIVERY_ROUTES: readonly Route[] = [
  LIST,
  SHOW,
  ...ACTS.map((name) =>
    route({
      ...MEANINGS[name],
      method: 'POST',
      isRead: false,
      path: `/api/v1/deliveries/{id}/${name}`,
      parameters: ID,
      answers: { description: 'Its new state.', schema: s.named('Acted', ACTED) },
      refuses: [404, 409, 507],
      answer: async ({ deliveries }, { id }) => {
        const result = await deliveries.act(name, id);
        return result.ok ? document(result.acted) : refusal(toRefusal(result));
      },
    }),
  ),
];

/** HTTP statuses of actions that are not done; a client reads them back. */
export const ACT_STATUSES = { 'not-found': 404, impossible: 409, full: 507 } as const;

/** Converts an action that is not done to its refusal. */
export function toRefusal({ ok: _, why, ...rest }: RefusedAct): Refusal {
  return { status: ACT_STATUSES[why], ...rest };
}
