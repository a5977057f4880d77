// Deliveries as the commands see them, whoever answers: a running gateway, or the store's file with
// none running. Both answer the same documents; what is said here to neither is a bad question.

import type { DeliveryState } from '../../core/delivery.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ActName } from '../../delivery/actions.ts';
import type { DeliveryAnswer, DeliveryQuestion } from '../../http/ask-deliveries.ts';
import type { DeliverySummary, WholeDelivery } from '../../http/deliveries.ts';
import type { Refusal } from '../../http/problem-document.ts';

/** Who answers questions about deliveries. */
export interface Asker extends AsyncDisposable {
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
export interface Page<Item> {
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
export async function listPage(asker: Asker, filters: Filters): Promise<Page<DeliverySummary>> {
  return (await answered(asker, filters)) as Page<DeliverySummary>;
}

/** A page of deliveries with everything that is known of each. */
export async function listWholePage(asker: Asker, filters: Filters): Promise<Page<WholeDelivery>> {
  return (await answered(asker, [...filters, ['whole', 'true']])) as Page<WholeDelivery>;
}

/** Everything that is known of one; null where there is none of this id. */
export async function findOne(asker: Asker, id: string): Promise<WholeDelivery | null> {
  const path = `${ROOT}/${encodeURIComponent(id)}`;
  const answer = await asker.ask({ method: 'GET', path, query: '' });
  if (answer.ok) return answer.document as WholeDelivery;
  if (answer.refusal.status === 404) return null;
  throw badQuestion(answer.refusal);
}

/** Does something with one. */
export async function actOn(asker: Asker, name: ActName, id: string): Promise<ActedDocument> {
  const path = `${ROOT}/${encodeURIComponent(id)}/${name}`;
  return (await asker.ask({ method: 'POST', path, query: '' })) as ActedDocument;
}

async function answered(asker: Asker, filters: Filters): Promise<object> {
  const query = new URLSearchParams(
    filters.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  const answer = await asker.ask({ method: 'GET', path: ROOT, query });
  if (!answer.ok) throw badQuestion(answer.refusal);
  if (Array.isArray((answer.document as { items?: unknown }).items)) return answer.document;
  throw new SluiceError('gateway-unusable', 'list deliveries: the answer is none of Sluice');
}

/** Everything else than a bad question was thrown by whoever was asked. */
function badQuestion({ status, detail }: Refusal): SluiceError {
  if (status === 400) return new SluiceError('usage', detail.replace(/^parameter /, 'flag --'));
  return new SluiceError('gateway-unusable', `list deliveries: found status ${status}: ${detail}`);
}
