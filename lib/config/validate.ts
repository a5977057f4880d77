// Validates a value against a schema and reports all mistakes at once, as findings. For a choice
// (anyOf, oneOf), only the most likely branch is reported.
// Source: https://ajv.js.org (draft 2020-12, allErrors, verbose).

import { Ajv2020, type ErrorObject, type Options } from 'ajv/dist/2020.js';
import { isJsonObject, type Json, stringAt } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import { FORMATS } from './formats.ts';
import {
  describeValue,
  explainKeyword,
  listNames,
  typesOf,
  type UnknownKeys,
  unknownKeysOf,
  wrongTypeFound,
} from './schema-messages.ts';

/** Reports the mistakes of a value; none if it is valid. */
export type Validator = (value: Json) => readonly Finding[];

// A file with more mistakes is the wrong file, and no reader gets further.
const MAX_ERRORS = 1000;

/**
 * Options for every schema. It is not compared with its meta-schema, because compiling that takes
 * longer than compiling most sections; a spec does it.
 */
export const AJV_OPTIONS = {
  meta: false,
  validateSchema: false,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
  // Optimizing the generated code takes a third of a compilation, and a document is validated once.
  code: { optimize: false },
} as const satisfies Options;

/**
 * Compiles a schema.
 *
 * **Errors**: throws if ajv cannot compile the schema, which is a bug.
 */
export function createValidator(schema: JsonSchema): Validator {
  const ajv = new Ajv2020({
    ...AJV_OPTIONS,
    strict: true,
    allErrors: true,
    verbose: true,
    formats: Object.fromEntries(
      Object.entries(FORMATS).map(([name, format]) => [
        name,
        { type: 'string', validate: (text: string) => format.fault(text) === undefined },
      ]),
    ),
  });
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const errors = (validate.errors ?? []).slice(0, MAX_ERRORS);
    return explain(errors, unknownKeysOf(errors));
  };
}

function explain(errors: readonly ErrorObject[], unknown: UnknownKeys): readonly Finding[] {
  const choice = errors
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .toSorted((a, b) => a.schemaPath.length - b.schemaPath.length)[0];
  if (choice === undefined) return errors.flatMap((error) => explainKeyword(error, unknown));
  const inside = errors.filter((error) => isInside(error, choice));
  const others = errors.filter((error) => error !== choice && !isInside(error, choice));
  return [...explainChoice(choice, inside, unknown), ...explain(others, unknown)];
}

function isInside(error: ErrorObject, choice: ErrorObject): boolean {
  const isBelow =
    error.instancePath === choice.instancePath ||
    error.instancePath.startsWith(`${choice.instancePath}/`);
  return isBelow && error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

function explainChoice(
  choice: ErrorObject,
  inside: readonly ErrorObject[],
  unknown: UnknownKeys,
): readonly Finding[] {
  const branches: readonly unknown[] = Array.isArray(choice.schema) ? choice.schema : [];
  const keys = branches.filter((branch) => !isNoneOfThem(branch)).map(onlyRequired);
  if (keys.every((key) => key !== undefined)) {
    // A value that is no block has a finding about its type.
    return isJsonObject(choice.data) ? explainKeys(choice, keys, unknown) : [];
  }
  const words = explainWords(choice, branches);
  if (words !== undefined) return [words];
  const fitting = branches.flatMap((branch, index) =>
    acceptsType(branch, choice.data) ? [index] : [],
  );
  if (fitting.length === 0) {
    const wanted = new Set(branches.flatMap((branch) => typesOf(memberOf(branch, 'type'))));
    return [wrongTypeFound(choice.instancePath, choice.data, [...wanted])];
  }
  const explained = fitting.map((index) =>
    explain(
      inside.filter(({ schemaPath }) => schemaPath.startsWith(`${choice.schemaPath}/${index}/`)),
      unknown,
    ),
  );
  return explained.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

/** Describes a choice of a few words or a format as one sentence. */
function explainWords(choice: ErrorObject, branches: readonly unknown[]): Finding | undefined {
  if (typeof choice.data !== 'string') return undefined;
  const words = branches.flatMap((branch) => {
    const choices = memberOf(branch, 'enum');
    return Array.isArray(choices) ? choices.map(String) : [];
  });
  const formats = branches.flatMap((branch) =>
    isJsonObject(branch) ? (FORMATS[stringAt(branch, 'format')] ?? []) : [],
  );
  const [format] = formats;
  if (words.length === 0 || format === undefined) return undefined;
  const expected = listNames([...words, ...formats.map((one) => one.expected)], 'or');
  return errorAt(format.code, choice.instancePath, {
    message: `found ${describeValue(choice.data)}, expected ${expected}`,
    hint: `write ${listNames(words, 'or')}, or ${format.hint.replace(/^write /, '')}`,
  });
}

/** Whether a branch of a choice allows none of the keys of the others. */
function isNoneOfThem(branch: unknown): boolean {
  return isJsonObject(branch) && Object.keys(branch).length === 1 && 'not' in branch;
}

/** The key of a branch that requires one key and nothing else. */
function onlyRequired(branch: unknown): string | undefined {
  const required = memberOf(branch, 'required');
  if (!isJsonObject(branch) || Object.keys(branch).length !== 1) return undefined;
  return Array.isArray(required) && required.length === 1 ? String(required[0]) : undefined;
}

function explainKeys(
  choice: ErrorObject,
  keys: readonly string[],
  unknown: UnknownKeys,
): readonly Finding[] {
  const data: unknown = choice.data;
  const found = isJsonObject(data) ? keys.filter((key) => Object.hasOwn(data, key)) : [];
  const branches: readonly unknown[] = Array.isArray(choice.schema) ? choice.schema : [];
  const [most, least] = ['at most one of ', 'at least one of '];
  const exactly = branches.some(isNoneOfThem) ? most : 'exactly one of ';
  const one = choice.keyword === 'oneOf' ? exactly : least;
  const expected = `${keys.length === 1 ? '' : one}${listNames(keys, 'or')}`;
  if (found.length === 0) {
    // An unknown key of the block is probably meant to be the missing one.
    if (unknown.has(choice.instancePath)) return [];
    const message = `found none of the keys that say what it is, expected ${expected}`;
    const hint = `add ${listNames(keys, 'or')}`;
    return [errorAt('missing-key', choice.instancePath, { message, hint })];
  }
  const message = `found ${listNames(found, 'and')}, expected ${expected}`;
  const hint = isKinds(choice, keys)
    ? 'keep one, and write the other as an entry with a name of its own'
    : 'keep one of them';
  return [errorAt('wrong-value', choice.instancePath, { message, hint })];
}

/** Whether each key has a block, as kinds have; other keys are two ways to write one thing. */
function isKinds({ parentSchema }: ErrorObject, keys: readonly string[]): boolean {
  const properties = memberOf(parentSchema, 'properties');
  return keys.every((key) => memberOf(memberOf(properties, key), 'type') === 'object');
}

function acceptsType(branch: unknown, data: unknown): boolean {
  const types = typesOf(memberOf(branch, 'type'));
  if (types.length > 0) return types.includes(typeOf(data)) || isInteger(types, data);
  const choices = memberOf(branch, 'enum');
  if (Array.isArray(choices)) return choices.some((choice) => typeof choice === typeof data);
  const constant = memberOf(branch, 'const');
  return constant === undefined || typeof constant === typeof data;
}

function isInteger(types: readonly string[], data: unknown): boolean {
  return types.includes('integer') && Number.isInteger(data);
}

function typeOf(data: unknown): string {
  if (data === null) return 'null';
  return Array.isArray(data) ? 'array' : typeof data;
}

function memberOf(branch: unknown, key: string): Json | undefined {
  return isJsonObject(branch) ? branch[key] : undefined;
}
