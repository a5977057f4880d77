// What the API answers, as JSON Schemas: the documents of openapi.ts, and what specs hold every real
// answer to. Plain data; nothing is checked with it at run time.
// Source: JSON Schema draft 2020-12, which OpenAPI 3.1 uses as it is.
import type { JsonSchema } from '../core/kind.ts';
import { DISPOSITIONS } from '../core/disposition.ts';
import { DELIVERY_STATES } from '../core/delivery.ts';

const TEXT: JsonSchema = { type: 'string' };
const TEXT_OR_NULL: JsonSchema = { type: ['string', 'null'] };
const NUMBER: JsonSchema = { type: 'integer', minimum: 0 };
const TIME: JsonSchema = { type: 'string', format: 'date-time' };
const TIME_OR_NULL: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
const ACTION: JsonSchema = { enum: ['accept', 'reject'] };
const TEXTS: JsonSchema = { type: 'array', items: TEXT };

const SEQUENCE: JsonSchema = {
  type: 'integer',
  minimum: 1,
  description: 'Its place in the order of everything that happened; goes on growing over restarts.',
};

/** An object with exactly these keys; those of `optional` may be missing. */
function record(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

/** `{ "items": [ … ] }`, as every list answers. */
export function listOf(
  items: JsonSchema,
  more: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return record({ items: { type: 'array', items }, ...more });
}

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
    problems: described(NUMBER, 'How many warnings and notes it came with.'),
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
      deliveries: described(
        record(STATES, Object.keys(STATES)),
        'How many stand where; a state without any is absent.',
      ),
    }),
  },
  store: record({ kind: TEXT, durable: { type: 'boolean' } }),
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
  },
  ['parameter'],
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
