// The routes of deliveries: listed, shown, and what people do with them. What an act means and where
// it is possible is lib/delivery/actions.ts; here it becomes a status.

import type { Clock } from '../../core/clock.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../core/delivery.ts';
import { isDeliveryId } from '../../core/delivery-id.ts';
import type { DeliveryQuery, Store } from '../../core/store.ts';
import { ACTS, type Acted, type ActName, possibleActs } from '../../delivery/actions.ts';
import { printable } from '../../kit/text/printable.ts';
import type { Parameter, QueryValues } from '../query.ts';
import {
  document,
  JSON_READ,
  limit,
  type Route,
  type RouteAnswer,
  type RouteCall,
  type RouteParts,
  refusal,
  text,
} from '../route.ts';
import { listOf } from '../schema-parts.ts';
import { schemaNamed } from '../schemas.ts';
import { MOMENT, spanOf } from '../time.ts';
import {
  countDeliveries,
  findDelivery,
  type GatewayFacts,
  listDeliveries,
  listWholeDeliveries,
  toSummary,
} from './delivery-documents.ts';
import type { GatewayState } from './gateway-state.ts';
import { findObject, OBJECT_FORM } from './object-ref.ts';

/** What these routes answer from: also a file that was opened without a gateway. */
export interface DeliveryParts {
  readonly store: Pick<Store, 'archive'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly act: RouteParts['act'];
  /** Absent if no gateway runs, as is the plan: then it is not known when held ones start. */
  readonly forecasts?: RouteParts['forecasts'];
  /** Absent where no gateway runs: then nobody knows which triggers there are. */
  readonly plan?: { readonly triggers: readonly { readonly name: string }[] };
  /** What pauses triggers; absent likewise. */
  readonly watch?: { readonly standing: Pick<GatewayState, 'pause'> };
}

/** A route that needs no more than that. */
interface DeliveryRoute extends Route {
  readonly answer: (parts: DeliveryParts, call: Pick<RouteCall, 'values'>) => Promise<RouteAnswer>;
}

const ID: Parameter = {
  name: 'id',
  place: 'path',
  description: 'Of the delivery.',
  schema: { type: 'string' },
};

const FILTERS: readonly Parameter[] = [
  {
    name: 'state',
    place: 'query',
    description: 'Only those in one of these states: repeated, or separated by commas.',
    schema: { type: 'array', items: { type: 'string', enum: DELIVERY_STATES } },
  },
  text('trigger', 'Only those of this trigger.'),
  text('rule', 'Only those of the rule of this name; empty: of rules without one.'),
  text('object', `Only those of this involved object: ${OBJECT_FORM}.`),
  text('since', `Only those made then or later: ${MOMENT}.`),
  text('until', `Only those made before: ${MOMENT}.`),
];

const LIST: DeliveryRoute = {
  ...JSON_READ,
  path: '/api/v1/deliveries',
  summary: 'Deliveries, the newest first',
  description:
    'In the order in which they were made. Pages go on behind a delivery, so nothing is shown twice while others come and go.',
  parameters: [
    ...FILTERS,
    {
      name: 'order',
      place: 'query',
      description: 'Which come first.',
      schema: { type: 'string', enum: ['newest', 'oldest'] },
    },
    limit('At most so many; a page of whole ones may be shorter.', 50),
    text('after', 'Only those behind this one: `next` of the page before.'),
    {
      name: 'whole',
      place: 'query',
      description: 'With everything that is known of each, its Events too.',
      schema: { type: 'boolean', default: false },
    },
  ],
  answers: {
    description:
      'A page; `next` is what to pass as `after` for the one behind it. `total` is how many there are in all; null on later pages, and where only counting one by one would tell.',
    schema: listOf(
      { anyOf: [schemaNamed('Delivery'), schemaNamed('WholeDelivery')] },
      { next: { type: ['string', 'null'] }, total: { type: ['integer', 'null'], minimum: 0 } },
    ),
  },
  answer: async (parts, { values }) => {
    const asked = await queryOf(parts, values);
    if ('kind' in asked) return asked;
    const { archive } = parts.store;
    const list = values.isSet('whole') ? listWholeDeliveries : listDeliveries;
    const total = asked.after === undefined ? await countDeliveries(archive, asked) : null;
    return document({ ...(await list(archive, asked, factsOf(parts))), total });
  },
};

const SHOW: DeliveryRoute = {
  ...JSON_READ,
  path: '/api/v1/deliveries/{id}',
  summary: 'One delivery: its Events, why it was made, every attempt, what was started',
  parameters: [ID],
  answers: { description: 'The delivery.', schema: schemaNamed('WholeDelivery') },
  refuses: [404],
  answer: async (parts, { values }) => {
    const { archive } = parts.store;
    const id = values.text('id') ?? '';
    const found = isDeliveryId(id) ? await findDelivery(archive, id, factsOf(parts)) : null;
    return found === null ? notFound(id) : document(found);
  },
};

const MEANINGS = {
  retry: {
    summary: 'Attempts a delivery again, now',
    description:
      'Under its own id: a receiver that knows it already can tell. Possible where it waits for a retry, and where nothing more would happen by itself. Earlier attempts do not count against it.',
  },
  rerun: {
    summary: 'Starts what a delivery stands for once more',
    description:
      'As a new delivery with an id of its own, whatever became of the first, which stays as it is.',
  },
  release: {
    summary: 'Starts a delivery that a limit holds',
    description: 'Possible where it is held, or was held for too long.',
  },
  discard: {
    summary: 'Lets a delivery rest',
    description: 'It is not attempted any more; a retry takes it up again. Not while it runs.',
  },
} as const satisfies Record<ActName, Pick<Route, 'summary' | 'description'>>;

/** Every route of deliveries. */
export const DELIVERY_ROUTES: readonly DeliveryRoute[] = [LIST, SHOW, ...ACTS.map(actRoute)];

function actRoute(name: ActName): DeliveryRoute {
  return {
    ...JSON_READ,
    ...MEANINGS[name],
    method: 'POST',
    isRead: false,
    path: `/api/v1/deliveries/{id}/${name}`,
    parameters: [ID],
    answers: { description: 'How it stands now.', schema: schemaNamed('Acted') },
    refuses: [404, 409, 507],
    answer: async (parts, { values }) => {
      const id = values.text('id') ?? '';
      if (!isDeliveryId(id)) return notFound(id);
      const acted = await parts.act(name, id);
      if (!acted.done) return notActed(acted, { name, id, parts });
      const { from, delivery } = acted;
      return document({ act: name, id, from, delivery: toSummary(delivery, factsOf(parts)) });
    },
  };
}

async function notActed(
  { why, state }: Acted & { readonly done: false },
  {
    name,
    id,
    parts,
  }: { readonly name: ActName; readonly id: string; readonly parts: DeliveryParts },
): Promise<RouteAnswer> {
  if (why === 'full') {
    const detail = 'the store is full: nothing new is stored until there is room';
    return refusal({ status: 507, detail });
  }
  const delivery = why === 'not-found' ? null : await parts.store.archive.get(id);
  if (delivery === null || state === null) return notFound(id);
  const acts = possibleActs(delivery, factsOf(parts).triggers);
  const detail =
    why === 'no-trigger'
      ? `trigger ${delivery.trigger} is not configured: nothing could attempt it`
      : `a delivery that is ${stateText(delivery)} takes no ${name}; possible: ${acts.join(', ')}`;
  return refusal({ status: 409, detail, state: delivery.state, acts });
}

function factsOf({ plan, forecasts, watch }: DeliveryParts): GatewayFacts {
  return {
    ...(plan === undefined ? {} : { triggers: new Set(plan.triggers.map(({ name }) => name)) }),
    ...(forecasts === undefined ? {} : { forecast: forecasts() }),
    ...(watch === undefined ? {} : { pause: (trigger) => watch.standing.pause(trigger) }),
  };
}

/** `dead (poison)`. */
function stateText({ state, dead }: { state: DeliveryState; dead: string | null }): string {
  return dead === null ? state : `${state} (${dead})`;
}

async function queryOf(
  { store, clock }: DeliveryParts,
  values: QueryValues,
): Promise<DeliveryQuery | RouteAnswer> {
  const span = spanOf(values, clock.now());
  if ('status' in span) return refusal(span);
  const asked = values.text('object');
  const found = asked === undefined ? null : await findObject(store.archive, asked);
  if (found?.ok === false) return badParameter('object', found.detail);
  const after = values.text('after');
  if (after !== undefined && !(await isThere(store.archive, after))) {
    return badParameter('after', 'no such delivery is there any more: begin with the first page');
  }
  const states = values.list('state') as readonly DeliveryState[];
  return {
    order: values.text('order') === 'oldest' ? 'oldest' : 'newest',
    limit: values.integer('limit') ?? 1,
    ...span,
    ...given('trigger', values),
    ...given('rule', values),
    ...(found === null ? {} : { object: found.object }),
    ...(after === undefined ? {} : { after }),
    ...(states.length === 0 ? {} : { states }),
  };
}

function given<Name extends string>(
  name: Name,
  values: QueryValues,
): Partial<Record<Name, string>> {
  const value = values.text(name);
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

async function isThere(archive: Store['archive'], id: string): Promise<boolean> {
  return isDeliveryId(id) && (await archive.get(id)) !== null;
}

function badParameter(parameter: string, detail: string): RouteAnswer {
  return refusal({ status: 400, parameter, detail: `parameter ${parameter}: ${detail}` });
}

function notFound(id: string): RouteAnswer {
  return refusal({ status: 404, detail: `no delivery has the id "${printable(id, 60)}"` });
}
