// Parses the parameters of a route from the path and the query. The route declares them in a table;
// any other parameter or value is refused with its name and the expected values.

import type { JsonSchema } from '../core/kind.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import { MOMENT, parseMoment } from '../views/time.ts';
import type { Refusal } from './problem-document.ts';

/** Declaration of one parameter of a route. */
export interface Parameter {
  readonly name: string;
  readonly place: 'query' | 'path';
  readonly description: string;
  readonly schema:
    | {
        readonly type: 'integer';
        readonly minimum: number;
        readonly maximum: number;
        readonly default?: number;
      }
    | { readonly type: 'boolean'; readonly default: boolean }
    | { readonly type: 'string'; readonly enum?: readonly string[] }
    /** Repeated, or separated by commas. */
    | {
        readonly type: 'array';
        readonly items: { readonly type: 'string'; readonly enum: readonly string[] };
      };
}

/** The values of a request's parameters. */
export interface QueryValues {
  /** The number or its default; undefined if it is absent and has no default. */
  integer(name: string): number | undefined;
  text(name: string): string | undefined;
  /** All values of a list; empty if it is absent. */
  list(name: string): readonly string[];
  isSet(name: string): boolean;
}

/** The values, or the refusal of the first invalid parameter. */
type ParsedValues =
  | { readonly ok: true; readonly values: QueryValues }
  | { readonly ok: false; readonly refusal: Refusal };

/** Converts a parameter to its description in OpenAPI. */
export function toOpenApiParameter({ name, place, description, schema }: Parameter): JsonSchema {
  return { name, in: place, required: place === 'path', description, schema };
}

/** Parses the parameters of a path and a query (without its `?`). */
export function parseValues(
  parameters: readonly Parameter[],
  { path, query }: { path: Readonly<Record<string, unknown>>; query: string },
): ParsedValues {
  const values = new Map<string, Value>();
  for (const [name, text] of givenTexts(parameters, path, query)) {
    const parameter = parameters.find((one) => one.name === name);
    if (parameter === undefined) return refused(name, unknownDetail(name, parameters));
    const before = values.get(name);
    if (before !== undefined && typeof before !== 'object') {
      return refused(name, 'found it twice, expected it once');
    }
    const value = valueOf(parameter, text);
    if (value === undefined) return refused(name, wrongDetail(parameter, text));
    values.set(name, typeof value === 'object' ? [...(before ?? []), ...value] : value);
  }
  return { ok: true, values: toQueryValues(parameters, values) };
}

function givenTexts(
  parameters: readonly Parameter[],
  path: Readonly<Record<string, unknown>>,
  query: string,
): readonly (readonly [string, string])[] {
  const inPath = parameters.flatMap(({ name, place }): [string, string][] => {
    const text = place === 'path' && Object.hasOwn(path, name) ? path[name] : undefined;
    return typeof text === 'string' ? [[name, text]] : [];
  });
  return [...inPath, ...new URLSearchParams(query)];
}

type Value = number | string | boolean | readonly string[];

function toQueryValues(
  parameters: readonly Parameter[],
  given: ReadonlyMap<string, Value>,
): QueryValues {
  const defaults = parameters.flatMap(({ name, schema }): [string, Value][] =>
    'default' in schema ? [[name, schema.default]] : [],
  );
  const values = new Map([...defaults, ...given]);
  return {
    integer: (name) => {
      const value = values.get(name);
      return typeof value === 'number' ? value : undefined;
    },
    text: (name) => {
      const value = values.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    list: (name) => {
      const value = values.get(name);
      return typeof value === 'object' ? value : [];
    },
    isSet: (name) => values.get(name) === true,
  };
}

function valueOf({ schema }: Parameter, text: string): Value | undefined {
  if (schema.type === 'boolean') return text === 'true' || (text === 'false' ? false : undefined);
  if (schema.type === 'array') {
    const items = text.split(',');
    return items.every((item) => schema.items.enum.includes(item)) ? items : undefined;
  }
  if (schema.type === 'string') {
    return schema.enum === undefined || schema.enum.includes(text) ? text : undefined;
  }
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value >= schema.minimum && value <= schema.maximum ? value : undefined;
}

function wrongDetail({ schema }: Parameter, text: string): string {
  const found = `found "${printable(text, 60)}", expected `;
  if (schema.type === 'boolean') return `${found}true or false`;
  if (schema.type === 'string') return `${found}one of ${(schema.enum ?? []).join(', ')}`;
  if (schema.type === 'array') return `${found}some of ${schema.items.enum.join(', ')}`;
  return `${found}a whole number from ${schema.minimum} to ${schema.maximum}`;
}

function unknownDetail(name: string, parameters: readonly Parameter[]): string {
  const known = parameters.filter(({ place }) => place === 'query').map((one) => one.name);
  if (known.length === 0) return `found ${printable(name, 60)}, expected no parameter`;
  const near = nearestName(name, known);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `found ${printable(name, 60)}, expected one of ${known.join(', ')}${hint}`;
}

function refused(name: string, detail: string): ParsedValues {
  const parameter = printable(name, 60);
  return {
    ok: false,
    refusal: { status: 400, detail: `parameter ${parameter}: ${detail}`, parameter },
  };
}

/** The span of time of a query. */
export interface TimeSpan {
  readonly since?: number;
  readonly until?: number;
}

/** Parses the parameters `since` and `until`, or refuses the first that is not a time. */
export function spanOf(values: QueryValues, now: number): TimeSpan | Refusal {
  let span: TimeSpan = {};
  for (const name of ['since', 'until'] as const) {
    const text = values.text(name);
    if (text === undefined) continue;
    const at = parseMoment(text, now);
    if (at === undefined) {
      const detail = `parameter ${name}: found "${printable(text, 60)}", expected ${MOMENT}`;
      return { status: 400, parameter: name, detail };
    }
    span = { ...span, [name]: at };
  }
  return span;
}
