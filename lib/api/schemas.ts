// What the API answers, as JSON Schemas: the documents of openapi.ts, and what specs hold every real
// answer to. Plain data; nothing is checked with it at run time.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses as it is.

import { DISPOSITIONS } from '../core/decision.ts';
import { DELIVERY_STATES } from '../core/delivery.ts';
import type { JsonSchema } from '../core/kind.ts';
import { ACTS } from '../delivery/actions.ts';
import {
  described,
  NUMBER,
  NUMBER_OR_NULL,
  nullable,
  record,
  TEXT,
  TEXT_OR_NULL,
  TEXTS,
  TIME,
  TIME_OR_NULL,
} from './schema-parts.ts';

const ACTION: JsonSchema = { enum: ['accept', 'reject'] };

const SEQUENCE: JsonSchema = {
  type: 'integer',
  minimum: 1,
  description: 'Its place in the order of everything that happened; goes on growing over restarts.',
};

/** A name by which the OpenAPI document keeps a schema, as a reference to it. */
export function schemaNamed(name: keyof typeof SCHEMAS): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const EVENT_REF = described(
  record({ namespace: TEXT, name: TEXT, uid: TEXT }),
  'The Event itself; what it does not have is the empty text.',
);

const RULE_REF = described(
  nullable(record({ index: NUMBER, name: TEXT_OR_NULL })),
  'The rule that decided, counted from 0 in the order of the file; null: no rule matched.',
);

const TRAIL_ENTRY = record({
  index: NUMBER,
  name: TEXT_OR_NULL,
  field: described(TEXT, 'The first condition that failed, or `not`.'),
  wanted: { description: 'What the rule has there, as it is written.' },
  found: { description: 'What the Event has there.' },
});

const TRAIL: JsonSchema = {
  type: 'array',
  items: TRAIL_ENTRY,
  description: 'Why each rule before the one that decided did not match.',
};

const DISPOSITION = record({
  trigger: TEXT,
  disposition: { enum: [...DISPOSITIONS] },
  id: described(TEXT_OR_NULL, 'Of the delivery; null where none was made.'),
  why: TEXT,
});

const DECISION_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  sequence: SEQUENCE,
  time: TIME,
  event: EVENT_REF,
  involved: record({ kind: TEXT, namespace: TEXT, name: TEXT }),
  source: TEXT,
  reason: TEXT,
  type: TEXT,
  count: NUMBER,
  action: ACTION,
  rule: RULE_REF,
  dispositions: { type: 'array', items: DISPOSITION },
  trail: TRAIL,
};

const DELIVERY_STATE: JsonSchema = { enum: [...DELIVERY_STATES] };
const ACT: JsonSchema = { enum: [...ACTS] };

const STARTED = described(
  nullable(record({ kind: TEXT, namespace: TEXT, name: TEXT, url: TEXT }, ['url'])),
  'What it started, where that is known.',
);

const OUTCOME = record(
  {
    outcome: { enum: ['delivered', 'retry', 'refused', 'unknown'] },
    reason: described(TEXT, 'From a closed set; absent where it was delivered.'),
    detail: TEXT,
    afterMs: described(NUMBER, 'What the receiver asked to wait with this delivery, in ms.'),
    pauseMs: described(NUMBER, 'For how long the receiver wants no request at all, in ms.'),
    started: record({ kind: TEXT, namespace: TEXT, name: TEXT, url: TEXT }, ['url']),
    note: described(TEXT, 'When it had been there before, or the answer is an unusual one.'),
    answer: described(
      record({ status: { type: 'integer' }, text: TEXT }),
      'What a receiver of `http` answered: the status, and the first 512 characters of the body without secrets.',
    ),
  },
  ['reason', 'detail', 'afterMs', 'pauseMs', 'started', 'note', 'answer'],
);

const PAUSED = described(
  nullable(
    record({
      reason: { enum: ['breaker', 'throttled', 'unauthorized'] },
      until: described(
        TIME_OR_NULL,
        'When one attempt is let through to see; in the past once it may be made.',
      ),
      why: TEXT,
    }),
  ),
  'Why its trigger makes no attempts now; null: it makes them, or no gateway runs.',
);

const ATTEMPT = record({
  number: described(NUMBER, 'From 1.'),
  at: TIME_OR_NULL,
  incarnation: described(TEXT, 'The process that made it.'),
  outcome: described(nullable(OUTCOME), 'Null while it runs.'),
  durationMs: { type: ['number', 'null'] },
});

const DELIVERY_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  id: TEXT,
  state: DELIVERY_STATE,
  dead: described(TEXT_OR_NULL, 'Why it is a dead letter.'),
  trigger: TEXT,
  rule: record({ index: NUMBER, name: TEXT_OR_NULL }),
  object: described(TEXT, '`<apiVersion>/<Kind>/<namespace>/<name>` of the involved object.'),
  event: described(
    record({ namespace: TEXT, name: TEXT, reason: TEXT, type: TEXT, count: NUMBER }),
    'Of its first Event.',
  ),
  createdAt: TIME_OR_NULL,
  dueAt: described(
    TIME_OR_NULL,
    'When the next attempt may be made; of a held one, since when it is held; null of one that runs or is settled.',
  ),
  held: described(
    nullable(
      record({
        budget: described({ enum: ['perObject', 'total'] }, 'Of `limits`: what it waits for.'),
        releaseAt: described(TIME_OR_NULL, 'If the limits stay and nothing comes before it.'),
        expiresAt: described(TIME_OR_NULL, 'Then it is a dead letter if it did not start before.'),
      }),
    ),
    'When the limit that holds it lets it start, as far as that is known now; null: it is not held.',
  ),
  paused: PAUSED,
  attemptCount: NUMBER,
  lastAttempt: nullable(ATTEMPT),
  lastFailure: described(nullable(ATTEMPT), 'The last attempt that did not deliver it.'),
  started: STARTED,
  deaths: described(NUMBER, 'Processes in a row that died during an attempt of it.'),
  retriedAt: described(TIME_OR_NULL, 'When a person last asked for another attempt.'),
  acts: described({ type: 'array', items: ACT }, 'What can be done with it now.'),
};

const POSITION = record({ resourceVersion: TEXT, at: TIME_OR_NULL });

const STATES = Object.fromEntries(DELIVERY_STATES.map((state) => [state, NUMBER]));

const STATUS = record({
  version: TEXT,
  started: TIME,
  uptimeSeconds: NUMBER,
  cluster: described(
    record({ id: TEXT_OR_NULL, name: TEXT_OR_NULL, from: TEXT_OR_NULL, server: TEXT_OR_NULL }),
    'Null until the cluster was reached; `name` is that of the configuration.',
  ),
  configuration: record({
    file: described(TEXT, 'As it was given; empty where there is none.'),
    form: { enum: ['ours', 'original', 'none'] },
    problems: described(NUMBER, 'How many problems it came with.'),
    keptSince: described(
      TIME_OR_NULL,
      'Where the file is refused and the last good configuration runs instead: since when that one is good.',
    ),
  }),
  health: record({
    live: { type: 'boolean' },
    ready: { type: 'boolean' },
    why: TEXTS,
    notes: TEXTS,
  }),
  sources: {
    type: 'array',
    items: record({
      name: TEXT,
      kind: TEXT,
      paths: {
        type: 'array',
        items: record({
          path: TEXT,
          state: { enum: ['connecting', 'listing', 'watching', 'waiting', null] },
          why: TEXT,
          reason: described(nullable(TEXT), 'Of `waiting`: the trouble that it waits after.'),
          position: nullable(
            record({ resourceVersion: TEXT, at: TIME_OR_NULL, ageSeconds: NUMBER }),
          ),
        }),
      },
    }),
  },
  triggers: {
    type: 'array',
    items: record({
      name: TEXT,
      kind: TEXT,
      breaker: { enum: ['closed', 'open', 'half-open'] },
      paused: PAUSED,
      deliveries: described(
        record(STATES, Object.keys(STATES)),
        'How many stand where; a state without any is absent.',
      ),
      lastDeliveredAt: described(TIME_OR_NULL, 'Since the start.'),
      lastFailure: described(
        nullable(record({ at: TIME_OR_NULL, id: TEXT, outcome: OUTCOME })),
        'The last attempt since the start that did not deliver.',
      ),
    }),
  },
  store: record({
    kind: TEXT,
    durable: { type: 'boolean' },
    at: described(TEXT, 'Its file; empty where it is none.'),
    bytes: described(NUMBER_OR_NULL, 'How much it holds; null until that was measured.'),
    maxBytes: described(NUMBER_OR_NULL, 'New deliveries are not stored beyond; 0: no bound.'),
    level: { enum: ['fine', 'near', 'full', null] },
    overflow: described({ enum: ['block', 'shed', null] }, 'What happens once it is full.'),
    trouble: described(TEXT_OR_NULL, 'Why it takes nothing at the moment; null: it does.'),
  }),
  limits: record({ perObject: TEXT, total: TEXT, holdFor: TEXT }),
  recent: described(
    record({
      oldest: SEQUENCE,
      next: SEQUENCE,
      held: record({ entries: NUMBER, weight: NUMBER }),
      bounds: record({ entries: NUMBER, weight: NUMBER }),
    }),
    'How much of what happened is remembered: by number, and by the characters of the Events.',
  ),
});

const PROBLEM = record(
  {
    type: TEXT,
    title: TEXT,
    status: { type: 'integer' },
    detail: described(TEXT, 'What was found and what was expected.'),
    parameter: described(TEXT, 'The parameter it is about.'),
    state: described(DELIVERY_STATE, 'Where the delivery stands that it is about.'),
    acts: described({ type: 'array', items: ACT }, 'What can be done with it there.'),
  },
  ['parameter', 'state', 'acts'],
);

/** Every schema that has a name. */
export const SCHEMAS = {
  Status: STATUS,
  Rule: record({
    index: described({ type: ['integer', 'null'], minimum: 0 }, 'Null: the default rejection.'),
    name: TEXT_OR_NULL,
    action: ACTION,
    triggers: TEXTS,
    hits: described(NUMBER, 'How often it decided since the start.'),
    lastHitAt: TIME_OR_NULL,
  }),
  Decision: record(DECISION_PROPERTIES, ['trail']),
  WholeDecision: record({
    ...DECISION_PROPERTIES,
    object: { type: 'object', description: 'The Event, without `metadata.managedFields`.' },
  }),
  Explanation: record({
    event: EVENT_REF,
    action: ACTION,
    rule: RULE_REF,
    triggers: TEXTS,
    trail: TRAIL,
    source: described(TEXT, 'The source that it is judged for.'),
    readBy: described(TEXTS, 'The sources that would read the Event, in the order of the file.'),
    guard: described(
      nullable(record({ disposition: { enum: ['foreign', 'loop'] }, why: TEXT })),
      'The guard that keeps an accepted Event from starting anything; null: none does.',
    ),
  }),
  Move: record({
    sequence: SEQUENCE,
    time: TIME,
    id: TEXT,
    trigger: TEXT,
    rule: record({ index: NUMBER, name: TEXT_OR_NULL }),
    object: TEXT,
    from: { enum: [...DELIVERY_STATES] },
    to: { enum: [...DELIVERY_STATES] },
    dead: TEXT_OR_NULL,
    attempts: NUMBER,
    possiblyTwice: { type: 'boolean' },
    why: TEXT,
  }),
  Delivery: record(DELIVERY_PROPERTIES),
  WholeDelivery: record({
    ...DELIVERY_PROPERTIES,
    bucket: described(TEXT, 'What tells it from others of its series: see `again`.'),
    cluster: record({ id: TEXT, name: TEXT_OR_NULL }),
    source: TEXT,
    match: described(
      { type: 'object', additionalProperties: TEXT },
      'What the patterns of its rule captured.',
    ),
    occurrences: {
      type: 'array',
      items: record({
        event: { type: 'object', description: 'The Event, without `metadata.managedFields`.' },
        firstTime: TEXT,
        happenedAt: TEXT,
        count: NUMBER,
      }),
    },
    attempts: { type: 'array', items: ATTEMPT },
    decision: described(
      nullable(record({ at: TIME_OR_NULL, trail: TRAIL })),
      'Why it was made, by the rules as they were then; null where that is not known any more.',
    ),
  }),
  Acted: record({
    act: ACT,
    id: described(TEXT, 'Of the delivery that was named.'),
    from: described(DELIVERY_STATE, 'Where that one stood.'),
    delivery: described(
      { $ref: '#/components/schemas/Delivery' },
      'As it stands now; of a rerun, the new one.',
    ),
  }),
  Gap: record({
    source: TEXT,
    path: TEXT,
    loss: { enum: ['none', 'coalesced', 'possible-loss'] },
    why: TEXT,
    from: nullable(POSITION),
    to: POSITION,
  }),
  Problem: PROBLEM,
} as const satisfies Record<string, JsonSchema>;
