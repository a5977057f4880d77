// The schema of the value `config`: the editor schema of a configuration, in the words that helm's
// validator has. Draft-07 is the newest that every helm 3 and helm 4 read. Messages are why it is
// rewritten: a failed `oneOf` or `propertyNames` names neither the key nor the reason.
// Source: helm's pkg/chart/common/util (jsonschema.go), github.com/santhosh-tekuri/jsonschema.

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';
import { editorSchema } from '../../lib/plan/schema.ts';

// A spec compares each with the parser that reads the value (lib/kit/text/quantity.ts).
const FORMAT_PATTERNS: Readonly<Record<string, string>> = {
  duration: '^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$',
  rate: '^(off|0*[1-9][0-9]*/[smhd])$',
  size: '^[0-9]+([kMGT]|[KMGT]i)?$',
};

/** The schema of the value `config`: an object, or the text of a file. */
export function configurationValue(): JsonSchema {
  const { $schema, title, ...schema } = editorSchema();
  return {
    ...forHelm(schema),
    type: ['object', 'string'],
    default: {},
    description:
      'A whole configuration in our own form: an object, or the text of a file, which keeps its comments (`helm install … --set-file config=sluice.yaml`). Helm reads values as YAML 1.1, in which a bare off, no or yes is a truth value: quote them in an object.',
    examples: [
      {
        sources: { shop: { events: { namespaces: ['shop', 'pay'] } } },
        filters: [{ name: 'crash-loop', reasons: ['BackOff'], type: 'Warning', action: 'accept' }],
        triggers: { build: { brigade: { project: 'org/repo', namespace: 'brigade' } } },
      },
    ],
  };
}

/** The same schema without notes, with which templates check the text of a file. */
export function configurationTextSchema(): JsonSchema {
  const { $schema, title, ...schema } = editorSchema();
  return withoutNotes(forHelm(schema));
}

const NOTES = ['description', 'examples', 'default', 'uniqueItems'];

function withoutNotes(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).filter(([key]) => !NOTES.includes(key));
  return Object.fromEntries(
    kept.map(([key, value]): [string, Json] => {
      const areNamed = ['properties', 'patternProperties', 'dependencies'].includes(key);
      if (areNamed && isJsonObject(value)) return [key, eachOf(value, withoutNotes)];
      if (isJsonList(value)) {
        return [key, value.map((one) => (isJsonObject(one) ? withoutNotes(one) : one))];
      }
      return [key, isJsonObject(value) ? withoutNotes(value) : value];
    }),
  );
}

function eachOf(schemas: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, one]) => [name, isJsonObject(one) ? change(one) : one]),
  );
}

function forHelm(schema: JsonSchema): JsonSchema {
  const { format, oneOf, propertyNames, ...rest } = schema;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, value]): [string, Json] => [key, innerForHelm(key, value)]),
  );
  return {
    ...inner,
    ...patternOf(format),
    ...(isJsonList(oneOf) && choices(oneOf)),
    ...(isJsonObject(propertyNames) && namedBy(propertyNames, inner)),
  };
}

function innerForHelm(key: string, value: Json): Json {
  if (key === 'properties' && isJsonObject(value)) return eachOf(value, forHelm);
  const hasSchemas = key === 'anyOf' || key === 'allOf';
  if (hasSchemas && isJsonList(value)) {
    return value.map((one) => (isJsonObject(one) ? forHelm(one) : one));
  }
  const isSchema = key === 'items' || key === 'additionalProperties';
  return isSchema && isJsonObject(value) ? forHelm(value) : value;
}

/** A format is asserted as a pattern, because helm knows another `duration` and no `rate`. */
function patternOf(format: Json | undefined): JsonObject {
  if (typeof format !== 'string') return {};
  const pattern = FORMAT_PATTERNS[format];
  if (pattern === undefined) throw new Error(`no pattern for the format ${format}`);
  // Every part of a duration may be absent, but not all.
  return { pattern, minLength: 1 };
}

/** Names with a pattern become keys with it: then the message names the key and its place. */
function namedBy(names: JsonObject, { additionalProperties = {} }: JsonObject): JsonObject {
  const { pattern } = names;
  if (typeof pattern !== 'string') throw new Error('names of a block without a pattern');
  return { patternProperties: { [pattern]: additionalProperties }, additionalProperties: false };
}

/**
 * Exactly one of some keys (or at most one, if none is a choice as well) as two keywords: at least
 * one of them, and beside each no other. The last says so as a `const`, whose text is the message.
 */
function choices(branches: readonly Json[]): JsonObject {
  const keys = branches.flatMap((branch) =>
    isJsonObject(branch) && isJsonList(branch['required']) ? branch['required'].map(String) : [],
  );
  const mayBeNone = branches.length > keys.length;
  const dependencies = Object.fromEntries(keys.map((key) => [key, alone(key, keys)]));
  return {
    ...(!mayBeNone && { anyOf: keys.map((key) => ({ required: [key] })) }),
    ...(keys.length > 1 && { dependencies }),
  };
}

function alone(key: string, keys: readonly string[]): JsonObject {
  const others = keys.filter((other) => other !== key);
  const absent = { const: `absent, because ${key} is there` };
  return { properties: Object.fromEntries(others.map((other) => [other, absent])) };
}
