// Describes the table of routes as an OpenAPI document, with the schemas of all documents.
// tools/generate.ts writes docs/openapi.json from here.
// Source: OpenAPI 3.1.1.

import { STATUS_CODES } from 'node:http';
import type { Json, JsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { PlannedHttp } from '../plan/plan.ts';
import { DECISION, EXPLANATION, MOVE, WHOLE_DECISION } from '../views/decision-documents.ts';
import { ACTED, DELIVERY, WHOLE_DELIVERY } from '../views/delivery-schemas.ts';
import { GAP, RULE, STATUS } from '../views/status-documents.ts';
import type { Schema } from '../views/typed-schema.ts';
import { PROBLEM, PROBLEM_TYPE, type RefusalStatus } from './problem-document.ts';
import type { Route } from './route.ts';

/** All named schemas. */
const SCHEMAS = {
  Status: STATUS.json,
  Rule: RULE.json,
  Decision: DECISION.json,
  WholeDecision: WHOLE_DECISION.json,
  Explanation: EXPLANATION.json,
  Move: MOVE.json,
  Delivery: DELIVERY.json,
  WholeDelivery: WHOLE_DELIVERY.json,
  Acted: ACTED.json,
  Gap: GAP.json,
  Problem: PROBLEM.json,
} as const satisfies Record<string, JsonSchema>;

/** Statuses of refusals that every route may answer. */
const COMMON_REFUSALS: readonly RefusalStatus[] = [
  400, 401, 403, 405, 406, 408, 421, 431, 500, 503,
];

const ABOUT = 'Decisions of a gateway, the reasons for them, and the deliveries that follow.';
const ERRORS = 'Errors are problem documents (RFC 9457).';
const OPEN_READS =
  'On a loopback listener, reads over loopback need no token, unless `http.api.requireToken` is set. Every other request needs `Authorization: Bearer <token>`.';
const NO_OPEN_READS = 'Every request needs `Authorization: Bearer <token>`.';

/** Describes routes as an OpenAPI document, with the access rules of a gateway. */
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
      content: { [mediaType]: { schema: answers.schema.json } },
    },
  };
  const problem = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const status of refusals) {
    responses[String(status)] = { description: STATUS_CODES[status] ?? '', content: problem };
  }
  return {
    operationId: operationId(route),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isRead ? {} : { security: [{ token: [] }] }),
    parameters: Object.entries(parameters).map((one) => parameterOf(route, one)),
    ...(body === undefined ? {} : { requestBody: bodyOf(body) }),
    responses,
  };
}

function parameterOf({ path }: Route, [name, { json }]: [string, Schema<unknown>]): JsonObject {
  const { description = '', ...schema } = json;
  const isInPath = path.includes(`{${name}}`);
  return { name, in: isInPath ? 'path' : 'query', required: isInPath, description, schema };
}

function bodyOf({ description, schema }: NonNullable<Route['body']>): JsonObject {
  return { required: true, description, content: { 'application/json': { schema } } };
}

/** Method and words of the path: `getDecisionsSequence`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1', '')
    .split(/[^a-z0-9]+/i)
    .filter((word) => word !== '');
  const named = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${method.toLowerCase()}${named.join('')}`;
}
