// The routes of deliveries: list, show and the actions of people. They also answer without HTTP, for a
// command that opened the store itself. lib/delivery/actions.ts implements the actions; here their
// results become HTTP statuses.

import type { Clock } from '../../core/clock.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../core/delivery.ts';
import { isDeliveryId } from '../../core/delivery-id.ts';
import type { DeliveryQuery, Store } from '../../core/store.ts';
import { ACTS, type Acted, type ActName, possibleActs } from '../../delivery/actions.ts';
import { printable } from '../../kit/text/printable.ts';
import type { GatewayState } from '../../telemetry/gateway-state.ts';
import {
  countDeliveries,
  findDelivery,
  type GatewayFacts,
  listDeliveries,
  listWholeDeliveries,
  toSummary,
} from '../../views/delivery-documents.ts';
import { findObject, OBJECT_FORM } from '../../views/object-ref.ts';
import { MOMENT } from '../../views/time.ts';
import type { Refusal } from '../problem-document.ts';
import { type Parameter, parseValues, type QueryValues, spanOf } from '../query.ts';
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

/** Dependencies of these routes; an opened store without a gateway is enough. */
export interface DeliveryParts {
  readonly store: Pick<Store, 'archive'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly act: RouteParts['act'];
  /** Absent if no gateway runs: then the start of held deliveries is unknown. */
  readonly forecasts?: RouteParts['forecasts'];
  /** Absent if no gateway runs: then the configured triggers are unknown. */
  readonly plan?: { readonly triggers: readonly { readonly name: string }[] };
  /** Pauses of triggers; absent if no gateway runs. */
  readonly watch?: { readonly standing: Pick<GatewayState, 'pause'> };
}

/** A route that needs only these dependencies. */
interface DeliveryRoute extends Route {
  readonly answer: (parts: DeliveryParts, call: Pick<RouteCall, 'values'>) => Promise<RouteAnswer>;
}

const ID: Parameter = {
  name: 'id',
  place: 'path',
  description: 'Id of the delivery.',
  schema: { type: 'string' },
};

const FILTERS: readonly Parameter[] = [
  {
    name: 'state',
    place: 'query',
    description: 'Only deliveries in these states: repeat it, or separate values by commas.',
    schema: { type: 'array', items: { type: 'string', enum: DELIVERY_STATES } },
  },
  text('trigger', 'Only deliveries of this trigger.'),
  text('rule', 'Only deliveries of the rule with this name; empty: of rules without a name.'),
  text('object', `Only deliveries for this involved object: ${OBJECT_FORM}.`),
  text('since', `Only deliveries made then or later: ${MOMENT}.`),
  text('until', `Only deliveries made before: ${MOMENT}.`),
];

const LIST: DeliveryRoute = {
  ...JSON_READ,
  path: '/api/v1/deliveries',
  summary: 'Deliveries, newest first',
  description:
    'In the order in which they were made. A page begins after a delivery, so no delivery appears twice if others are added or removed meanwhile.',
  parameters: [
    ...FILTERS,
    {
      name: 'order',
      place: 'query',
      description: 'Which deliveries come first.',
      schema: { type: 'string', enum: ['newest', 'oldest'] },
    },
    limit('Largest number of items; with `whole` a page may be shorter.', 50),
    text('after', 'Only deliveries after this one: `next` of the previous page.'),
    {
      name: 'whole',
      place: 'query',
      description: 'Whether to answer complete deliveries with their Events.',
      schema: { type: 'boolean', default: false },
    },
  ],
  answers: {
    description:
      'A page; pass its `next` as `after` to get the next one. `total` counts all matching deliveries; null on later pages, and for filters that the store cannot count by.',
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
  summary: 'One delivery: its Events, the decision, every attempt, the started object',
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
export const DELIVERY_ROUTES: readonly DeliveryRoute[] = [LIST, SHOW, ...ACTS.map(actRoute)];

function actRoute(name: ActName): DeliveryRoute {
  return {
    ...JSON_READ,
    ...MEANINGS[name],
    method: 'POST',
    isRead: false,
    path: `/api/v1/deliveries/{id}/${name}`,
    parameters: [ID],
    answers: { description: 'Its new state.', schema: schemaNamed('Acted') },
    refuses: [404, 409, 507],
    answer: async (parts, { values }) => {
      const id = values.text('id') ?? '';
      if (!isDeliveryId(id)) return notFound(id);
      const acted = await parts.act(name, id);
      if (!acted.done) return refusedAct(acted, { name, id, parts });
      const { from, delivery } = acted;
      return document({ act: name, id, from, delivery: toSummary(delivery, factsOf(parts)) });
    },
  };
}

async function refusedAct(
  { why, state }: Acted & { readonly done: false },
  asked: { readonly name: ActName; readonly id: string; readonly parts: DeliveryParts },
): Promise<RouteAnswer> {
  const { name, id, parts } = asked;
  if (why === 'full') {
    const detail = 'the store is full: it stores no new delivery until there is space';
    return refusal({ status: 507, detail });
  }
  const delivery = why === 'not-found' ? null : await parts.store.archive.get(id);
  if (delivery === null || state === null) return notFound(id);
  const acts = possibleActs(delivery, factsOf(parts).triggers);
  const detail =
    why === 'no-trigger'
      ? `trigger ${delivery.trigger} is not configured, so no attempt is possible`
      : `cannot ${name} a delivery that is ${stateText(delivery)}; possible: ${acts.join(', ')}`;
  return refusal({ status: 409, detail, state: delivery.state, acts });
}

function factsOf({ plan, forecasts, watch }: DeliveryParts): GatewayFacts {
  return {
    ...(plan === undefined ? {} : { triggers: new Set(plan.triggers.map(({ name }) => name)) }),
    ...(forecasts === undefined ? {} : { forecast: forecasts() }),
    ...(watch === undefined ? {} : { pause: (trigger) => watch.standing.pause(trigger) }),
  };
}

/** Renders a state: `dead (poison)`. */
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
  const isGone = after !== undefined && (!isDeliveryId(after) || !(await store.archive.get(after)));
  if (isGone) {
    return badParameter('after', 'this delivery no longer exists: start with the first page');
  }
  const [trigger, rule] = [values.text('trigger'), values.text('rule')];
  const named = values.list('state');
  const states = DELIVERY_STATES.filter((state) => named.includes(state));
  return {
    order: values.text('order') === 'oldest' ? 'oldest' : 'newest',
    limit: values.integer('limit') ?? 1,
    ...span,
    ...(trigger === undefined ? {} : { trigger }),
    ...(rule === undefined ? {} : { rule }),
    ...(found === null ? {} : { object: found.object }),
    ...(after === undefined ? {} : { after }),
    ...(states.length === 0 ? {} : { states }),
  };
}

function badParameter(parameter: string, detail: string): RouteAnswer {
  return refusal({ status: 400, parameter, detail: `parameter ${parameter}: ${detail}` });
}

function notFound(id: string): RouteAnswer {
  return refusal({ status: 404, detail: `no delivery has the id "${printable(id, 60)}"` });
}

/** A request about deliveries, independent of HTTP. */
export interface DeliveryQuestion {
  readonly method: 'GET' | 'POST';
  /** The full path from `/api/v1`, percent-encoded. */
  readonly path: string;
  /** The query without its `?`. */
  readonly query: string;
}

/** The document of a route, or its refusal. */
export type DeliveryAnswer =
  | { readonly ok: true; readonly document: object }
  | { readonly ok: false; readonly refusal: Refusal };

/** Answers from an opened store, without a token: who can open the file can do all of this anyway. */
export async function answerFromStore(
  parts: DeliveryParts,
  { method, path, query }: DeliveryQuestion,
): Promise<DeliveryAnswer> {
  for (const route of DELIVERY_ROUTES) {
    const pattern = new RegExp(`^${route.path.replace('{id}', '(?<id>[^/]+)')}$`);
    const found = route.method === method ? pattern.exec(path) : null;
    if (found === null) continue;
    const inPath = { id: decodeURIComponent(found.groups?.['id'] ?? '') };
    const parsed = parseValues(route.parameters, { path: inPath, query });
    if (!parsed.ok) return parsed;
    const answer = await route.answer(parts, { values: parsed.values });
    if (answer.kind === 'document') return { ok: true, document: answer.document };
    if (answer.kind === 'refusal') return { ok: false, refusal: answer.refusal };
  }
  return { ok: false, refusal: { status: 404, detail: `no route for ${method} ${path}` } };
}
