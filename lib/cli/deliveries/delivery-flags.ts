// The flags that select deliveries, as parameters of a list, and the ids that users write. The values of
// flags are read by the validator of the API's parameters, so both report the same mistakes.

import { DELIVERY_STATES } from '../../core/delivery.ts';
import { isDeliveryId } from '../../core/delivery-id.ts';
import type { SluiceError } from '../../core/errors.ts';
import { nearestName } from '../../kit/text/nearest.ts';
import {
  type Deliveries,
  type DeliveriesQuery,
  type DeliveryPage,
  LIST_PARAMETERS,
  noDelivery,
} from '../../views/deliveries.ts';
import { OBJECT_FORM } from '../../views/object-ref.ts';
import { type BadParameter, readerOf } from '../../views/parameters.ts';
import { MOMENT } from '../../views/time.ts';
import { type FlagTable, type GivenFlags, givenTexts, textFlag, usage } from '../flags.ts';
import { shellWord } from './delivery-text.ts';

/** Filters as pairs of texts; `state=held` may occur several times. */
export type Filters = readonly (readonly [name: string, value: string])[];

/** Converts filters to a query. **Errors**: `usage`. */
export function queryOf(filters: Filters): DeliveriesQuery {
  const read = readerOf(LIST_PARAMETERS)(filters);
  if (!read.ok) throw badFlag(read);
  return read.values;
}

/** Lists a page. **Errors**: `usage` for the flag of an invalid parameter. */
export async function listPage(
  deliveries: Deliveries,
  query: DeliveriesQuery,
): Promise<DeliveryPage> {
  const listed = await deliveries.list(query);
  if (!listed.ok) throw badFlag(listed);
  return listed.page;
}

/** Lists page by page; each page is asked for when the one before was used. */
export async function* pagesOf(
  deliveries: Deliveries,
  query: DeliveriesQuery,
): AsyncGenerator<DeliveryPage, void> {
  let page = await listPage(deliveries, query);
  yield page;
  while (page.next !== null) {
    page = await listPage(deliveries, { ...query, after: page.next });
    yield page;
  }
}

function badFlag({ detail }: BadParameter): SluiceError {
  return usage(detail.replace(/^parameter /, 'flag --'));
}

/** Flags that select deliveries. */
export const FILTER_FLAGS = {
  state: {
    type: 'list',
    takes: 'STATE',
    values: DELIVERY_STATES,
    help: `only deliveries in this state: ${DELIVERY_STATES.join(', ')}; may be repeated`,
  },
  trigger: textFlag('NAME', 'only deliveries of this trigger'),
  rule: textFlag('NAME', 'only deliveries of this rule; "": of rules without a name'),
  object: textFlag('OBJECT', `only deliveries for this involved object: ${OBJECT_FORM}`),
  since: textFlag('TIME', `only deliveries made then or later: ${MOMENT}`),
  until: textFlag('TIME', 'only deliveries made before'),
} as const satisfies FlagTable;

/** Converts the flags to filters. */
export function filtersOf(given: GivenFlags): Filters {
  return [
    ...given.list('state').map((state) => ['state', state] as const),
    ...givenTexts(given, ['trigger', 'rule', 'object', 'since', 'until']),
  ];
}

/** Renders filters as flags of a command line, each after a space. */
export function filterWords(filters: Filters): string {
  return filters.map(([name, value]) => ` --${name} ${shellWord(value)}`).join('');
}

const ID_CHARACTERS = 26;
// A shorter prefix matches too many ids: the first ten characters are a time.
const PREFIX_CHARACTERS = 4;
const SUGGESTIONS = 3;

/**
 * Finds the id in `01k…`, or in the name of a started object such as `build-01k…`; else returns the
 * text. Only complete ids count, because acting on the wrong delivery is worse than pasting again.
 */
export function idIn(text: string): string {
  const end = text.slice(-ID_CHARACTERS);
  const isName = text.length > ID_CHARACTERS && text.at(-ID_CHARACTERS - 1) === '-';
  return isName && isDeliveryId(end) ? end : text;
}

/** Explains that an id was not found, with similar recent ids. */
export async function notFoundText(deliveries: Deliveries, text: string): Promise<string> {
  const { items } = await listPage(deliveries, { limit: 500, whole: false });
  const ids = items.map(({ id }) => id);
  const begun = text.length < PREFIX_CHARACTERS ? [] : ids.filter((id) => id.startsWith(text));
  const near = begun.length > 0 ? begun.slice(0, SUGGESTIONS) : (nearestName(text, ids) ?? []);
  const hint = near.length === 0 ? '' : ` (did you mean ${[near].flat().join(' or ')}?)`;
  const form = isDeliveryId(text) ? '' : '; an id has 26 characters: see sluice deliveries list';
  return `${noDelivery(text)}${hint}${form}`;
}
