// The canonical form of a document. One word instead of a list of one becomes that list. A misspelled
// key becomes the key that was probably meant, so that its contents are looked at as well. Findings
// about the canonical form get their place in the written one back. Which other values a schema accepts
// is validate.ts.

import { isJsonList, isJsonObject, type Json, type JsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { typesOf, unknownKeyFound } from './schema-messages.ts';
import { pointerStep, pointerSteps } from './source-map.ts';

/** A document in its canonical form. */
interface CanonicalForm {
  readonly value: Json;
  /** The misspelled keys, at their places in the written document. */
  readonly findings: readonly Finding[];
  /** The pointer into the written document for one into the canonical form. */
  toWritten(pointer: string): string;
}

/** The way from the canonical form back to the written document, as far as it was made. */
interface CanonicalWay {
  readonly findings: Finding[];
  /** Canonical pointers whose written pointer is another one. */
  readonly written: Map<string, string>;
}

/** Where a value stands: in the canonical form, and as it is written. */
interface KeyStanding {
  readonly at: string;
  readonly written: string;
  readonly way: CanonicalWay;
}

/** Makes the canonical form that a schema describes. */
export function toCanonical(document: Json, schema: JsonSchema): CanonicalForm {
  const way: CanonicalWay = { findings: [], written: new Map() };
  const value = canonicalValue(document, schema, { at: '', written: '', way });
  return { value, findings: way.findings, toWritten: (pointer) => writtenPointer(pointer, way) };
}

function writtenPointer(pointer: string, { written }: CanonicalWay): string {
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

function canonicalValue(value: Json, schema: JsonSchema, standing: KeyStanding): Json {
  if (isJsonObject(value)) return canonicalBlock(value, schema, standing);
  const { items } = schema;
  if (!isJsonObject(items)) return value;
  if (isJsonList(value)) {
    return value.map((item, index) =>
      canonicalValue(item, items, inside(standing, String(index), String(index))),
    );
  }
  if (!isListOfWords(schema) || !isWord(value)) return value;
  standing.way.written.set(below(standing.at, '0'), standing.written);
  return [value];
}

function inside({ at, written, way }: KeyStanding, step: string, writtenStep: string): KeyStanding {
  return { at: below(at, step), written: below(written, writtenStep), way };
}

/** A list that may be written as one word: a list of texts or numbers, and nothing else. */
function isListOfWords({ type, items }: JsonSchema): boolean {
  if (type !== 'array' || !isJsonObject(items)) return false;
  const types = typesOf(items['type']);
  return types.length > 0 && types.every((one) => one !== 'object' && one !== 'array');
}

/** A text of one word, as a pattern of a schema: several words may be several entries. */
const ONE_WORD = '^[^\\s,]*$';
const WORD = new RegExp(ONE_WORD);

function isWord(value: Json): boolean {
  if (typeof value === 'string') return WORD.test(value);
  return typeof value === 'number' || typeof value === 'boolean';
}

function canonicalBlock(block: JsonObject, schema: JsonSchema, standing: KeyStanding): JsonObject {
  const keys = new MeantKeys(block, schema);
  const entries = Object.entries(block).map(([key, value]): [string, Json] => {
    const meant = keys.meantBy(key);
    const here = inside(standing, meant, key);
    if (meant !== key) noteMisspelled(here, { key, meant });
    const inner = keys.schemaOf(meant);
    return [meant, inner === undefined ? value : canonicalValue(value, inner, here)];
  });
  return Object.fromEntries(entries);
}

function noteMisspelled(
  { at, written, way }: KeyStanding,
  { key, meant }: { readonly key: string; readonly meant: string },
): void {
  way.written.set(at, written);
  way.findings.push(unknownKeyFound({ path: written, key, nearest: meant, known: [] }));
}

/** The keys of one block: which known key each of them means. */
class MeantKeys {
  readonly #schema: JsonSchema;
  readonly #known: readonly string[];
  /** Known keys that are neither written nor meant by another key yet. */
  readonly #free: Set<string>;

  constructor(block: JsonObject, schema: JsonSchema) {
    this.#schema = schema;
    const { properties } = schema;
    this.#known = isJsonObject(properties) ? Object.keys(properties) : [];
    this.#free = new Set(this.#known.filter((key) => !Object.hasOwn(block, key)));
  }

  meantBy(key: string): string {
    if (this.#schema['additionalProperties'] !== false || this.#known.includes(key)) return key;
    // The nearest of all is the one that the message names; only then it may be read so.
    const nearest = nearestName(key, this.#known);
    if (nearest === undefined || !this.#free.delete(nearest)) return key;
    return nearest;
  }

  schemaOf(key: string): JsonSchema | undefined {
    const { properties, additionalProperties } = this.#schema;
    const own =
      isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (isJsonObject(own)) return own;
    return isJsonObject(additionalProperties) ? additionalProperties : undefined;
  }
}

/**
 * The schema for editors: as the given one, and a list of words may also be one word. It accepts a
 * document exactly if the given one accepts its canonical form, misspelled keys aside.
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

/** Annotations stay outside of the choice, because editors look for them there. */
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
