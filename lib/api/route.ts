// The type of a route and helpers for the tables of routes. The tables are in routes.ts and
// delivery-routes.ts; api.ts serves them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonSchema } from '../core/kind.ts';
import type { Acted, ActName } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import type { Plan } from '../plan/plan.ts';
import type { StatusParts } from '../views/status-documents.ts';
import type { Explainer } from './documents/explain-request.ts';
import type { Feed } from './documents/feed.ts';
import type { Refusal, RefusalStatus } from './problem-document.ts';
import type { Parameter, QueryValues } from './query.ts';

/** Dependencies of the routes. */
export interface RouteParts extends StatusParts {
  readonly plan: Plan;
  readonly feed: Feed;
  readonly explainer: Explainer;
  /** Acts on a delivery for a person. */
  readonly act: (name: ActName, id: string) => Promise<Acted>;
  /** Computes when held deliveries start, for one answer. */
  readonly forecasts: () => (id: string) => HeldForecast | null;
}

/** One request that has passed every check. */
export interface RouteCall {
  readonly values: QueryValues;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Result of a route. */
export type RouteAnswer =
  | { readonly kind: 'document'; readonly document: object }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'streamed' };

/** One method and path, with its documentation and handler. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** As OpenAPI spells it: `/decisions/{sequence}`. */
  readonly path: string;
  /** False: every request needs the token. */
  readonly isRead: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  /** The request body; absent: the route reads none. */
  readonly body?: { readonly description: string; readonly schema: JsonSchema };
  readonly mediaType: 'application/json' | 'text/event-stream';
  readonly answers: { readonly description: string; readonly schema: JsonSchema };
  /** Statuses of refusals in addition to those of every route. */
  readonly refuses: readonly RefusalStatus[];
  readonly answer: (parts: RouteParts, call: RouteCall) => RouteAnswer | Promise<RouteAnswer>;
}

const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER;
const MAX_LIMIT = 500;

/** Defaults of a route: a read that answers JSON. */
export const JSON_READ = {
  method: 'GET',
  isRead: true,
  mediaType: 'application/json',
  parameters: [],
  refuses: [],
} as const;

/** The parameter `limit`: the largest number of items in an answer. */
export function limit(description: string, value: number): Parameter {
  const schema = { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: value } as const;
  return { name: 'limit', place: 'query', description, schema };
}

/** A text parameter of the query. */
export function text(name: string, description: string): Parameter {
  return { name, place: 'query', description, schema: { type: 'string' } };
}

/** A parameter that is a sequence number. */
export function sequence(name: string, place: Parameter['place'], description: string): Parameter {
  const schema = { type: 'integer', minimum: 0, maximum: MAX_SEQUENCE } as const;
  return { name, place, description, schema };
}

/** Answers with a document. */
export function document(made: object): RouteAnswer {
  return { kind: 'document', document: made };
}

/** Answers with a refusal. */
export function refusal(why: Refusal): RouteAnswer {
  return { kind: 'refusal', refusal: why };
}
