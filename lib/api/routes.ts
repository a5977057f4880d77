// The table of all routes: documentation, parameters, answer and handler of each. api.ts serves it and
// `openApiDocument` describes it, so both have the same routes. Access rules are in access.ts.
// tools/generate.ts writes docs/openapi.json from here.
// Source: OpenAPI 3.1.1.

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Json, JsonObject } from '../core/event.ts';
import type { Gap } from '../core/source.ts';
import type { PlannedHttp } from '../plan/plan.ts';
import { type DecisionQuery, findDecision, listDecisions } from '../views/decision-documents.ts';
import { toBound, toRules, toStatus } from '../views/status-documents.ts';
import { MOMENT } from '../views/time.ts';
import { DELIVERY_ROUTES } from './documents/delivery-routes.ts';
import { PROBLEM_TYPE, type RefusalStatus } from './problem-document.ts';
import { type QueryValues, spanOf, type TimeSpan, toOpenApiParameter } from './query.ts';
import {
  document,
  JSON_READ,
  limit,
  type Route,
  type RouteAnswer,
  type RouteCall,
  type RouteParts,
  refusal,
  sequence,
  text,
} from './route.ts';
import { described, listOf, record, TEXTS } from './schema-parts.ts';
import { SCHEMAS, schemaNamed } from './schemas.ts';

const EXPLANATIONS = record(
  {
    items: { type: 'array', items: schemaNamed('Explanation') },
    skipped: described(TEXTS, 'Lines of a watch without an Event to explain, the first hundred.'),
  },
  ['skipped'],
);

/** Values of `loss`. */
const LOSSES = ['none', 'coalesced', 'possible-loss'] as const satisfies Gap['loss'][];

/** All routes, in the order of the OpenAPI document. */
export const ROUTES: readonly Route[] = [
  {
    ...JSON_READ,
    path: '/api/v1/status',
    summary: 'Status of the gateway',
    answers: { description: 'The status.', schema: schemaNamed('Status') },
    answer: async (parts) => document(await toStatus(parts)),
  },
  {
    ...JSON_READ,
    path: '/api/v1/rules',
    summary: 'The rules, and how often each decided an Event since the start',
    answers: {
      description: 'In the order of the file; the default rejection comes last.',
      schema: listOf(schemaNamed('Rule')),
    },
    answer: (parts) => document({ items: toRules(parts) }),
  },
  {
    ...JSON_READ,
    path: '/api/v1/decisions',
    summary: 'The last decisions, newest first',
    description:
      'Only recent decisions are in memory, limited by number and by size: see `recent` of the status. Texts of more than 1024 characters are cut.',
    parameters: [
      limit('Largest number of items; a page with trails may be shorter.', 50),
      sequence(
        'after',
        'query',
        'Only decisions older than this one: `next` of the previous page.',
      ),
      {
        name: 'action',
        place: 'query',
        description: 'Only decisions with this action.',
        schema: { type: 'string', enum: ['accept', 'reject'] },
      },
      text('rule', 'Only decisions by this rule: its name, `#` and its index, or `default`.'),
      text('namespace', 'Only decisions on an involved object in this namespace.'),
      text('kind', 'Only decisions on an involved object of this kind.'),
      {
        name: 'trail',
        place: 'query',
        description: 'Whether to add why each earlier rule did not match.',
        schema: { type: 'boolean', default: false },
      },
    ],
    answers: {
      description: 'A page; pass its `next` as `after` to get the next one.',
      schema: listOf(schemaNamed('Decision'), { next: { type: ['integer', 'null'] } }),
    },
    answer: ({ watch }, { values }) => document(listDecisions(watch.recent, queryOf(values))),
  },
  {
    ...JSON_READ,
    path: '/api/v1/decisions/{sequence}',
    summary: 'One decision with its trail and the complete Event',
    parameters: [sequence('sequence', 'path', 'Its sequence number, from a list or the feed.')],
    answers: { description: 'The decision.', schema: schemaNamed('WholeDecision') },
    refuses: [404],
    answer: ({ watch }, { values }) => {
      const number = values.integer('sequence') ?? 0;
      const found = findDecision(watch.recent, number);
      if (found !== null) return document(found);
      const detail = `decision ${number} is not in memory; the oldest number is ${watch.recent.oldest}`;
      return refusal({ status: 404, detail });
    },
  },
  {
    ...JSON_READ,
    method: 'POST',
    path: '/api/v1/explain',
    summary: 'The decision that the gateway would make on an Event, and why',
    description:
      'Uses the rules that run and starts nothing. It counts as a read and answers the same as `sluice explain --format json`.',
    parameters: [
      text('source', 'The source to decide for; if absent, the first one that reads the Event.'),
    ],
    body: {
      description:
        'An Event of core/v1 or events.k8s.io/v1, a List or an array of them, or lines of a watch. Several of these may follow each other, as `kubectl get events -w -o json` prints them. At most 16 MiB; as `application/yaml` at most 1 MiB.',
      schema: { type: ['object', 'array'] },
    },
    answers: {
      description: 'One explanation for one Event; `items` for a List or for several values.',
      schema: { anyOf: [schemaNamed('Explanation'), EXPLANATIONS] },
    },
    refuses: [413, 415],
    answer: async ({ explainer }, { request, response, values }) => {
      const explained = await explainer.explain(request, response, values.text('source'));
      return explained.ok ? document(explained.answer) : refusal(explained.refusal);
    },
  },
  {
    ...JSON_READ,
    path: '/api/v1/feed',
    mediaType: 'text/event-stream',
    summary: 'A live feed of decisions and of state changes of deliveries',
    description:
      'Server-Sent Events: `decision` has a Decision as data, `delivery` a Move; `id` is the sequence number. With Last-Event-ID or `after` the feed resumes after that number; `lost` says that some later ones are no longer in memory. A comment every 15 s is a heartbeat. A client that reads too slowly is disconnected and may resume.',
    parameters: [
      sequence('after', 'query', 'As the header Last-Event-ID, for clients that cannot set it.'),
    ],
    answers: {
      description: 'A stream without an end; the schema is that of the data.',
      schema: { anyOf: [schemaNamed('Decision'), schemaNamed('Move')] },
    },
    answer: feedAnswer,
  },
  ...DELIVERY_ROUTES,
  {
    ...JSON_READ,
    path: '/api/v1/gaps',
    summary: 'Gaps: spans that could not be read, newest first',
    description: 'The last 1000, from the store: with a durable store they survive a restart.',
    parameters: [
      {
        name: 'loss',
        place: 'query',
        description: 'Only gaps of these kinds: repeat it, or separate values by commas.',
        schema: { type: 'array', items: { type: 'string', enum: LOSSES } },
      },
      text('since', `Only gaps that ended then or later: ${MOMENT}.`),
      text('until', `Only gaps that ended before: ${MOMENT}.`),
      limit('Largest number of items.', 100),
    ],
    answers: { description: 'The gaps.', schema: listOf(schemaNamed('Gap')) },
    answer: gapsAnswer,
  },
  {
    ...JSON_READ,
    path: '/api/v1/openapi.json',
    summary: 'The description of this API',
    answers: { description: 'An OpenAPI 3.1 document.', schema: { type: 'object' } },
    answer: ({ version, plan }) => document(openApiDocument(ROUTES, version, plan.http)),
  },
];

function queryOf(values: QueryValues): DecisionQuery {
  return {
    limit: values.integer('limit') ?? 1,
    after: values.integer('after') ?? null,
    action: values.text('action') ?? null,
    rule: values.text('rule') ?? null,
    namespace: values.text('namespace') ?? null,
    kind: values.text('kind') ?? null,
    trail: values.isSet('trail'),
  };
}

async function feedAnswer({ feed }: RouteParts, call: RouteCall): Promise<RouteAnswer> {
  const { request, response, values } = call;
  const resumed = resumeFrom(request, values);
  if (resumed === 'unreadable') {
    const detail = 'found a Last-Event-ID that is not a sequence number';
    return refusal({ status: 400, detail, parameter: 'Last-Event-ID' });
  }
  const full = feed.refusal();
  if (full !== null) return refusal(full);
  response.setHeader('Content-Type', 'text/event-stream');
  // A proxy that buffers would hold events back.
  response.setHeader('X-Accel-Buffering', 'no');
  if (request.method === 'HEAD') response.end();
  else await feed.serve(response, resumed);
  return { kind: 'streamed' };
}

function resumeFrom(request: IncomingMessage, values: QueryValues): number | null | 'unreadable' {
  const last = request.headers['last-event-id'];
  if (last === undefined || last === '') return values.integer('after') ?? null;
  return typeof last === 'string' && /^\d{1,16}$/.test(last) ? Number(last) : 'unreadable';
}

// A store keeps at least this many; a query with filters searches all of them.
const GAPS_READ = 1_000;

/** Lists the matching gaps, newest first. They come from the store, so also those of earlier processes. */
async function gapsAnswer(
  { store, clock }: RouteParts,
  { values }: RouteCall,
): Promise<RouteAnswer> {
  const span = spanOf(values, clock.now());
  if ('status' in span) return refusal(span);
  const gaps = await store.archive.gaps(GAPS_READ);
  const losses = values.list('loss');
  const asked = gaps.filter(
    (gap) => (losses.length === 0 || losses.includes(gap.loss)) && isWithin(gap, span),
  );
  return document({ items: asked.slice(0, values.integer('limit')).map(toGap) });
}

/** Whether a gap ended in a span; one without a valid end is excluded only if the span has a bound. */
function isWithin({ to }: Gap, { since, until }: TimeSpan): boolean {
  return !(since !== undefined && !(to.at >= since)) && !(until !== undefined && !(to.at < until));
}

function toGap({ source, path, loss, why, from, to }: Gap): object {
  return {
    source,
    path,
    loss,
    why,
    from: from === null ? null : toBound(from),
    to: toBound(to),
  };
}

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
      content: { [mediaType]: { schema: answers.schema } },
    },
  };
  const problem = { [PROBLEM_TYPE]: { schema: schemaNamed('Problem') } };
  for (const status of refusals) {
    responses[String(status)] = { description: STATUS_CODES[status] ?? '', content: problem };
  }
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

/** Method and words of the path: `getDecisionsSequence`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1', '')
    .split(/[^a-z0-9]+/i)
    .filter((word) => word !== '');
  const named = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${method.toLowerCase()}${named.join('')}`;
}
