// The JSON Schema of one entry of `filters` in our form, as plain data (draft 2020-12). Its
// descriptions are what users read in the generated reference. Patterns, names and triggers are
// checked by compile.ts, which sees more than a schema can.

import type { JsonSchema } from '../core/kind.ts';

const PATTERNS =
  'One pattern or a list of which one must match. A pattern is compared whole; with `*` or `?` it is a glob over the whole value; between slashes it is an RE2 regular expression that is searched. Case counts. Absent, an empty text or an empty list asks for nothing; an empty text inside a list matches the empty value, and what an Event does not have is the empty value.';

function text(what: string, ...examples: readonly string[]): JsonSchema {
  return {
    description: `${what} ${PATTERNS}`,
    type: ['string', 'array'],
    items: { type: 'string' },
    examples: [...examples],
  };
}

const conditions = {
  source: text('The name of the source that read it.', 'shop'),
  namespace: text(
    'The namespace of the involved object; the empty value for objects without one, such as Nodes.',
    'kube-*',
  ),
  kind: text('The kind of the involved object.', 'Pod'),
  objectName: text('The name of the involved object.', 'checkout-*'),
  apiVersion: text('The API version of the involved object.', 'apps/v1'),
  fieldPath: text(
    'The part of the involved object that is meant, such as a container.',
    'spec.containers{app}',
  ),
  eventNamespace: text('The namespace in which the Event itself is stored.', 'shop'),
  reasons: text('The reason of the Event.', 'BackOff', '/^Failed/'),
  type: text('The type of the Event: `Normal` or `Warning`.', 'Warning'),
  message: text(
    'The message of the Event. Only globs and expressions: a plain word is an error, for a whole message is hardly ever meant.',
    '/restarting failed container/',
  ),
  component: text('`source.component`, else `reportingComponent`: who reported it.', 'kubelet'),
  host: text(
    '`source.host`, else `reportingInstance`: where the reporter runs, mostly a node.',
    'node-1',
  ),
  count: {
    description:
      'How often it has happened: `count`, else `series.count`, else 1. A number, or a comparison with `=`, `==`, `<`, `<=`, `>` or `>=`, or a list of these of which one must hold.',
    type: ['integer', 'string', 'array'],
    minimum: 0,
    items: { type: ['integer', 'string'], minimum: 0 },
    examples: [3, '>= 3'],
  },
} as const satisfies Record<string, JsonSchema>;

const block: JsonSchema = {
  type: 'object',
  description: 'A block of conditions; it matches where all of them hold.',
  additionalProperties: false,
  minProperties: 1,
  properties: conditions,
};

/** One entry of `filters`: conditions, and what is decided where all of them hold. */
export const ruleSchema: JsonSchema = {
  type: 'object',
  description:
    'One rule. Rules are tried from top to bottom; the first whose conditions all hold decides, and an Event that no rule matches is rejected.',
  additionalProperties: false,
  required: ['action'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      description:
        'The name of the rule in the log, in metrics and in what a pipeline receives. It is part of the identity of what the rule started: put the old name under `formerly` when you change it.',
      examples: ['crash-loop'],
    },
    formerly: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      uniqueItems: true,
      description:
        'Earlier names of the rule, the oldest first, so that what it has started stays started. An empty text stands for the time when it had no name.',
      examples: [['back-off']],
    },
    ...conditions,
    not: {
      description:
        'One block of conditions or a list of blocks: the rule matches only if no block matches whole.',
      type: ['object', 'array'],
      additionalProperties: false,
      minProperties: 1,
      properties: conditions,
      items: block,
      examples: [{ objectName: 'canary-*' }],
    },
    action: {
      enum: ['accept', 'reject'],
      description: 'What is decided where the rule matches.',
    },
    again: {
      type: 'object',
      additionalProperties: false,
      description: 'When something that has started once starts again.',
      properties: {
        per: {
          enum: ['series'],
          default: 'series',
          description: 'What starts once: `series`, one Event with all its repetitions.',
        },
        quiet: {
          type: 'string',
          default: '1h',
          description:
            'How long a series must have been silent before its re-creation starts anew, as a duration such as `30m`.',
          examples: ['1h'],
        },
      },
    },
    triggers: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      uniqueItems: true,
      description:
        'The triggers that an accept rule starts, in this order. May be absent only where exactly one trigger is configured.',
      examples: [['diagnose']],
    },
  },
};
