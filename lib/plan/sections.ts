// Validates a document of our form, each section once, and keeps what the schema accepts. The loader
// owns the validators. What the accepted values mean is checked where they are planned.

import { pointerSteps } from '../config/source-map.ts';
import { createValidator, type Validator } from '../config/validate.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import type { Configuration } from './configuration.generated.ts';
import { configurationSchema, SECTION_SCHEMAS, sharedTriggerProperties } from './schema.ts';

/** The schemas of a configuration, compiled. Pointers of findings begin at the document. */
export interface SectionValidators {
  /** Reports the mistakes of a whole document, in the order of the schema. */
  document(document: JsonObject): readonly Finding[];
  /** Reports the mistakes of the value of one top-level key. */
  section(name: string, value: Json): readonly Finding[];
}

/** Creates the validators of all sections. Each is compiled when a document first has the section. */
export function createSectionValidators(
  compile: (schema: JsonSchema) => Validator = createValidator,
): SectionValidators {
  const compiled = new Map<string, Validator>();
  const compiledOnce = (name: string, schemaOf: () => JsonSchema): Validator => {
    const validate = compiled.get(name) ?? compile(schemaOf());
    compiled.set(name, validate);
    return validate;
  };
  const section = (name: string, value: Json): readonly Finding[] => {
    const { [name]: schema = {} } = SECTION_SCHEMAS;
    return compiledOnce(name, () => ({ properties: { [name]: schema } }))({ [name]: value });
  };
  return {
    section,
    document: (document) => [
      ...compiledOnce('', rootSchema)(document),
      ...Object.keys(SECTION_SCHEMAS).flatMap((name) => {
        const value = document[name];
        return value === undefined ? [] : section(name, value);
      }),
    ],
  };
}

/** The schema of the top-level keys without their sections. */
function rootSchema(): JsonSchema {
  const keys = Object.keys(SECTION_SCHEMAS).map((name): [string, JsonSchema] => [name, {}]);
  return { ...configurationSchema(), properties: Object.fromEntries(keys) };
}

// In a file with more mistakes, the findings of the schema are enough.
const WORTH_PLANNING = 100;

/**
 * Removes from a document all values that the schema refused, so that the rest can be planned.
 *
 * Nothing else becomes invalid by that: only kinds of sources and triggers have required keys, and
 * their entries are removed whole.
 */
export function soundSections(document: JsonObject, refused: readonly Finding[]): Configuration {
  if (refused.length > WORTH_PLANNING) return {};
  const paths = refused.map(({ path }) => pruneAt(pointerSteps(path)));
  const isSound = (value: JsonObject): value is JsonObject & Configuration =>
    paths.every((path) => !isAt(value, path));
  const sound = paths.reduce(without, document);
  return isSound(sound) ? sound : {};
}

/** The smallest part to remove: a key, or the whole entry if its kind's section is wrong. */
function pruneAt(path: readonly string[]): readonly string[] {
  const [section = '', , key] = path;
  if (section === 'sources') return path.slice(0, 2);
  if (section === 'triggers') {
    const isShared = key !== undefined && Object.hasOwn(sharedTriggerProperties(), key);
    return path.slice(0, isShared ? 3 : 2);
  }
  return section === 'filters' ? ['filters'] : path;
}

function without(value: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return {};
  const below = value[key];
  const kept = Object.entries(value).filter(([name]) => name !== key);
  const shrunk = rest.length > 0 && isJsonObject(below) ? without(below, rest) : {};
  const isKept = rest.length > 0 && Object.keys(shrunk).length > 0;
  return Object.fromEntries(isKept ? [...kept, [key, shrunk]] : kept);
}

function isAt(value: Json | undefined, [key, ...rest]: readonly string[]): boolean {
  if (!isJsonObject(value)) return false;
  if (key === undefined) return true;
  return Object.hasOwn(value, key) && (rest.length === 0 || isAt(value[key], rest));
}
