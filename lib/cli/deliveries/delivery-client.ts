// Deliveries as the commands see them, whoever answers: a running gateway, or the store's file with
// none running. Both answer the same documents; what is said here to neither is a bad question.

import type { DeliverySummary, WholeDelivery } from '../../api/documents/delivery-documents.ts';
import type { DeliveryAnswer, DeliveryQuestion } from '../../api/documents/delivery-routes.ts';
import { OBJECT_FORM } from '../../api/documents/object-ref.ts';
import type { Refusal } from '../../api/problem-document.ts';
import { MOMENT } from '../../api/time.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../core/delivery.ts';
import { isDeliveryId } from '../../core/delivery-id.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ActName } from '../../delivery/actions.ts';
import { nearestName } from '../../kit/text/nearest.ts';
import { printable } from '../../kit/text/printable.ts';
import type { FlagTable, GivenFlags } from '../flags.ts';
import { shellWord } from './delivery-text.ts';

/** Who answers questions about deliveries. */
export interface DeliveryClient extends AsyncDisposable {
  /**
   * Asks one question.
   *
   * **Errors**: `gateway-unusable`, `store-unavailable` or `store-unusable` where nobody answers.
   */
  ask(question: DeliveryQuestion): Promise<DeliveryAnswer>;
}

/** Which deliveries, as texts: `state=held` may be there several times. */
export type Filters = readonly (readonly [name: string, value: string])[];

/** A page of deliveries. */
export interface ListedPage<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly total: number | null;
}

/** What became of an act. */
export type ActedDocument =
  | {
      readonly ok: true;
      readonly document: {
        readonly act: ActName;
        readonly id: string;
        readonly from: DeliveryState;
        readonly delivery: DeliverySummary;
      };
    }
  | { readonly ok: false; readonly refusal: Refusal };

const ROOT = '/api/v1/deliveries';

/** A page of deliveries in short. */
export async function listPage(
  client: DeliveryClient,
  filters: Filters,
): Promise<ListedPage<DeliverySummary>> {
  return (await answered(client, filters)) as ListedPage<DeliverySummary>;
}

/** A page of deliveries with everything that is known of each. */
export async function listWholePage(
  client: DeliveryClient,
  filters: Filters,
): Promise<ListedPage<WholeDelivery>> {
  return (await answered(client, [...filters, ['whole', 'true']])) as ListedPage<WholeDelivery>;
}

/** Everything that is known of one; null where there is none of this id. */
export async function findOne(client: DeliveryClient, id: string): Promise<WholeDelivery | null> {
  const path = `${ROOT}/${encodeURIComponent(id)}`;
  const answer = await client.ask({ method: 'GET', path, query: '' });
  if (answer.ok) return answer.document as WholeDelivery;
  if (answer.refusal.status === 404) return null;
  throw badQuestion(answer.refusal);
}

/** Does something with one. */
export async function actOn(
  client: DeliveryClient,
  name: ActName,
  id: string,
): Promise<ActedDocument> {
  const path = `${ROOT}/${encodeURIComponent(id)}/${name}`;
  return (await client.ask({ method: 'POST', path, query: '' })) as ActedDocument;
}

async function answered(client: DeliveryClient, filters: Filters): Promise<object> {
  const query = new URLSearchParams(
    filters.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  const answer = await client.ask({ method: 'GET', path: ROOT, query });
  if (!answer.ok) throw badQuestion(answer.refusal);
  if (Array.isArray((answer.document as { items?: unknown }).items)) return answer.document;
  throw new SluiceError('gateway-unusable', 'list deliveries: the answer is none of Sluice');
}

/** Everything else than a bad question was thrown by whoever was asked. */
function badQuestion({ status, detail }: Refusal): SluiceError {
  if (status === 400) return new SluiceError('usage', detail.replace(/^parameter /, 'flag --'));
  return new SluiceError('gateway-unusable', `list deliveries: found status ${status}: ${detail}`);
}

// The flags that say which deliveries, and what they ask for. What may stand in them is for whoever
// answers to check: a running gateway and an opened file say the same of a wrong one.

/** The flags that say which deliveries. */
export const FILTER_FLAGS = {
  state: {
    type: 'list',
    takes: 'STATE',
    values: DELIVERY_STATES,
    help: `only those in one of these: ${DELIVERY_STATES.join(', ')}; may be repeated`,
  },
  trigger: { type: 'string', takes: 'NAME', help: 'only those of this trigger' },
  rule: {
    type: 'string',
    takes: 'NAME',
    help: 'only those of this rule; "": of one without a name',
  },
  object: { type: 'string', takes: 'OBJECT', help: `only those of this one: ${OBJECT_FORM}` },
  since: { type: 'string', takes: 'TIME', help: `only those made then or later: ${MOMENT}` },
  until: { type: 'string', takes: 'TIME', help: 'only those made before' },
} as const satisfies FlagTable;

const TEXTS = ['trigger', 'rule', 'object', 'since', 'until'] as const;

/** The filters that were given. */
export function filtersOf(given: GivenFlags): Filters {
  return [
    ...given.list('state').map((state) => ['state', state] as const),
    ...TEXTS.flatMap((name) => {
      const value = given.text(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  ];
}

/** Filters as flags of a command line, each with a space before. */
export function filterWords(filters: Filters): string {
  return filters.map(([name, value]) => ` --${name} ${shellWord(value)}`).join('');
}

// Ids as people name them on a command line. They are taken whole: an act on the wrong delivery is
// worse than one more paste. The name of what a delivery started ends in its id, and does as well.

const ID_CHARACTERS = 26;
// A prefix shorter than this is that of too many: the first ten characters are a time.
const PREFIX_CHARACTERS = 4;
const SUGGESTIONS = 3;

/** The id in `01k…` or in `build-01k…`; the text itself where there is none. */
export function idIn(text: string): string {
  const end = text.slice(-ID_CHARACTERS);
  const isName = text.length > ID_CHARACTERS && text.at(-ID_CHARACTERS - 1) === '-';
  return isName && isDeliveryId(end) ? end : text;
}

/** Why an id finds nothing, with ids of late that it may have meant. */
export async function notFoundText(client: DeliveryClient, text: string): Promise<string> {
  const { items } = await listPage(client, [['limit', '500']]);
  const ids = items.map(({ id }) => id);
  const begun = text.length < PREFIX_CHARACTERS ? [] : ids.filter((id) => id.startsWith(text));
  const near = begun.length > 0 ? begun.slice(0, SUGGESTIONS) : (nearestName(text, ids) ?? []);
  const hint = near.length === 0 ? '' : ` (did you mean ${[near].flat().join(' or ')}?)`;
  const form = isDeliveryId(text) ? '' : '; an id has 26 characters, as list shows it';
  return `no delivery has the id "${printable(text, 60)}"${hint}${form}`;
}
