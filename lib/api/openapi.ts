// The OpenAPI document of a table of routes: data in, data out. docs/openapi.json is this, written by
// tools/generate.ts; GET /api/v1/openapi.json is this, asked of a gateway.
// Source: OpenAPI 3.1.1.

import { STATUS_CODES } from 'node:http';
import type { Json, JsonObject } from '../core/event.ts';
import type { PlannedHttp } from '../plan/plan.ts';
import { PROBLEM_TYPE, type RefusalStatus } from './problem-document.ts';
import { toOpenApiParameter } from './query.ts';
import type { Route } from './route.ts';
import { SCHEMAS, schemaNamed } from './schemas.ts';

/** What every route may refuse with, whatever it does. */
const COMMON_REFUSALS: readonly RefusalStatus[] = [
  400, 401, 403, 405, 406, 408, 421, 431, 500, 503,
];

const ABOUT = 'What a gateway decides, why, and what became of it.';
const ERRORS = 'Errors are problem documents (RFC 9457).';
const OPEN_READS =
  'On a listener of loopback, reads over loopback need no token, unless `http.api.requireToken` is set. Every other request carries `Authorization: Bearer <token>`.';
const NO_OPEN_READS = 'Every request carries `Authorization: Bearer <token>`.';

/** The OpenAPI document of these routes, as a gateway serves them. */
export function openApiDocument(
  routes: readonly Route[],
  version: string,
  { requireToken }: Pick<PlannedHttp, 'requireToken'> = { requireToken: false },
): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(route),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sluice',
      version,
      description: [ABOUT, requireToken ? NO_OPEN_READS : OPEN_READS, ERRORS].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: requireToken ? [{ token: [] }] : [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: SCHEMAS,
    },
  };
}

function operationOf(route: Route): JsonObject {
  const { summary, description, parameters, body, answers, mediaType, isRead, refuses } = route;
  const refusals = [...new Set([...COMMON_REFUSALS, ...refuses])].toSorted((a, b) => a - b);
  const responses: Record<string, Json> = {
    '200': {
      description: answers.description,
      content: { [mediaType]: { schema: answers.schema } },
    },
  };
  for (const status of refusals) responses[String(status)] = refusalOf(status);
  return {
    operationId: operationId(route),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isRead ? {} : { security: [{ token: [] }] }),
    parameters: parameters.map(toOpenApiParameter),
    ...(body === undefined ? {} : { requestBody: bodyOf(body) }),
    responses,
  };
}

function bodyOf({ description, schema }: NonNullable<Route['body']>): JsonObject {
  return { required: true, description, content: { 'application/json': { schema } } };
}

function refusalOf(status: RefusalStatus): JsonObject {
  const content = { [PROBLEM_TYPE]: { schema: schemaNamed('Problem') } };
  return { description: STATUS_CODES[status] ?? '', content };
}

/** `getDecisionsSequence`: the method and the words of the path. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1', '')
    .split(/[^a-z0-9]+/i)
    .filter((word) => word !== '');
  const named = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${method.toLowerCase()}${named.join('')}`;
}
