// A value against a schema, as findings in words: every mistake at once, each told once. The only
// place that runs ajv. Choices (anyOf, oneOf) are told by the branch that was meant, not by all.
// Source: https://ajv.js.org (draft 2020-12, allErrors, verbose).
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Json } from '../core/event.ts';
import { isJsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import { FORMATS } from './formats.ts';
import { explainKeyword, listNames, typesOf, wrongTypeFound } from './wording.ts';
import type { Draft } from './wording.ts';

/** Says what is wrong with a value; nothing where it fits. */
export type Validator = (value: Json) => readonly Finding[];

// A file in which more is wrong than this is the wrong file; nobody reads further either.
const MAX_ERRORS = 1000;

/** Compiles a schema. **Errors**: throws where the schema itself is wrong, which is a bug. */
export function createValidator(schema: JsonSchema): Validator {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
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
    return tellOnce(explain((validate.errors ?? []).slice(0, MAX_ERRORS)));
  };
}

function explain(errors: readonly ErrorObject[]): readonly Draft[] {
  const choice = errors
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .toSorted((a, b) => a.schemaPath.length - b.schemaPath.length)[0];
  if (choice === undefined) return errors.flatMap(explainKeyword);
  const inside = errors.filter((error) => isInside(error, choice));
  const others = errors.filter((error) => error !== choice && !isInside(error, choice));
  return [...explainChoice(choice, inside), ...explain(others)];
}

function isInside(error: ErrorObject, choice: ErrorObject): boolean {
  const isBelow =
    error.instancePath === choice.instancePath ||
    error.instancePath.startsWith(`${choice.instancePath}/`);
  return isBelow && error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

function explainChoice(choice: ErrorObject, inside: readonly ErrorObject[]): readonly Draft[] {
  const branches: readonly unknown[] = Array.isArray(choice.schema) ? choice.schema : [];
  const keys = branches.map(onlyRequired);
  if (keys.every((key) => key !== undefined)) return [explainKeys(choice, keys)];
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
    ),
  );
  return explained.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

/** The key of a branch that asks for nothing but that one key. */
function onlyRequired(branch: unknown): string | undefined {
  const required = memberOf(branch, 'required');
  if (!isJsonObject(branch) || Object.keys(branch).length !== 1) return undefined;
  return Array.isArray(required) && required.length === 1 ? String(required[0]) : undefined;
}

function explainKeys(choice: ErrorObject, keys: readonly string[]): Draft {
  const data: unknown = choice.data;
  const found = isJsonObject(data) ? keys.filter((key) => Object.hasOwn(data, key)) : [];
  const one = choice.keyword === 'oneOf' ? 'exactly one' : 'at least one';
  const draft: Draft = {
    severity: 'error',
    code: found.length === 0 ? 'missing-key' : 'wrong-value',
    path: choice.instancePath,
    message: `found ${found.length === 0 ? 'none' : listNames(found, 'and')}, expected ${one} of ${listNames(keys, 'or')}`,
    hint:
      found.length === 0
        ? `add one of ${listNames(keys, 'or')}`
        : 'keep one, and give the other a name of its own',
  };
  return found.length === 0 ? { ...draft, missing: keys } : draft;
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

/** Drops what another finding already says: a missing key that stands there misspelt, and echoes. */
function tellOnce(drafts: readonly Draft[]): readonly Finding[] {
  const misspelt = new Set(
    drafts.flatMap(({ path, suggests }) =>
      suggests === undefined ? [] : [`${path.slice(0, path.lastIndexOf('/'))} ${suggests}`],
    ),
  );
  const told = new Set<string>();
  return drafts.flatMap((draft) => {
    const { severity, code, path, message, hint } = draft;
    if (draft.missing?.some((key) => misspelt.has(`${path} ${key}`)) === true) return [];
    const text = `${path} ${message}`;
    if (told.has(text)) return [];
    told.add(text);
    return [{ severity, code, path, message, hint }];
  });
}
