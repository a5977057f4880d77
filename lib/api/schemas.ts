// JSON Schemas of all answers of the API, as plain data. The OpenAPI document contains them, and specs
// validate real answers with them. Nothing is validated with them at run time.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses unchanged.

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
  description: 'The number in the order of decisions and moves; it keeps growing across restarts.',
};

/** Makes a reference to a named schema of the OpenAPI document. */
export function schemaNamed(name: keyof typeof SCHEMAS): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const EVENT_REF = described(
  record({ namespace: TEXT, name: TEXT, uid: TEXT }),
  'The Event itself; a missing value is the empty text.',
);

const RULE_REF = described(
  nullable(record({ index: NUMBER, name: TEXT_OR_NULL })),
  'The rule that decided; its index counts from 0 in the order of the file. Null: no rule matched.',
);

const TRAIL_ENTRY = record({
  index: NUMBER,
  name: TEXT_OR_NULL,
  field: described(TEXT, 'The first condition that failed, or `not`.'),
  wanted: { description: 'The value in the rule, as written.' },
  found: { description: 'The value in the Event.' },
});

const TRAIL: JsonSchema = {
  type: 'array',
  items: TRAIL_ENTRY,
  description: 'Why each rule before the deciding one did not match.',
};

const DISPOSITION = record({
  trigger: TEXT,
  disposition: { enum: [...DISPOSITIONS] },
  id: described(TEXT_OR_NULL, 'Id of the delivery; null if none was made.'),
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
  'The object or build that it started; null if none is known.',
);

const OUTCOME = record(
  {
    outcome: { enum: ['delivered', 'retry', 'refused', 'unknown'] },
    reason: described(TEXT, 'From a closed set; absent if it was delivered.'),
    detail: TEXT,
    afterMs: described(NUMBER, 'Delay of the next attempt that the receiver asked for, in ms.'),
    pauseMs: described(NUMBER, 'Time in which the receiver wants no request at all, in ms.'),
    started: record({ kind: TEXT, namespace: TEXT, name: TEXT, url: TEXT }, ['url']),
    note: described(TEXT, 'A remark: the object existed already, or the answer is unusual.'),
    answer: described(
      record({ status: { type: 'integer' }, text: TEXT }),
      'Answer of an `http` receiver: the status, and the first 512 characters of the body without secrets.',
    ),
  },
  ['reason', 'detail', 'afterMs', 'pauseMs', 'started', 'note', 'answer'],
);

const PAUSED = described(
  nullable(
    record({
      reason: { enum: ['breaker', 'throttled', 'unauthorized'] },
      until: described(TIME_OR_NULL, 'Time of the next trial attempt; in the past if due.'),
      why: TEXT,
    }),
  ),
  'Why its trigger makes no attempts now; null: the trigger is not paused, or no gateway runs.',
);

const ATTEMPT = record({
  number: described(NUMBER, 'From 1.'),
  at: TIME_OR_NULL,
  incarnation: described(TEXT, 'Id of the process that made it.'),
  outcome: described(nullable(OUTCOME), 'Null while it runs.'),
  durationMs: { type: ['number', 'null'] },
});

const DELIVERY_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  id: TEXT,
  state: DELIVERY_STATE,
  dead: described(TEXT_OR_NULL, 'Why it is a dead letter; null if it is none.'),
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
    'Time of the next attempt; if held, the time since which it is held; null if it runs or is settled.',
  ),
  held: described(
    nullable(
      record({
        budget: described(
          { enum: ['perObject', 'total'] },
          'The budget of `limits` that holds it.',
        ),
        releaseAt: described(TIME_OR_NULL, 'Time at which it starts if nothing else starts first.'),
        expiresAt: described(TIME_OR_NULL, 'Time at which it becomes a dead letter if still held.'),
      }),
    ),
    'Forecast of when the limit lets it start; null: it is not held.',
  ),
  paused: PAUSED,
  attemptCount: NUMBER,
  lastAttempt: nullable(ATTEMPT),
  lastFailure: described(nullable(ATTEMPT), 'The last attempt that did not deliver it.'),
  started: STARTED,
  deaths: described(NUMBER, 'Number of processes in a row that died during an attempt of it.'),
  retriedAt: described(TIME_OR_NULL, 'Time at which a person last asked for another attempt.'),
  acts: described({ type: 'array', items: ACT }, 'Actions that are possible now.'),
};

const POSITION = record({ resourceVersion: TEXT, at: TIME_OR_NULL });

const STATES = Object.fromEntries(DELIVERY_STATES.map((state) => [state, NUMBER]));

const STATUS = record({
  version: TEXT,
  started: TIME,
  uptimeSeconds: NUMBER,
  cluster: described(
    record({ id: TEXT_OR_NULL, name: TEXT_OR_NULL, from: TEXT_OR_NULL, server: TEXT_OR_NULL }),
    'Null until the gateway has connected; `name` is the one of the configuration.',
  ),
  configuration: record({
    file: described(TEXT, 'Path of the file as given; empty if there is none.'),
    form: { enum: ['ours', 'original', 'none'] },
    problems: described(NUMBER, 'Number of its problems.'),
    keptSince: described(TIME_OR_NULL, 'If the last good configuration runs: its first run.'),
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
          reason: described(nullable(TEXT), 'The error that caused `waiting`; else null.'),
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
        'Number of deliveries in each state; a state without any is absent.',
      ),
      lastDeliveredAt: described(TIME_OR_NULL, 'Null if none was delivered since the start.'),
      lastFailure: described(
        nullable(record({ at: TIME_OR_NULL, id: TEXT, outcome: OUTCOME })),
        'The last failed attempt since the start.',
      ),
    }),
  },
  store: record({
    kind: TEXT,
    durable: { type: 'boolean' },
    at: described(TEXT, 'Path of its file; empty if it has none.'),
    bytes: described(NUMBER_OR_NULL, 'Size of its content; null until it was measured.'),
    maxBytes: described(
      NUMBER_OR_NULL,
      'Size from which it stores no new deliveries; 0: unlimited.',
    ),
    level: { enum: ['fine', 'near', 'full', null] },
    overflow: described({ enum: ['block', 'shed', null] }, 'Behaviour of a full store.'),
    trouble: described(TEXT_OR_NULL, 'Why the store is unavailable now; null: it is available.'),
  }),
  limits: record({ perObject: TEXT, total: TEXT, holdFor: TEXT }),
  recent: described(
    record({
      oldest: SEQUENCE,
      next: SEQUENCE,
      held: record({ entries: NUMBER, weight: NUMBER }),
      bounds: record({ entries: NUMBER, weight: NUMBER }),
    }),
    'Recent activity in memory: its number of entries, and `weight`, the characters of its Events.',
  ),
});

const PROBLEM = record(
  {
    type: TEXT,
    title: TEXT,
    status: { type: 'integer' },
    detail: described(TEXT, 'Found and expected values.'),
    parameter: described(TEXT, 'The invalid parameter.'),
    state: described(DELIVERY_STATE, 'State of the delivery in question.'),
    acts: described({ type: 'array', items: ACT }, 'Actions that are possible in that state.'),
  },
  ['parameter', 'state', 'acts'],
);

/** All named schemas. */
export const SCHEMAS = {
  Status: STATUS,
  Rule: record({
    index: described({ type: ['integer', 'null'], minimum: 0 }, 'Null: the default rejection.'),
    name: TEXT_OR_NULL,
    action: ACTION,
    triggers: TEXTS,
    hits: described(NUMBER, 'Number of its decisions since the start.'),
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
    source: described(TEXT, 'The source that the decision is for.'),
    readBy: described(TEXTS, 'The sources that would read the Event, in the order of the file.'),
    guard: described(
      nullable(record({ disposition: { enum: ['foreign', 'loop'] }, why: TEXT })),
      'The guard that keeps an accepted Event from starting anything; null if there is none.',
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
    bucket: described(TEXT, 'Distinguishes it from other deliveries of its series: see `again`.'),
    cluster: record({ id: TEXT, name: TEXT_OR_NULL }),
    source: TEXT,
    match: described(
      { type: 'object', additionalProperties: TEXT },
      'Values captured by the patterns of its rule.',
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
      'Why it was made, by the rules of that time; null if no longer known.',
    ),
  }),
  Acted: record({
    act: ACT,
    id: described(TEXT, 'Id of the delivery in the request.'),
    from: described(DELIVERY_STATE, 'State of that delivery before the action.'),
    delivery: described(
      { $ref: '#/components/schemas/Delivery' },
      'The delivery after the action; for a rerun, the new one.',
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
