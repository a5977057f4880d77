// Parameters of documents, declared once: OpenAPI describes them, the API reads them from paths and
// queries, and the command line from its flags. One validator reads all of them.

import { createTextReader, type TextReader } from '../config/parse-value.ts';
import * as s from './typed-schema.ts';

/** Schemas of parameters by name; `undefined` in a type: it may be absent. */
export type Parameters = Readonly<Record<string, s.Schema<unknown>>>;

type Given<P> = {
  [K in keyof P as undefined extends s.ValueOf<P[K]> ? never : K]: s.ValueOf<P[K]>;
};
type Absent<P> = {
  [K in keyof P as undefined extends s.ValueOf<P[K]> ? K : never]?: Exclude<
    s.ValueOf<P[K]>,
    undefined
  >;
};

/** Values of parameters; one that may be absent is an optional key. */
export type ParameterValues<P> = Readonly<Given<P> & Absent<P>>;

/** A parameter with an invalid value, and what was found and expected. */
export interface BadParameter {
  readonly parameter: string;
  readonly detail: string;
}

/** Reports a parameter whose value only the store or the clock can judge. */
export function badParameter(parameter: string, why: string): BadParameter {
  return { parameter, detail: `parameter ${parameter}: ${why}` };
}

/** Compiles parameters to their reader. Names of `hidden` are those of a path: no message offers them. */
export function readerOf<P extends Parameters>(
  parameters: P,
  hidden: readonly string[] = [],
): TextReader<ParameterValues<P>> {
  const schemas = Object.entries(parameters).map(([name, { json }]) => [name, json] as const);
  const offered = Object.keys(parameters).filter((name) => !hidden.includes(name));
  return createTextReader(Object.fromEntries(schemas), offered);
}

/** A text. */
export function text(description: string): s.Schema<string | undefined> {
  return s.described(s.plain({ type: 'string' }), description);
}

/** One of some words. */
export function choice<const T extends string>(
  words: readonly T[],
  description: string,
): s.Schema<T | undefined> {
  return s.described(s.plain({ type: 'string', enum: words }), description);
}

/** Some of some words: repeated, or separated by commas. */
export function choices<const T extends string>(
  words: readonly T[],
  description: string,
): s.Schema<readonly T[] | undefined> {
  const schema = { type: 'array', items: { type: 'string', enum: words } };
  return s.described(s.plain(schema), description);
}

/** True or false; false if absent. */
export function flag(description: string): s.Schema<boolean> {
  return s.described(s.plain({ type: 'boolean', default: false }), description);
}

const MAX_LIMIT = 500;

/** The largest number of items in an answer. */
export function limit(description: string, value: number): s.Schema<number> {
  const schema = { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: value };
  return s.described(s.plain(schema), description);
}

/** A sequence number. */
export function sequence(description: string): s.Schema<number | undefined> {
  const schema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
  return s.described(s.plain(schema), description);
}

/** A parameter of a path, which is never absent. */
export function inPath<T>({ json, open }: s.Schema<T>): s.Schema<Exclude<T, undefined>> {
  return { json, open };
}
