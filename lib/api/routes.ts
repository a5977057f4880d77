// The table of all routes: documentation, parameters, answer and access of each. api.ts serves it and
// `openApiDocument` describes it, so both have the same routes. The documents are made in lib/views.
// tools/generate.ts writes docs/openapi.json from here.
// Source: OpenAPI 3.1.1.

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Json, JsonObject } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import type { PlannedHttp } from '../plan/plan.ts';
import {
  DECISION,
  DECISION_PARAMETERS,
  EXPLANATION,
  findDecision,
  listDecisions,
  MOVE,
  WHOLE_DECISION,
} from '../views/decision-documents.ts';
import { ACTED, DELIVERY, WHOLE_DELIVERY } from '../views/delivery-documents.ts';
import { inPath, sequence, text } from '../views/parameters.ts';
import {
  GAP,
  GAP_PARAMETERS,
  listGaps,
  RULE,
  STATUS,
  toRules,
  toStatus,
} from '../views/status-documents.ts';
import * as s from '../views/typed-schema.ts';
import { DELIVERY_ROUTES } from './delivery-routes.ts';
import { COMMON_REFUSALS, PROBLEM, PROBLEM_TYPE } from './problem-document.ts';
import { badRequest, document, type Route, type RouteAnswer, refusal, route } from './route.ts';

const DECISION_NAMED = s.named('Decision', DECISION);
const EXPLANATION_NAMED = s.named('Explanation', EXPLANATION);

/** All routes, in the order of the OpenAPI document. */
export const ROUTES: readonly Route[] = [
  route({
    path: '/api/v1/status',
    summary: 'Status of the gateway',
    parameters: {},
    answers: { description: 'The status.', schema: s.named('Status', STATUS) },
    answer: async (parts) => document(await toStatus(parts)),
  }),
  route({
    path: '/api/v1/rules',
    summary: 'The rules, and how often each decided an Event since the start',
    parameters: {},
    answers: {
      description: 'In the order of the file; the default rejection comes last.',
      schema: s.listOf(s.named('Rule', RULE), {}),
    },
    answer: (parts) => document({ items: toRules(parts) }),
  }),
  route({
    path: '/api/v1/decisions',
    summary: 'The last decisions, newest first',
    description:
      'Only recent decisions are in memory, limited by number and by size: see `recent` of the status. Texts of more than 1024 characters are cut.',
    parameters: DECISION_PARAMETERS,
    answers: {
      description: 'A page; pass its `next` as `after` to get the next one.',
      schema: s.listOf(DECISION_NAMED, {
        next: s.plain<number | null>({ type: ['integer', 'null'] }),
      }),
    },
    answer: ({ watch }, query) => document(listDecisions(watch.recent, query)),
  }),
  route({
    path: '/api/v1/decisions/{sequence}',
    summary: 'One decision with its trail and the complete Event',
    parameters: { sequence: inPath(sequence('Its sequence number, from a list or the feed.')) },
    answers: { description: 'The decision.', schema: s.named('WholeDecision', WHOLE_DECISION) },
    refuses: [404],
    answer: ({ watch: { recent } }, values) => {
      const found = findDecision(recent, values.sequence);
      if (found !== null) return document(found);
      const detail = `decision ${values.sequence} is not in memory; the oldest number is ${recent.oldest}`;
      return refusal({ status: 404, detail });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/explain',
    summary: 'The decision that the gateway would make on an Event, and why',
    description:
      'Uses the rules that run and starts nothing. It counts as a read and answers the same as `sluice explain --format json`.',
    parameters: {
      source: text('The source to decide for; if absent, the first one that reads the Event.'),
    },
    body: {
      description:
        'An Event of core/v1 or events.k8s.io/v1, a List or an array of them, or lines of a watch. Several of these may follow each other, as `kubectl get events -w -o json` prints them. At most 16 MiB; as `application/yaml` at most 1 MiB.',
      schema: { type: ['object', 'array'] },
    },
    answers: {
      description: 'One explanation for one Event; `items` for a List or for several values.',
      schema: s.anyOf(
        EXPLANATION_NAMED,
        s.recordWith(
          { items: s.list(EXPLANATION_NAMED) },
          {
            skipped: s.described(
              s.TEXTS,
              'Lines of a watch without an Event to explain, the first hundred.',
            ),
          },
        ),
      ),
    },
    refuses: [413, 415],
    answer: ({ explain }, { source }, call) => explain(call, source),
  }),
  route({
    path: '/api/v1/feed',
    mediaType: 'text/event-stream',
    summary: 'A live feed of decisions and of state changes of deliveries',
    description:
      'Server-Sent Events: `decision` has a Decision as data, `delivery` a Move; `id` is the sequence number. With Last-Event-ID or `after` the feed resumes after that number; `lost` says that some later ones are no longer in memory. A comment every 15 s is a heartbeat. A client that reads too slowly is disconnected and may resume.',
    parameters: {
      after: sequence('As the header Last-Event-ID, for clients that cannot set it.'),
    },
    answers: {
      description: 'A stream without an end; the schema is that of the data.',
      schema: s.anyOf(DECISION_NAMED, s.named('Move', MOVE)),
    },
    answer: async ({ feed }, { after = null }, { request, response }) => {
      const resumed = resumeFrom(request, after);
      if (resumed === 'unreadable') {
        const detail = 'found a Last-Event-ID that is not a sequence number';
        return badRequest({ parameter: 'Last-Event-ID', detail });
      }
      const full = feed.refusal();
      if (full !== null) return refusal(full);
      response.setHeader('Content-Type', 'text/event-stream');
      // A proxy that buffers would hold events back.
      response.setHeader('X-Accel-Buffering', 'no');
      if (request.method === 'HEAD') response.end();
      else await feed.serve(response, resumed);
      return { kind: 'streamed' };
    },
  }),
  ...DELIVERY_ROUTES,
  route({
    path: '/api/v1/gaps',
    summary: 'Gaps: spans that could not be read, newest first',
    description: 'The last 1000, from the store: with a durable store they survive a restart.',
    parameters: GAP_PARAMETERS,
    answers: { description: 'The gaps.', schema: s.listOf(s.named('Gap', GAP), {}) },
    answer: async (parts, query) => {
      const listed = await listGaps(parts, query);
      return 'parameter' in listed ? badRequest(listed) : document(listed);
    },
  }),
  route({
    path: '/api/v1/openapi.json',
    summary: 'The description of this API',
    parameters: {},
    answers: { description: 'An OpenAPI 3.1 document.', schema: s.JSON_OBJECT },
    answer: ({ version, plan }): RouteAnswer<ReturnType<typeof openApiDocument>> =>
      document(openApiDocument(ROUTES, version, plan.http)),
  }),
];

function resumeFrom(request: IncomingMessage, after: number | null): number | null | 'unreadable' {
  const last = request.headers['last-event-id'];
  if (last === undefined || last === '') return after;
  return typeof last === 'string' && /^\d{1,16}$/.test(last) ? Number(last) : 'unreadable';
}

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

function parameterOf({ path }: Route, [name, { json }]: [string, s.Schema<unknown>]): JsonObject {
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
