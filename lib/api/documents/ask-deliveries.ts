// The routes of deliveries without HTTP: a command that opened the store's file itself asks as it
// would ask a gateway, and is answered and refused by the same table. Nobody's token is looked at:
// who may open the file may do all this anyway.

import type { Refusal } from '../problem-document.ts';
import { parseValues } from '../query.ts';
import { DELIVERY_ROUTES, type DeliveryParts } from './delivery-routes.ts';

/** One question. */
export interface DeliveryQuestion {
  readonly method: 'GET' | 'POST';
  /** With `/api/v1` and the id in it, percent-encoded. */
  readonly path: string;
  /** Without its `?`. */
  readonly query: string;
}

/** What a route answered. */
export type DeliveryAnswer =
  | { readonly ok: true; readonly document: object }
  | { readonly ok: false; readonly refusal: Refusal };

/** Answers a question from an opened store. */
export async function askDeliveries(
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
  return { ok: false, refusal: { status: 404, detail: `nothing answers ${method} ${path}` } };
}
