// Access of the commands to deliveries, through a running gateway or an opened store. Both answer the
// same documents, whose types are checked by answer-types.ts. Flags become filters here; their values
// are validated by the routes, so both report the same errors.

import type { DeliveryAnswer, DeliveryQuestion } from '../../api/documents/delivery-routes.ts';
import type { Refusal } from '../../api/problem-document.ts';
import { DELIVERY_STATES } from '../../core/delivery.ts';
import { isDeliveryId } from '../../core/delivery-id.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ActName } from '../../delivery/actions.ts';
import { nearestName } from '../../kit/text/nearest.ts';
import { printable } from '../../kit/text/printable.ts';
import type { DeliverySummary, WholeDelivery } from '../../views/delivery-documents.ts';
import { OBJECT_FORM } from '../../views/object-ref.ts';
import { MOMENT } from '../../views/time.ts';
import { type FlagTable, type GivenFlags, givenTexts } from '../flags.ts';
import {
  type ActedAnswer,
  type Is,
  isActed,
  isPageOf,
  isSummary,
  isWhole,
  type ListedPage,
} from './answer-types.ts';
import { shellWord } from './delivery-text.ts';

/** Answers requests about deliveries. */
export interface DeliveryClient extends AsyncDisposable {
  /**
   * Answers one request.
   *
   * **Errors**: `gateway-unusable`, `store-unavailable` or `store-unusable` if there is no answer.
   */
  ask(question: DeliveryQuestion): Promise<DeliveryAnswer>;
}

/** Filters as pairs of texts; `state=held` may occur several times. */
export type Filters = readonly (readonly [name: string, value: string])[];

/** Result of an action: the document, or the refusal. */
export type ActedDocument =
  | { readonly ok: true; readonly document: ActedAnswer }
  | { readonly ok: false; readonly refusal: Refusal };

const ROOT = '/api/v1/deliveries';

/** Lists the summaries of a page. */
export async function listPage(
  client: DeliveryClient,
  filters: Filters,
): Promise<ListedPage<DeliverySummary>> {
  return expected(await answered(client, filters), isPageOf(isSummary), 'a page of deliveries');
}

/** Lists the complete deliveries of a page. */
export async function listWholePage(
  client: DeliveryClient,
  filters: Filters,
): Promise<ListedPage<WholeDelivery>> {
  const answer = await answered(client, [...filters, ['whole', 'true']]);
  return expected(answer, isPageOf(isWhole), 'a page of complete deliveries');
}

/** Finds a complete delivery by its id; null if there is none. */
export async function findOne(client: DeliveryClient, id: string): Promise<WholeDelivery | null> {
  const path = `${ROOT}/${encodeURIComponent(id)}`;
  const answer = await client.ask({ method: 'GET', path, query: '' });
  if (answer.ok) return expected(answer.document, isWhole, 'a complete delivery');
  if (answer.refusal.status === 404) return null;
  throw badQuestion(answer.refusal);
}

/** Acts on one delivery. */
export async function actOn(
  client: DeliveryClient,
  name: ActName,
  id: string,
): Promise<ActedDocument> {
  const path = `${ROOT}/${encodeURIComponent(id)}/${name}`;
  const answer = await client.ask({ method: 'POST', path, query: '' });
  if (!answer.ok) return answer;
  return { ok: true, document: expected(answer.document, isActed, 'the result of an action') };
}

async function answered(client: DeliveryClient, filters: Filters): Promise<object> {
  const query = new URLSearchParams(
    filters.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  const answer = await client.ask({ method: 'GET', path: ROOT, query });
  if (answer.ok) return answer.document;
  throw badQuestion(answer.refusal);
}

/** The answer with its type. **Errors**: `gateway-unusable` if it is another document. */
function expected<Document>(answer: object, is: Is<Document>, what: string): Document {
  if (is(answer)) return answer;
  const message = `read the answer: it is not from Sluice’s API, or from another version (expected ${what})`;
  throw new SluiceError('gateway-unusable', message);
}

/** Converts a refusal; a bad parameter comes from the flag of the same name. */
function badQuestion({ status, detail }: Refusal): SluiceError {
  if (status === 400) return new SluiceError('usage', detail.replace(/^parameter /, 'flag --'));
  return new SluiceError('gateway-unusable', `list deliveries: found status ${status}: ${detail}`);
}

/** Flags that select deliveries. */
export const FILTER_FLAGS = {
  state: {
    type: 'list',
    takes: 'STATE',
    values: DELIVERY_STATES,
    help: `only deliveries in this state: ${DELIVERY_STATES.join(', ')}; may be repeated`,
  },
  trigger: { type: 'string', takes: 'NAME', help: 'only deliveries of this trigger' },
  rule: {
    type: 'string',
    takes: 'NAME',
    help: 'only deliveries of this rule; "": of rules without a name',
  },
  object: {
    type: 'string',
    takes: 'OBJECT',
    help: `only deliveries for this involved object: ${OBJECT_FORM}`,
  },
  since: { type: 'string', takes: 'TIME', help: `only deliveries made then or later: ${MOMENT}` },
  until: { type: 'string', takes: 'TIME', help: 'only deliveries made before' },
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
export async function notFoundText(client: DeliveryClient, text: string): Promise<string> {
  const { items } = await listPage(client, [['limit', '500']]);
  const ids = items.map(({ id }) => id);
  const begun = text.length < PREFIX_CHARACTERS ? [] : ids.filter((id) => id.startsWith(text));
  const near = begun.length > 0 ? begun.slice(0, SUGGESTIONS) : (nearestName(text, ids) ?? []);
  const hint = near.length === 0 ? '' : ` (did you mean ${[near].flat().join(' or ')}?)`;
  const form = isDeliveryId(text) ? '' : '; an id has 26 characters: see sluice deliveries list';
  return `no delivery has the id "${printable(text, 60)}"${hint}${form}`;
}
