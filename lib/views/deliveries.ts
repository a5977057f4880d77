// Deliveries of a gateway as a port: list, find, act. `storedDeliveries` implements it over an open store;
// lib/cli implements it over the API of a running gateway. Both read the same parameters and answer the
// same documents. No result depends on HTTP.

import type { Clock } from '../core/clock.ts';
import { DELIVERY_STATES, type DeliveryState } from '../core/delivery.ts';
import { isDeliveryId } from '../core/delivery-id.ts';
import type { DeliveryQuery, Store } from '../core/store.ts';
import { type Acted, type ActName, possibleActs } from '../delivery/actions.ts';
import { printable } from '../kit/text/printable.ts';
import {
  countDeliveries,
  findDelivery,
  type GatewayFacts,
  listDeliveries,
  listWholeDeliveries,
  toSummary,
} from './delivery-documents.ts';
import type { ActedDocument, DeliverySummary, WholeDelivery } from './delivery-schemas.ts';
import { findObject, OBJECT_FORM } from './object-ref.ts';
import {
  type BadParameter,
  badParameter,
  choice,
  choices,
  flag,
  limit,
  type ParameterValues,
  text,
} from './parameters.ts';
import { MOMENT, spanOf } from './time.ts';

/** Parameters of a list. */
export const LIST_PARAMETERS = {
  state: choices(
    DELIVERY_STATES,
    'Only deliveries in these states: repeat it, or separate values by commas.',
  ),
  trigger: text('Only deliveries of this trigger.'),
  rule: text('Only deliveries of the rule with this name; empty: of rules without a name.'),
  object: text(`Only deliveries for this involved object: ${OBJECT_FORM}.`),
  since: text(`Only deliveries made then or later: ${MOMENT}.`),
  until: text(`Only deliveries made before: ${MOMENT}.`),
  order: choice(['newest', 'oldest'], 'Which deliveries come first.'),
  limit: limit('Largest number of items; with `whole` a page may be shorter.', 50),
  after: text('Only deliveries after this one: `next` of the previous page.'),
  whole: flag('Whether to answer complete deliveries with their Events.'),
};

/** Values of the parameters. */
export type DeliveriesQuery = ParameterValues<typeof LIST_PARAMETERS>;

/** A page of deliveries: summaries, or complete deliveries if the query asks for them. */
export interface DeliveryPage {
  readonly items: readonly (DeliverySummary | WholeDelivery)[];
  /** `after` of the next page; null on the last one. */
  readonly next: string | null;
  /** Number of all matching deliveries; null on later pages, and if the store cannot count them. */
  readonly total: number | null;
}

/** A page, or the parameter that is invalid. */
type ListResult =
  | { readonly ok: true; readonly page: DeliveryPage }
  | ({ readonly ok: false } & BadParameter);

/** Why an action was not done. */
export interface RefusedAct {
  readonly ok: false;
  readonly why: 'not-found' | 'impossible' | 'full';
  /** For people. */
  readonly detail: string;
  /** State of the delivery, and the actions that are possible in it; only if `impossible`. */
  readonly state?: DeliveryState;
  readonly acts?: readonly ActName[];
}

/** Result of an action. */
type ActResult = { readonly ok: true; readonly acted: ActedDocument } | RefusedAct;

/**
 * Deliveries of one gateway.
 *
 * **Errors**: each call throws `gateway-unusable`, `store-unavailable` or `store-unusable` if there is no
 * answer.
 */
export interface Deliveries {
  list(query: DeliveriesQuery): Promise<ListResult>;
  /** Finds a complete delivery; null if there is none. */
  find(id: string): Promise<WholeDelivery | null>;
  /** Acts on one delivery for a person. */
  act(name: ActName, id: string): Promise<ActResult>;
}

/** Dependencies of the deliveries of a store. */
interface StoredDeliveriesParts {
  readonly store: Pick<Store, 'archive'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly act: (name: ActName, id: string) => Promise<Acted>;
  /** Facts of the running gateway, for one answer; none if no gateway runs. */
  readonly facts: () => GatewayFacts;
}

/** Makes the deliveries of an open store. */
export function storedDeliveries(parts: StoredDeliveriesParts): Deliveries {
  const { archive } = parts.store;
  return {
    list: async ({ whole, ...query }) => {
      const asked = await toStoreQuery(parts, query);
      if ('parameter' in asked) return { ok: false, ...asked };
      const total = asked.after === undefined ? await countDeliveries(archive, asked) : null;
      const list = whole ? listWholeDeliveries : listDeliveries;
      return { ok: true, page: { ...(await list(archive, asked, parts.facts())), total } };
    },
    find: async (id) => (isDeliveryId(id) ? findDelivery(archive, id, parts.facts()) : null),
    act: async (name, id) => {
      if (!isDeliveryId(id)) return notFound(id);
      const acted = await parts.act(name, id);
      if (!acted.done) return refusedAct(acted.why, { name, id, parts });
      const { from, delivery } = acted;
      const summary = toSummary(delivery, parts.facts());
      return { ok: true, acted: { act: name, id, from, delivery: summary } };
    },
  };
}

/** Renders that there is no delivery with an id. */
export function noDelivery(id: string): string {
  return `no delivery has the id "${printable(id, 60)}"`;
}

function notFound(id: string): RefusedAct {
  return { ok: false, why: 'not-found', detail: noDelivery(id) };
}

async function refusedAct(
  why: (Acted & { readonly done: false })['why'],
  asked: { readonly name: ActName; readonly id: string; readonly parts: StoredDeliveriesParts },
): Promise<RefusedAct> {
  const { name, id, parts } = asked;
  if (why === 'full') {
    const detail = 'the store is full: it stores no new delivery until there is space';
    return { ok: false, why, detail };
  }
  const delivery = why === 'not-found' ? null : await parts.store.archive.get(id);
  if (delivery === null) return notFound(id);
  const { state, dead, trigger } = delivery;
  const acts = possibleActs(delivery, parts.facts().triggers);
  const stateText = dead === null ? state : `${state} (${dead})`;
  const detail =
    why === 'no-trigger'
      ? `trigger ${trigger} is not configured, so no attempt is possible`
      : `cannot ${name} a delivery that is ${stateText}; possible: ${acts.join(', ')}`;
  return { ok: false, why: 'impossible', detail, state, acts };
}

async function toStoreQuery(
  { store: { archive }, clock }: StoredDeliveriesParts,
  { state, object, since, until, order = 'newest', ...rest }: Omit<DeliveriesQuery, 'whole'>,
): Promise<DeliveryQuery | BadParameter> {
  const span = spanOf({ since, until }, clock.now());
  if ('parameter' in span) return span;
  const found = object === undefined ? null : await findObject(archive, object);
  if (found?.ok === false) return badParameter('object', found.detail);
  const { after } = rest;
  if (after !== undefined && (!isDeliveryId(after) || !(await archive.get(after)))) {
    return badParameter('after', 'this delivery no longer exists: start with the first page');
  }
  return {
    ...rest,
    ...span,
    order,
    ...(found === null ? {} : { object: found.object }),
    ...(state === undefined
      ? {}
      : { states: DELIVERY_STATES.filter((one) => state.includes(one)) }),
  };
}
