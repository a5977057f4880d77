// The type of a route, and `route`, which makes one from its row in a table. The tables are in routes.ts
// and delivery-routes.ts; api.ts serves them.

import type { Request, Response } from 'express';
import type { TextReader } from '../config/parse-value.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import type { Plan } from '../plan/plan.ts';
import type { Deliveries } from '../views/deliveries.ts';
import type { ExplanationAnswer } from '../views/explanations.ts';
import {
  type BadParameter,
  type Parameters,
  type ParameterValues,
  readerOf,
} from '../views/parameters.ts';
import type { StatusParts } from '../views/status-documents.ts';
import type { Schema } from '../views/typed-schema.ts';
import type { Feed } from './feed.ts';
import type { Refusal, RefusalStatus } from './problem-document.ts';

/** Dependencies of the routes. */
export interface RouteParts extends StatusParts {
  readonly plan: Plan;
  readonly feed: Feed;
  /** Explains the Events in a body, for a source or the first that reads each. */
  readonly explain: (
    call: RouteCall,
    source: string | undefined,
  ) => Promise<RouteAnswer<ExplanationAnswer>>;
  readonly deliveries: Deliveries;
}

/** One request that has passed the checks of access. */
export interface RouteCall {
  readonly request: Request;
  readonly response: Response;
}

/** Result of a route. */
export type RouteAnswer<Document = object> =
  | { readonly kind: 'document'; readonly document: Document }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'streamed' };

/** One method and path with its documentation. */
interface RouteDocumentation {
  /** As OpenAPI spells it: `/decisions/{sequence}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** The request body; absent: the route reads none. */
  readonly body?: { readonly description: string; readonly schema: JsonSchema };
}

/** Properties of a route that a row names only if they differ: it reads, and answers JSON. */
interface RouteProperties {
  readonly method: 'GET' | 'POST';
  /** False: every request needs the token. */
  readonly isRead: boolean;
  readonly mediaType: 'application/json' | 'text/event-stream';
  /** Statuses of refusals in addition to those of every route. */
  readonly refuses: readonly RefusalStatus[];
}

/** A row of a table: its answer has the type of its schema, its values those of its parameters. */
interface RouteRow<P, Document> extends RouteDocumentation, Partial<RouteProperties> {
  readonly parameters: P;
  readonly answers: { readonly description: string; readonly schema: Schema<Document> };
  readonly answer: (
    parts: RouteParts,
    values: ParameterValues<P>,
    call: RouteCall,
  ) => RouteAnswer<Document> | Promise<RouteAnswer<Document>>;
}

/** A route as it is served and described. */
export interface Route extends RouteDocumentation, RouteProperties {
  readonly parameters: Parameters;
  readonly answers: { readonly description: string; readonly schema: Schema<unknown> };
  readonly serve: (parts: RouteParts, call: RouteCall) => Promise<RouteAnswer>;
}

/** Makes a route. Its parameters are compiled at its first request, because compiling takes some ms. */
export function route<Document extends object, P extends Parameters>(
  row: RouteRow<P, Document>,
): Route {
  const { parameters, answer } = row;
  let reader: TextReader<ParameterValues<P>> | undefined;
  return {
    ...{ method: 'GET', isRead: true, mediaType: 'application/json', refuses: [] },
    ...row,
    serve: async (parts, call) => {
      const { params, url } = call.request;
      reader ??= readerOf(parameters, Object.keys(params));
      const inPath = Object.entries(params).map(([name, text]) => [name, String(text)] as const);
      const read = reader([...inPath, ...new URLSearchParams(url.split('?', 2)[1] ?? '')]);
      return read.ok ? answer(parts, read.values, call) : badRequest(read);
    },
  };
}

/** Answers with a document. */
export function document<Document>(made: Document): RouteAnswer<Document> {
  return { kind: 'document', document: made };
}

/** Answers with a refusal. */
export function refusal(why: Refusal): RouteAnswer<never> {
  return { kind: 'refusal', refusal: why };
}

/** Refuses a parameter. */
export function badRequest({ parameter, detail }: BadParameter): RouteAnswer<never> {
  return refusal({ status: 400, parameter, detail });
}
