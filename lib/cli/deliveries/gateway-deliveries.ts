// Deliveries of a running gateway over its API. Bodies are parsed by the schemas that the API describes
// them with, in their open form, so that a command can ask a newer gateway.

import { ACT_STATUSES } from '../../api/delivery-routes.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ActName } from '../../delivery/actions.ts';
import type { Deliveries, RefusedAct } from '../../views/deliveries.ts';
import { ACTED, DELIVERY, WHOLE_DELIVERY } from '../../views/delivery-schemas.ts';
import * as s from '../../views/typed-schema.ts';
import type { GatewayClient, GatewayReply } from './gateway-client.ts';

const ROOT = '/api/v1/deliveries';
const PAGE = { next: s.TEXT_OR_NULL, total: s.NUMBER_OR_NULL };

const isPage = s.guardOf(s.listOf(DELIVERY, PAGE));
const isWholePage = s.guardOf(s.listOf(WHOLE_DELIVERY, PAGE));
const isWhole = s.guardOf(WHOLE_DELIVERY);
const isActed = s.guardOf(ACTED);

/** Makes the deliveries of a gateway. */
export function gatewayDeliveries(client: GatewayClient): Deliveries {
  return {
    list: async (query) => {
      const pairs = Object.entries(query).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      const reply = await client.ask('GET', `${ROOT}?${new URLSearchParams(pairs).toString()}`);
      if (reply.ok && query.whole) {
        return { ok: true, page: expected(reply, isWholePage, 'a page of complete deliveries') };
      }
      if (reply.ok) return { ok: true, page: expected(reply, isPage, 'a page of deliveries') };
      const { status, problem } = reply;
      if (status !== 400) throw unexpected(reply);
      return { ok: false, parameter: problem.parameter ?? '', detail: problem.detail };
    },
    find: async (id) => {
      const reply = await client.ask('GET', pathOf(id));
      if (reply.ok) return expected(reply, isWhole, 'a complete delivery');
      if (reply.status === 404) return null;
      throw unexpected(reply);
    },
    act: async (name, id) => {
      const reply = await client.ask('POST', pathOf(id, name));
      if (reply.ok) return { ok: true, acted: expected(reply, isActed, 'the result of an action') };
      const why = REFUSALS.find((one) => ACT_STATUSES[one] === reply.status);
      if (why === undefined) throw unexpected(reply);
      const { parameter: _, ...problem } = reply.problem;
      return { ok: false, why, ...problem };
    },
  };
}

const REFUSALS = ['not-found', 'impossible', 'full'] as const satisfies RefusedAct['why'][];

type RefusedReply = GatewayReply & { readonly ok: false };

function pathOf(id: string, name?: ActName): string {
  return `${ROOT}/${encodeURIComponent(id)}${name === undefined ? '' : `/${name}`}`;
}

function expected<Document>(
  { document }: GatewayReply & { readonly ok: true },
  is: (value: unknown) => value is Document,
  what: string,
): Document {
  if (is(document)) return document;
  const message = `read the answer: it is not from Sluice’s API, or from another version (expected ${what})`;
  throw new SluiceError('gateway-unusable', message);
}

function unexpected({ status, problem }: RefusedReply): SluiceError {
  const message = `ask for deliveries: found status ${status}: ${problem.detail}`;
  return new SluiceError('gateway-unusable', message);
}
