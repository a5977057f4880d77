// Every route of the API as a table: what it is for, what may be asked, what it answers, and the few
// lines that answer it. The app serves this table and openapi.ts describes it, so neither can know a
// route that the other does not. Who may ask is access.ts.

import type { IncomingMessage } from 'node:http';
import { type Gap } from '../core/source.ts';
import { type DecisionQuery, findDecision, listDecisions } from './documents/decision-documents.ts';
import { DELIVERY_ROUTES } from './documents/delivery-routes.ts';
import { toBound, toRules, toStatus } from './documents/status-documents.ts';
import { openApiDocument } from './openapi.ts';
import type { QueryValues } from './query.ts';
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
import { schemaNamed } from './schemas.ts';
import { MOMENT, spanOf, type TimeSpan } from './time.ts';

const EXPLANATIONS = record(
  {
    items: { type: 'array', items: schemaNamed('Explanation') },
    skipped: described(TEXTS, 'Lines of a watch that hold no Event to explain, the first hundred.'),
  },
  ['skipped'],
);

/** What a gap may mean. */
const LOSSES = ['none', 'coalesced', 'possible-loss'] as const satisfies Gap['loss'][];

/** Every route, in the order in which documents list them. */
export const ROUTES: readonly Route[] = [
  {
    ...JSON_READ,
    path: '/api/v1/status',
    summary: 'How the gateway stands',
    answers: { description: 'The status.', schema: schemaNamed('Status') },
    answer: async (parts) => document(await toStatus(parts)),
  },
  {
    ...JSON_READ,
    path: '/api/v1/rules',
    summary: 'The rules, and how often each decided since the start',
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
      'What is remembered is bounded by number and by size: `recent` of the status says how much. Texts of more than 1024 characters are cut.',
    parameters: [
      limit('At most so many; a page with trails may be shorter.', 50),
      sequence('after', 'query', 'Only those older than this one: `next` of the page before.'),
      {
        name: 'action',
        place: 'query',
        description: 'Only those.',
        schema: { type: 'string', enum: ['accept', 'reject'] },
      },
      text('rule', 'Only those of a rule: its name, `#` and its index, or `default`.'),
      text('namespace', 'Only those on an involved object of this namespace.'),
      text('kind', 'Only those on an involved object of this kind.'),
      {
        name: 'trail',
        place: 'query',
        description: 'With why each rule before did not match.',
        schema: { type: 'boolean', default: false },
      },
    ],
    answers: {
      description: 'A page; `next` is what to pass as `after` for the one behind it.',
      schema: listOf(schemaNamed('Decision'), { next: { type: ['integer', 'null'] } }),
    },
    answer: ({ watch }, { values }) => document(listDecisions(watch.recent, queryOf(values))),
  },
  {
    ...JSON_READ,
    path: '/api/v1/decisions/{sequence}',
    summary: 'One decision with its trail and the whole Event',
    parameters: [sequence('sequence', 'path', 'Its number, from a list or the feed.')],
    answers: { description: 'The decision.', schema: schemaNamed('WholeDecision') },
    refuses: [404],
    answer: ({ watch }, { values }) => {
      const number = values.integer('sequence') ?? 0;
      const found = findDecision(watch.recent, number);
      return found === null ? notRemembered(number, watch.recent.oldest) : document(found);
    },
  },
  {
    ...JSON_READ,
    method: 'POST',
    path: '/api/v1/explain',
    summary: 'What would be decided on an Event, and why',
    description:
      'Judged by the rules that run; nothing is started. It is a read, and the same as `sluice explain --format json`.',
    parameters: [
      text('source', 'The source it is judged for; if absent, the first one that reads it.'),
    ],
    body: {
      description:
        'An Event of core/v1 or events.k8s.io/v1, a List or an array of them, or lines of a watch. Several of these may stand one after the other, as `kubectl get events -w -o json` prints them. At most 16 MiB. As `application/yaml` at most 1 MiB.',
      schema: { type: ['object', 'array'] },
    },
    answers: {
      description: 'One explanation for an Event, `items` for a List or for several values.',
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
    summary: 'Decisions and moves of deliveries as they come',
    description:
      'Server-Sent Events: `decision` with a Decision, `delivery` with a Move as data; `id` is the sequence. With Last-Event-ID or `after` it goes on behind that one; `lost` says that some are no longer remembered. A comment every 15 s shows that it lives. Who reads too slowly is cut off and may resume.',
    parameters: [
      sequence('after', 'query', 'As the header Last-Event-ID, for clients that can not set it.'),
    ],
    answers: {
      description: 'A stream that does not end by itself; the schema is that of the data.',
      schema: { anyOf: [schemaNamed('Decision'), schemaNamed('Move')] },
    },
    answer: feedAnswer,
  },
  ...DELIVERY_ROUTES,
  {
    ...JSON_READ,
    path: '/api/v1/gaps',
    summary: 'Spans that could not be read, newest first',
    description: 'The last 1000, from the store: they outlive the process where the store does.',
    parameters: [
      {
        name: 'loss',
        place: 'query',
        description: 'Only those of these kinds: repeated, or separated by commas.',
        schema: { type: 'array', items: { type: 'string', enum: LOSSES } },
      },
      text('since', `Only those that ended then or later: ${MOMENT}.`),
      text('until', `Only those that ended before: ${MOMENT}.`),
      limit('At most so many.', 100),
    ],
    answers: { description: 'The gaps.', schema: listOf(schemaNamed('Gap')) },
    answer: gapsAnswer,
  },
  {
    ...JSON_READ,
    path: '/api/v1/openapi.json',
    summary: 'This API, described',
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
    const detail = 'found a Last-Event-ID that is no number of this feed';
    return refusal({ status: 400, detail, parameter: 'Last-Event-ID' });
  }
  const full = feed.refusal();
  if (full !== null) return refusal(full);
  response.setHeader('Content-Type', 'text/event-stream');
  // Buffering in between would turn a feed into a file.
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

function notRemembered(number: number, oldest: number): RouteAnswer {
  const detail = `no decision ${number} is remembered; the oldest number is ${oldest}`;
  return refusal({ status: 404, detail });
}

// As many as a store keeps at the least; a question that leaves some out looks through all of them.
const GAPS_READ = 1_000;

/** Answers the gaps that are asked for, newest first. */
async function gapsAnswer(
  { store, clock }: RouteParts,
  { values }: RouteCall,
): Promise<RouteAnswer> {
  const span = spanOf(values, clock.now());
  if ('status' in span) return refusal(span);
  const gaps = await store.archive.gaps(GAPS_READ);
  const asked = gaps.filter((gap) => isAskedFor(gap, values) && isWithin(gap, span));
  return document({ items: asked.slice(0, values.integer('limit')).map(toGap) });
}

function isAskedFor({ loss }: Gap, values: QueryValues): boolean {
  const losses = values.list('loss');
  return losses.length === 0 || losses.includes(loss);
}

/** One whose end has no time that can be told is left out only where somebody asks for a time. */
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
