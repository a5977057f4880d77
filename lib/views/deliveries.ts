// Deliveries of a gateway as a port: list, find, act. `storedDeliveries` implements it over an open store;
// lib/cli implements it over the API of a running gateway. Both read the same parameters and answer the
// same documents. No result depends on HTTP.

import type { Clock } from '../core/clock.ts';
import { DELIVERY_STATES, type Delivery, type DeliveryState } from '../core/delivery.ts';
import { isDeliveryId } from '../core/delivery-id.ts';
import type { Archive, DeliveryQuery, Store } from '../core/ports/store.ts';
import { type Acted, type ActName, possibleActs } from '../delivery/actions.ts';
import { jsonSize } from '../kit/data/json.ts';
import { printable } from '../kit/text/printable.ts';
import {
  type ActedDocument,
  type DeliverySummary,
  type GatewayFacts,
  toSummary,
  toWhole,
  type WholeDelivery,
} from './delivery-documents.ts';
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
      const total = asked.after === undefined ? await counted(archive, asked) : null;
      const facts = parts.facts();
      const page = await pageOf(archive, asked, async (delivery) => {
        if (!whole) return { item: toSummary(delivery, facts), weight: 0 };
        const item = toWhole(delivery, await archive.decision(delivery.id), facts);
        return { item, weight: jsonSize(item) };
      });
      return { ok: true, page: { ...page, total } };
    },
    find: async (id) => {
      const delivery = isDeliveryId(id) ? await archive.get(id) : null;
      return delivery === null
        ? null
        : toWhole(delivery, await archive.decision(id), parts.facts());
    },
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

/** Counts all matching deliveries; null if that would mean to read each of them. */
async function counted(
  archive: Pick<Archive, 'counts'>,
  { states, trigger, rule, object, since, until }: Omit<DeliveryQuery, 'limit'>,
): Promise<number | null> {
  if ([rule, object, since, until].some((one) => one !== undefined)) return null;
  const counts = await archive.counts();
  return counts
    .filter((one) => states?.includes(one.state) ?? true)
    .filter((one) => (trigger ?? one.trigger) === one.trigger)
    .reduce((sum, { count }) => sum + count, 0);
}

// Limit of a page of complete deliveries: with large Events a page has fewer deliveries.
const PAGE_WEIGHT = 8 * 1024 * 1024;
// The first step is small: it fits into memory even with the largest Events of an API server.
const FIRST_STEP = 16;
const LONGEST_STEP = 512;
const LIGHT = 1024 * 1024;

/** A document, and its size if that limits the page. */
interface Made {
  readonly item: DeliverySummary;
  readonly weight: number;
}

/** Lists a page in steps; a page of complete deliveries may have fewer than the limit. */
async function pageOf(
  archive: Pick<Archive, 'list'>,
  query: DeliveryQuery,
  make: (delivery: Delivery) => Promise<Made>,
): Promise<Pick<DeliveryPage, 'items' | 'next'>> {
  const items: DeliverySummary[] = [];
  let weight = 0;
  let rest = query;
  for (let step = FIRST_STEP; ; ) {
    // One more than the limit shows whether there is a next page.
    const limit = Math.min(step, query.limit - items.length + 1);
    const found = await archive.list({ ...rest, limit });
    for (const delivery of found) {
      const last = items.at(-1);
      if (last !== undefined && (items.length === query.limit || weight > PAGE_WEIGHT)) {
        return { items, next: last.id };
      }
      const made = await make(delivery);
      items.push(made.item);
      weight += made.weight;
    }
    const last = found.at(-1);
    if (found.length < limit || last === undefined) return { items, next: null };
    rest = { ...query, after: last.id };
    step = nextStep(step, found);
  }
}

/** Reads more at once if deliveries are small, fewer if they are large. */
function nextStep(step: number, found: readonly Delivery[]): number {
  const weight = found.reduce((sum, { occurrences }) => sum + jsonSize(occurrences), 0);
  if (weight > PAGE_WEIGHT) return Math.max(1, Math.floor(step / 2));
  return weight < LIGHT ? Math.min(LONGEST_STEP, step * 2) : step;
}
