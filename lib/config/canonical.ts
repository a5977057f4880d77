// The canonical form of a document. If the schema has a list, one word becomes a list of one. A
// misspelled key becomes its nearest known key, so that its contents are validated as well. Findings
// about the canonical form are mapped back to the written document. Validation itself is validate.ts.

import { isJsonList, isJsonObject, type Json, type JsonObject } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import type { Finding } from '../core/problem.ts';
import { pointerStep, pointerSteps } from '../kit/data/json-pointer.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { typesOf, unknownKeyFound } from './schema-messages.ts';

/** A document in its canonical form. */
interface CanonicalForm {
  readonly value: Json;
  /** The misspelled keys, at their places in the written document. */
  readonly findings: readonly Finding[];
  /** The pointer into the written document for one into the canonical form. */
  toWritten(pointer: string): string;
}

/** Notes made while the canonical form is built. */
interface CanonicalNotes {
  readonly findings: Finding[];
  /** Canonical pointers whose written pointer is another one. */
  readonly written: Map<string, string>;
}

/** A value's pointers: in the canonical form, and in the written document. */
interface CanonicalPlace {
  readonly at: string;
  readonly written: string;
  readonly notes: CanonicalNotes;
}

/** Makes the canonical form of a document for a schema. */
export function toCanonical(document: Json, schema: JsonSchema): CanonicalForm {
  const notes: CanonicalNotes = { findings: [], written: new Map() };
  const value = canonicalValue(document, schema, { at: '', written: '', notes });
  return {
    value,
    findings: notes.findings,
    toWritten: (pointer) => writtenPointer(pointer, notes),
  };
}

function writtenPointer(pointer: string, { written }: CanonicalNotes): string {
  if (written.size === 0) return pointer;
  let [at, place] = ['', ''];
  for (const step of pointerSteps(pointer)) {
    at = below(at, step);
    place = written.get(at) ?? below(place, step);
  }
  return place;
}

function below(pointer: string, step: string): string {
  return `${pointer}/${pointerStep(step)}`;
}

function canonicalValue(value: Json, schema: JsonSchema, place: CanonicalPlace): Json {
  if (isJsonObject(value)) return canonicalBlock(value, schema, place);
  const { items } = schema;
  if (!isJsonObject(items)) return value;
  if (isJsonList(value)) {
    return value.map((item, index) =>
      canonicalValue(item, items, inside(place, String(index), String(index))),
    );
  }
  if (!isListOfWords(schema) || !isWord(value)) return value;
  place.notes.written.set(below(place.at, '0'), place.written);
  return [value];
}

function inside(
  { at, written, notes }: CanonicalPlace,
  step: string,
  writtenStep: string,
): CanonicalPlace {
  return { at: below(at, step), written: below(written, writtenStep), notes };
}

/** Whether a list may be written as one word: it holds texts or numbers, and nothing else. */
function isListOfWords({ type, items }: JsonSchema): boolean {
  if (type !== 'array' || !isJsonObject(items)) return false;
  const types = typesOf(items['type']);
  return types.length > 0 && types.every((one) => one !== 'object' && one !== 'array');
}

/** A pattern for a text of one word; a text of several words may mean several entries. */
const ONE_WORD = '^[^\\s,]*$';
const WORD = new RegExp(ONE_WORD);

function isWord(value: Json): boolean {
  if (typeof value === 'string') return WORD.test(value);
  return typeof value === 'number' || typeof value === 'boolean';
}

function canonicalBlock(block: JsonObject, schema: JsonSchema, place: CanonicalPlace): JsonObject {
  const { properties: written, additionalProperties: others } = schema;
  const properties = isJsonObject(written) ? written : {};
  const known = Object.keys(properties);
  // Known keys that are not written and that no misspelled key means yet.
  const free = new Set(known.filter((key) => !Object.hasOwn(block, key)));
  const meantBy = (key: string): string => {
    if (others !== false || known.includes(key)) return key;
    // The message names the nearest of all known keys, so no other may be meant.
    const nearest = nearestName(key, known);
    return nearest !== undefined && free.delete(nearest) ? nearest : key;
  };
  const entries = Object.entries(block).map(([key, value]): [string, Json] => {
    const meant = meantBy(key);
    const here = inside(place, meant, key);
    if (meant !== key) {
      place.notes.written.set(here.at, here.written);
      place.notes.findings.push(unknownKeyFound(here.written, key, known));
    }
    const inner = Object.hasOwn(properties, meant) ? properties[meant] : others;
    return [meant, isJsonObject(inner) ? canonicalValue(value, inner, here) : value];
  });
  return Object.fromEntries(entries);
}

/**
 * Extends a schema for editors, so that a list of words may also be one word. It accepts a document
 * exactly if the given schema accepts the canonical form, except for misspelled keys.
 */
export function withSmallForms(schema: JsonSchema): JsonSchema {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]): [string, Json] => {
      if (key === 'properties' && isJsonObject(value)) return [key, eachSmall(value)];
      const isSchema = key === 'items' || key === 'additionalProperties';
      return [key, isSchema && isJsonObject(value) ? withSmallForms(value) : value];
    }),
  );
  return isListOfWords(schema) ? wordOrList(inner) : inner;
}

function eachSmall(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isJsonObject(value) ? withSmallForms(value) : value,
    ]),
  );
}

const ANNOTATIONS = ['description', 'examples', 'default'];

/** Keeps annotations outside of the choice, because editors look for them there. */
function wordOrList(list: JsonSchema): JsonSchema {
  const { items = {} } = list;
  const split = Object.groupBy(Object.entries(list), ([key]) =>
    ANNOTATIONS.includes(key) ? 'notes' : 'list',
  );
  const word =
    isJsonObject(items) && items['type'] === 'string'
      ? { allOf: [items, { pattern: ONE_WORD }] }
      : items;
  return {
    ...Object.fromEntries(split.notes ?? []),
    anyOf: [word, Object.fromEntries(split.list ?? [])],
  };
}
