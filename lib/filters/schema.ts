// The JSON Schema of one entry of `filters` in our form, as plain data (draft 2020-12). Users read its
// descriptions in the generated reference. The meaning of patterns, names and triggers, which a schema
// cannot express, is checked by compile.ts.

import type { JsonSchema } from '../core/ports/kind.ts';
import type { MapField, RuleField, Vocabulary } from '../core/vocabulary.ts';

const PATTERNS =
  'One pattern, or a list of which one must match. A pattern is compared with the whole value; with `*` or `?` it is a glob over the whole value. Between slashes it is an RE2 regular expression that is searched. Case counts. If absent, an empty text or an empty list, it asks for nothing. An empty text inside a list matches the empty value, which is also the value of a field that the Event does not have.';

const COUNTS =
  'A number, or a comparison with `=`, `==`, `<`, `<=`, `>` or `>=`, or a list of these of which one must hold.';

const TEXT = { type: ['string', 'array'], items: { type: 'string' } };

function conditionSchema(field: RuleField): JsonSchema {
  const { description, examples } = field;
  if (field.type === 'text') {
    return { description: `${description} ${PATTERNS}`, ...TEXT, examples };
  }
  if (field.type === 'map') return mapSchema(field);
  return {
    description: `${description} ${COUNTS}`,
    type: ['integer', 'string', 'array'],
    minimum: 0,
    items: { type: ['integer', 'string'], minimum: 0 },
    examples,
  };
}

function mapSchema({ description, examples, keys }: MapField): JsonSchema {
  const known = keys?.map(
    (key) => [key, { ...TEXT, description: `Its ${key}. ${PATTERNS}` }] as const,
  );
  const whole = `${description} Each key that is written must match.`;
  return {
    // The keys of a closed list have the sentences about patterns themselves.
    description: known === undefined ? `${whole} ${PATTERNS}` : whole,
    type: 'object',
    ...(known === undefined
      ? { additionalProperties: TEXT }
      : { additionalProperties: false, properties: Object.fromEntries(known) }),
    examples,
  };
}

const NAMES = {
  name: {
    type: 'string',
    minLength: 1,
    description:
      'The name of the rule in the log, in metrics and in deliveries. It is part of the identity of the deliveries that the rule starts: when you change it, put the old name under `formerly`.',
    examples: ['crash-loop'],
  },
  formerly: {
    type: 'array',
    items: { type: 'string' },
    minItems: 1,
    uniqueItems: true,
    description:
      'Earlier names of the rule, the oldest first, so that it does not start again what it has started. An empty text means that the rule had no name.',
    examples: [['back-off']],
  },
} as const satisfies Record<string, JsonSchema>;

const CONSEQUENCES = {
  action: {
    enum: ['accept', 'reject'],
    description: 'The decision if the rule matches.',
  },
  again: {
    type: 'object',
    additionalProperties: false,
    description: 'When a series that has started a trigger starts it again.',
    properties: {
      per: {
        enum: ['series'],
        default: 'series',
        description: 'The unit that starts once: `series`, one Event with all its repetitions.',
      },
      quiet: {
        type: 'string',
        default: '1h',
        description:
          'How long a series must be silent before a re-created Event starts again, as a duration such as `30m`.',
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
} as const satisfies Record<string, JsonSchema>;

/** One entry of `filters` over a vocabulary: conditions, and the decision if all of them hold. */
export function ruleSchemaOf(vocabulary: Vocabulary): JsonSchema {
  const conditions = Object.fromEntries(
    vocabulary.map((field) => [field.name, conditionSchema(field)]),
  );
  const block = {
    type: 'object',
    description: 'A block of conditions; it matches if all of them hold.',
    additionalProperties: false,
    minProperties: 1,
    properties: conditions,
  };
  return {
    type: 'object',
    description:
      'One rule. Rules are tried from top to bottom; the first whose conditions all hold decides, and an Event that no rule matches is rejected.',
    additionalProperties: false,
    required: ['action'],
    properties: {
      ...NAMES,
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
      ...CONSEQUENCES,
    },
  };
}
