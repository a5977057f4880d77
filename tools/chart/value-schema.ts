// Builders for the table of values: each makes the JSON Schema of one value, with its default. From the
// table follow values.yaml, values.schema.json and the chart's README.

import type { Json, JsonObject } from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';

/** Values by their keys. */
export type Values = Readonly<Record<string, JsonSchema>>;

/** Values with one topic: a heading of values.yaml and of the README. */
export interface ValueGroup {
  readonly title: string;
  readonly values: Values;
}

/** A text; empty unless `more` has a default. */
export function text(description: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'string', default: '', description, ...more };
}

/** One of some words, the first if `more` has no default. */
export function choice(
  description: string,
  options: readonly [string, ...string[]],
  more: JsonSchema = {},
): JsonSchema {
  return { enum: [...options], default: options[0], description, ...more };
}

/** A switch. */
export function flag(description: string, value: boolean): JsonSchema {
  return { type: 'boolean', default: value, description };
}

/** A TCP port. */
export function port(description: string, value: number): JsonSchema {
  return { type: 'integer', minimum: 1, maximum: 65_535, default: value, description };
}

/** A block of values of the chart; every other key is refused. */
export function block(description: string, properties: Values): JsonSchema {
  return { type: 'object', description, additionalProperties: false, properties };
}

/** A map of texts, such as labels; empty unless `value` says otherwise. */
export function texts(description: string, example: Json, value: JsonObject = {}): JsonSchema {
  const values = { type: 'string' };
  return {
    type: 'object',
    default: value,
    description,
    additionalProperties: values,
    examples: [example],
  };
}

/** A list; `more` has its default and its example. */
export function list(description: string, items: JsonSchema, more: JsonSchema = {}): JsonSchema {
  return { type: 'array', default: [], description, items, ...more };
}

/** An object of Kubernetes, of which the chart knows the top level at most. */
export function kubernetesObject(description: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'object', default: {}, description, ...more };
}

/** A list of objects of Kubernetes. */
export function kubernetesList(description: string, more: JsonSchema = {}): JsonSchema {
  return list(description, { type: 'object' }, more);
}

const QUANTITY_TEXT = '([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][0-9]+|[numkMGTPE]|[KMGTPE]i)?';

/** A quantity as Kubernetes writes it. */
export const QUANTITY: JsonSchema = { type: ['string', 'number'], pattern: `^${QUANTITY_TEXT}$` };

/** A quantity or an empty text. */
export function optionalQuantity(description: string, more: JsonSchema = {}): JsonSchema {
  return { ...QUANTITY, pattern: `^(|${QUANTITY_TEXT})$`, default: '', description, ...more };
}

/** The resources of a container. */
export function resources(description: string, value: Json): JsonSchema {
  const quantities = { type: 'object', additionalProperties: QUANTITY };
  return {
    type: 'object',
    description,
    default: value,
    additionalProperties: false,
    properties: {
      requests: quantities,
      limits: quantities,
      claims: { type: 'array', items: { type: 'object' } },
    },
  };
}
