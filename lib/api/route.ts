// What a route is, and the few pieces that the tables of routes are made of. The routes themselves are
// in routes.ts and delivery-routes.ts; who serves them is api.ts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonSchema } from '../core/kind.ts';
import type { Acted, ActName } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import type { Explainer } from './documents/explain-request.ts';
import type { Feed } from './documents/feed.ts';
import type { StatusParts } from './documents/status-documents.ts';
import type { Refusal, RefusalStatus } from './problem-document.ts';
import type { Parameter, QueryValues } from './query.ts';

/** What routes answer from. */
export interface RouteParts extends StatusParts {
  readonly feed: Feed;
  readonly explainer: Explainer;
  /** Does what a person asks with a delivery. */
  readonly act: (name: ActName, id: string) => Promise<Acted>;
  /** Says when held deliveries start; made for one answer. */
  readonly forecasts: () => (id: string) => HeldForecast | null;
}

/** One request that was let in. */
export interface RouteCall {
  readonly values: QueryValues;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What became of a request. */
export type RouteAnswer =
  | { readonly kind: 'document'; readonly document: object }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'streamed' };

/** One route. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** In OpenAPI's spelling: `/decisions/{sequence}`. */
  readonly path: string;
  /** A write needs a token whoever asks. */
  readonly isRead: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  /** The body it takes, where it takes one. */
  readonly body?: { readonly description: string; readonly schema: JsonSchema };
  readonly mediaType: 'application/json' | 'text/event-stream';
  readonly answers: { readonly description: string; readonly schema: JsonSchema };
  /** What it refuses with beyond what every route does. */
  readonly refuses: readonly RefusalStatus[];
  readonly answer: (parts: RouteParts, call: RouteCall) => RouteAnswer | Promise<RouteAnswer>;
}

const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER;
const MAX_LIMIT = 500;

/** What most routes are: a read that answers JSON. */
export const JSON_READ = {
  method: 'GET',
  isRead: true,
  mediaType: 'application/json',
  parameters: [],
  refuses: [],
} as const;

/** How many to answer at the most. */
export function limit(description: string, value: number): Parameter {
  const schema = { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: value } as const;
  return { name: 'limit', place: 'query', description, schema };
}

/** A text of the query. */
export function text(name: string, description: string): Parameter {
  return { name, place: 'query', description, schema: { type: 'string' } };
}

/** A number in the order of everything that happened. */
export function sequence(name: string, place: Parameter['place'], description: string): Parameter {
  const schema = { type: 'integer', minimum: 0, maximum: MAX_SEQUENCE } as const;
  return { name, place, description, schema };
}

/** A document as an answer. */
export function document(made: object): RouteAnswer {
  return { kind: 'document', document: made };
}

/** A refusal as an answer. */
export function refusal(why: Refusal): RouteAnswer {
  return { kind: 'refusal', refusal: why };
}
