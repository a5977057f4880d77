// Values from outside, parsed with the schemas that documents and parameters have: `createGuard` for the
// JSON of another program, `createTextReader` for the texts of a query or of flags.
// Source: https://ajv.js.org/coercion.html and https://ajv.js.org/guide/modifying-data.html (defaults).

import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import { isJsonObject } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import { AJV_OPTIONS } from './validate.ts';

/** Whether a value has a type. */
export type Guard<T> = (value: unknown) => value is T;

/** Values of parameters, or one mistake: which parameter, what was found, what was expected. */
type TextValues<T> =
  | { readonly ok: true; readonly values: T }
  | { readonly ok: false; readonly parameter: string; readonly detail: string };

/** Reads pairs of name and text; a name may occur several times. */
export type TextReader<T> = (texts: readonly (readonly [string, string])[]) => TextValues<T>;

// Formats such as `date-time` document a value; nothing depends on them.
const OPTIONS = { ...AJV_OPTIONS, validateFormats: false } as const satisfies Options;

/** Compiles a schema of values of this type to a type guard. */
export function createGuard<T>(schema: JsonSchema): Guard<T> {
  return new Ajv2020(OPTIONS).compile<T>(schema);
}

/**
 * Compiles the schemas of parameters to a reader of their texts. Numbers, booleans and lists are
 * converted, defaults are added. A list is repeated, or separated by commas.
 *
 * **Shape**: messages about an unknown parameter name those of `offered`.
 */
export function createTextReader<T>(
  properties: Readonly<Record<string, JsonSchema>>,
  offered: readonly string[],
): TextReader<T> {
  const options = { ...OPTIONS, verbose: true, coerceTypes: 'array', useDefaults: true } as const;
  const schema = { type: 'object', additionalProperties: false, properties };
  const validate = new Ajv2020(options).compile<T>(schema);
  const schemaOf = (name: string): JsonSchema =>
    (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? {};
  return (texts) => {
    // ajv would also read `1e3`, `0x10` and ` 7 ` as numbers.
    const odd = texts.find(
      ([name, text]) => schemaOf(name)['type'] === 'integer' && !/^\d{1,16}$/.test(text),
    );
    if (odd !== undefined) return refused(odd[0], wrongDetail(schemaOf(odd[0]), odd[1]));
    const groups = Map.groupBy(texts, ([name]) => name);
    const values: unknown = Object.fromEntries(
      [...groups].map(([name, pairs]): [string, string[]] => {
        const isList = schemaOf(name)['type'] === 'array';
        return [name, pairs.flatMap(([, text]) => (isList ? text.split(',') : [text]))];
      }),
    );
    if (validate(values)) return { ok: true, values };
    const [error] = validate.errors ?? [];
    const unknown: unknown = error?.params['additionalProperty'];
    if (typeof unknown === 'string') return refused(unknown, unknownDetail(unknown, offered));
    const name = error?.instancePath.split('/')[1] ?? '';
    const isList = schemaOf(name)['type'] === 'array';
    const given = (groups.get(name) ?? []).map(([, text]) => text);
    if (given.length > 1 && !isList) return refused(name, 'found it twice, expected it once');
    const item = String(error?.data);
    const text = isList ? given.find((one) => one.split(',').includes(item)) : given[0];
    return refused(name, wrongDetail(schemaOf(name), text ?? ''));
  };
}

function refused(parameter: string, detail: string): TextValues<never> {
  const name = printable(parameter, 60);
  return { ok: false, parameter: name, detail: `parameter ${name}: ${detail}` };
}

function wrongDetail(schema: JsonSchema, text: string): string {
  return `found "${printable(text, 60)}", expected ${expectedOf(schema)}`;
}

function expectedOf({ type, minimum, maximum, items, enum: words }: JsonSchema): string {
  if (type === 'boolean') return 'true or false';
  if (typeof minimum === 'number' && typeof maximum === 'number') {
    return `a whole number from ${minimum} to ${maximum}`;
  }
  if (isJsonObject(items)) return expectedOf(items).replace(/^one of/, 'some of');
  return `one of ${Array.isArray(words) ? words.join(', ') : 'its values'}`;
}

function unknownDetail(name: string, offered: readonly string[]): string {
  const found = `found ${printable(name, 60)}, expected`;
  if (offered.length === 0) return `${found} no parameter`;
  const near = nearestName(name, offered);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `${found} one of ${offered.join(', ')}${hint}`;
}
