// Words for one failed keyword of a schema: the value found, the value expected, and the next step.
// Choices between branches are described by validate.ts.

import type { ErrorObject } from 'ajv/dist/2020.js';
import { isJsonObject, type Json, type JsonObject, stringAt } from '../core/json-object.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import { pointerStep } from '../kit/data/json-pointer.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import { FORMATS } from './formats.ts';

/** The unknown keys of each block, by its pointer, as the known keys that they were meant to be. */
export type UnknownKeys = ReadonlyMap<string, ReadonlySet<string | undefined>>;

/** Finds the unknown keys: a known key that is misspelled is not reported as missing too. */
export function unknownKeysOf(errors: readonly ErrorObject[]): UnknownKeys {
  const unknown = errors.filter(({ keyword }) => keyword === 'additionalProperties');
  const blocks = Map.groupBy(unknown, ({ instancePath }) => instancePath);
  const meantBy = (error: ErrorObject): string | undefined =>
    nearestName(param(error, 'additionalProperty'), Object.keys(propertiesOf(error)));
  return new Map([...blocks].map(([path, inside]) => [path, new Set(inside.map(meantBy))]));
}

/** Words for one failed keyword. */
export function explainKeyword(error: ErrorObject, unknown: UnknownKeys): readonly Finding[] {
  const { keyword } = error;
  switch (keyword) {
    case 'additionalProperties':
      return [unknownKey(error)];
    case 'required': {
      const key = param(error, 'missingProperty');
      return unknown.get(error.instancePath)?.has(key) === true ? [] : [missingKey(error, key)];
    }
    case 'type':
      return [wrongType(error)];
    case 'enum':
    case 'const':
      return [wrongChoice(error)];
    case 'format':
      return [wrongFormat(error)];
    // These keywords summarize errors that ajv reports one by one.
    case 'propertyNames':
    case 'if':
      return [];
    default:
      return [wrongValue(error)];
  }
}

/** Describes a value for a message. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isJsonObject(value)) return Object.keys(value).length === 0 ? 'an empty block' : 'a block';
  return printable(JSON.stringify(value), 60);
}

/** Lists names for a message. */
export function listNames(names: readonly string[], word: 'or' | 'and'): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1) ?? ''}`;
}

function propertiesOf({ parentSchema }: ErrorObject): JsonObject {
  const properties = isJsonObject(parentSchema) ? parentSchema['properties'] : undefined;
  return isJsonObject(properties) ? properties : {};
}

function unknownKey(error: ErrorObject): Finding {
  const key = param(error, 'additionalProperty');
  const known = Object.keys(propertiesOf(error));
  return unknownKeyFound(`${error.instancePath}/${pointerStep(key)}`, key, known);
}

/** Words for an unknown key of a block that may have the known ones. */
export function unknownKeyFound(path: string, key: string, known: readonly string[]): Finding {
  const nearest = nearestName(key, known);
  const hint =
    nearest === undefined
      ? `known keys here: ${listNames(known.toSorted(), 'and')}`
      : `did you mean ${nearest}?`;
  return errorAt('unknown-key', path, { message: `unknown key ${printable(key, 60)}`, hint });
}

function missingKey(error: ErrorObject, key: string): Finding {
  return errorAt('missing-key', error.instancePath, {
    message: `the key ${key} is missing${placeName(error.instancePath)}`,
    hint: describeKey(key, propertiesOf(error)[key]),
  });
}

function describeKey(key: string, schema: Json | undefined): string {
  if (!isJsonObject(schema)) return `add ${key}`;
  const choices = schema['enum'];
  if (Array.isArray(choices)) return `add ${key}: ${choices.map(String).join(' or ')}`;
  const sentence = /^.*?\.(?=\s|$)/s.exec(stringAt(schema, 'description'));
  return sentence === null ? `add ${key}` : `add ${key}: ${sentence[0].slice(0, -1)}`;
}

/** Names the block of a message by its last key; an entry of a list is named with its list. */
function placeName(path: string): string {
  const steps = path.split('/').slice(1);
  const last = steps.at(-1);
  if (last === undefined) return '';
  return /^\d+$/.test(last)
    ? ` in entry ${Number(last) + 1} of ${steps.at(-2) ?? ''}`
    : ` in ${last}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
  null: 'nothing',
};

const SEE_REFERENCE = 'see docs/configuration.md for the values that are allowed here';

function wrongType(error: ErrorObject): Finding {
  const wanted = typesOf(error.schema);
  const secretKey = secretKeyOf(error.parentSchema);
  if (secretKey !== undefined && !isJsonObject(error.data)) return secretInline(error, secretKey);
  const found = wrongTypeFound(error.instancePath, error.data, wanted);
  return { ...found, hint: FORMATS[stringAt(error.parentSchema, 'format')]?.hint ?? found.hint };
}

/** The key by which a block refers to a secret; undefined if it has none. */
function secretKeyOf(schema: unknown): string | undefined {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  if (!isJsonObject(properties)) return undefined;
  // Only an entry of `secrets:` has both keys: it is a file or a variable.
  if ('file' in properties && 'env' in properties) return 'file';
  return Object.keys(properties).find((key) => /^(?:token|password|secret|value)File$/.test(key));
}

/** Hides a text in the place of a block of secrets: it may be a secret, or a URL that holds one. */
function describeUnlessSecret({ data, parentSchema }: ErrorObject): string {
  const mayBeSecret = typeof data === 'string' && secretKeyOf(parentSchema) !== undefined;
  return mayBeSecret ? 'a text (not shown, because it may hold a secret)' : describeValue(data);
}

/** Reports a value in the place of a block of secrets without showing it, because logs quote messages. */
function secretInline({ instancePath }: ErrorObject, key: string): Finding {
  const found = errorAt('wrong-type', instancePath, {
    message:
      'found a value in place, which is not shown: it may be a secret (expected a block of keys)',
    hint: `put the secret into a file and name it: ${key}: FILE`,
  });
  return { ...found, concealed: true };
}

/** Lists the type names of a schema's `type`. */
export function typesOf(type: unknown): readonly string[] {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.map(String) : [];
}

/** Words for a value of the wrong type. */
export function wrongTypeFound(path: string, data: unknown, wanted: readonly string[]): Finding {
  const expected = listNames(
    wanted.map((type) => TYPES[type] ?? type),
    'or',
  );
  const message = `found ${describeValue(data)}, expected ${expected}`;
  return errorAt('wrong-type', path, { message, hint: typeHint(data, wanted) });
}

function typeHint(data: unknown, wanted: readonly string[]): string {
  if (data === null) return 'write a value or remove the key; indent its keys more';
  if (wanted.includes('boolean')) return 'write true or false, without quotes';
  const isScalar = typeof data === 'number' || typeof data === 'boolean';
  if (isScalar && wanted.includes('string')) return `put it in quotes: "${String(data)}"`;
  const isNumber = wanted.includes('integer') || wanted.includes('number');
  if (typeof data === 'string' && isNumber && /^\d+$/.test(data)) return 'remove the quotes';
  const isBlock = isJsonObject(data);
  if (isBlock && wanted.includes('array')) return 'begin each entry with - on a line of its own';
  if (Array.isArray(data) && wanted.includes('object'))
    return 'write a name and : instead of each -';
  if (wanted.includes('object')) return 'write its keys below it, indented, each as key: value';
  if (typeof data === 'string' && wanted.includes('array')) {
    return `write it as a list: [${printable(data.trim().replaceAll(/[\s,]+/g, ', '), 40)}]`;
  }
  return SEE_REFERENCE;
}

function wrongChoice(error: ErrorObject): Finding {
  const choices: readonly unknown[] = Array.isArray(error.schema) ? error.schema : [error.schema];
  const known = choices.map(String);
  const message = `found ${describeValue(error.data)}, expected ${listNames(known, 'or')}`;
  return errorAt('wrong-value', error.instancePath, {
    message,
    hint: choiceHint(error.data, known),
  });
}

function choiceHint(data: unknown, known: readonly string[]): string {
  if (typeof data !== 'string') return `write ${listNames(known, 'or')}`;
  // If the text looks the same as an allowed value, that value is a number or a boolean.
  if (known.includes(data)) return 'remove the quotes';
  const nearest = nearestName(data, known);
  return nearest === undefined ? `write ${listNames(known, 'or')}` : `did you mean ${nearest}?`;
}

function wrongFormat(error: ErrorObject): Finding {
  const format = FORMATS[param(error, 'format')];
  if (format === undefined || typeof error.data !== 'string') return wrongValue(error);
  const why = format.fault(error.data) ?? '';
  const message = `found ${describeValue(error.data)}, expected ${format.expected}`;
  return errorAt(format.code, error.instancePath, {
    message: why === '' ? message : `${message}: ${printable(why, 160)}`,
    hint: format.hint,
  });
}

function wrongValue(error: ErrorObject): Finding {
  const name = error.propertyName;
  const path =
    name === undefined ? error.instancePath : `${error.instancePath}/${pointerStep(name)}`;
  const found = name === undefined ? describeUnlessSecret(error) : `the name ${quoted(name)}`;
  const message = `found ${found}, ${expectation(error)}`;
  return errorAt(name === undefined ? 'wrong-value' : 'bad-name', path, {
    message,
    hint: hintOf(error),
  });
}

const BOUNDS: Readonly<Record<string, (limit: string) => string>> = {
  minLength: (limit) => (limit === '1' ? 'some text' : `at least ${limit} characters`),
  maxLength: (limit) => `at most ${limit} characters`,
  minItems: (limit) => (limit === '1' ? 'at least one entry' : `at least ${limit} entries`),
  maxItems: (limit) => `at most ${limit} entries`,
  uniqueItems: () => 'every entry once',
  minProperties: (limit) => (limit === '1' ? 'at least one key' : `at least ${limit} keys`),
  maxProperties: (limit) => `at most ${limit} keys`,
  minimum: (limit) => `at least ${limit}`,
  maximum: (limit) => `at most ${limit}`,
  exclusiveMinimum: (limit) => `more than ${limit}`,
  exclusiveMaximum: (limit) => `less than ${limit}`,
};

function expectation({ keyword, schema, message }: ErrorObject): string {
  // The expression is not shown, because the description says the same in words.
  if (keyword === 'pattern') return 'which is not allowed here';
  return `expected ${BOUNDS[keyword]?.(String(schema)) ?? message ?? 'something else'}`;
}

function hintOf(error: ErrorObject): string {
  // The description of a block does not help a user who left it empty.
  if (error.keyword === 'minProperties') {
    const last = error.instancePath.split('/').at(-1) ?? '';
    return `write one below it, or remove ${/^\d+$/.test(last) ? 'the entry' : last}`;
  }
  return stringAt(error.parentSchema, 'description') || SEE_REFERENCE;
}

function quoted(text: string): string {
  return `"${printable(text, 60)}"`;
}

function param(error: ErrorObject, name: string): string {
  return stringAt(error.params, name);
}
