// Configurations grown from the schema itself, so that a key which is added there is fuzzed from then
// on: mostly values that fit, with names that fit together, so that many of them load.
import type { Json, JsonObject } from '../../../lib/core/event.ts';
import { isJsonObject, jsonAt, stringAt } from '../../../lib/core/event.ts';
import { configurationSchema } from '../../../lib/assembly/schema.ts';
import { JOB, PIPELINE_RUN, WORKFLOW } from '../../triggers/support/parts.ts';
import type { FuzzRandom } from '../random.ts';
import { anyText } from '../texts.ts';

const OF_FORMAT: Readonly<Record<string, readonly string[]>> = {
  duration: ['500ms', '30s', '5m', '1h30m', '2d', '0s', '1', '-1s', '9999999999d', '1.5h'],
  size: ['1Mi', '64Ki', '10k', '0', '-1', '9E'],
  rate: ['60/h', '10/s', 'off', '0/s', '1/m', '60', '1e9/d'],
  pattern: ['*', 'a*', '/a/', '/(/', 'a'],
};

const PATTERNS = [
  'Pod',
  'shop',
  'kube-*',
  '*',
  '?',
  '',
  '/^Failed/',
  '/a|b/',
  '/(/',
  '/x{1000}/',
  '/(?P<n>a+)/',
  '/(?=a)/',
  '//',
  '/i/i',
  '*a*b*c*',
  'é*',
] as const;

const NAMES = ['build', 'shop', 'a', 'b-1', 'x.y_z', '-bad', '__proto__', 'constructor'] as const;
const ODD_NUMBERS = [0, 1, -1, 0.5, 1000, 1001, 1e21] as const;

let schema: JsonObject | undefined;

/** The names of every key that the schema knows anywhere. */
export function schemaKeys(): readonly string[] {
  keys ??= [...new Set(keysIn(configuration()))];
  return keys;
}

let keys: readonly string[] | undefined;

/** A configuration of our form. */
export function grownConfiguration(random: FuzzRandom): JsonObject {
  const grown = grow(configuration(), random, 0);
  const document = isJsonObject(grown) ? grown : {};
  return random.oneIn(4) ? document : fitted(document, random);
}

function configuration(): JsonObject {
  schema ??= configurationSchema();
  return schema;
}

function keysIn(part: Json): readonly string[] {
  if (Array.isArray(part)) return part.flatMap((item: Json) => keysIn(item));
  if (!isJsonObject(part)) return [];
  const properties = jsonAt(part, 'properties');
  const own = isJsonObject(properties) ? Object.keys(properties) : [];
  return [...own, ...Object.values(part).flatMap((item) => keysIn(item))];
}

function grow(part: Json | undefined, random: FuzzRandom, depth: number): Json {
  if (!isJsonObject(part)) return anyText(random);
  const { enum: choices, const: constant, examples, default: usual } = part;
  if (constant !== undefined) return constant;
  if (Array.isArray(choices)) return random.pick(choices as readonly Json[]);
  const known = [...listOf(examples), ...(usual === undefined ? [] : [usual])];
  const type = typeOf(part, random);
  if (known.length > 0 && random.oneIn(3)) return random.pick(known);
  switch (type) {
    case 'object':
      return growObject(part, random, depth);
    case 'array':
      return random.times(random.below(4), () => grow(jsonAt(part, 'items'), random, depth + 1));
    case 'integer':
    case 'number':
      return random.oneIn(3) ? random.pick(ODD_NUMBERS) : random.between(1, 20);
    case 'boolean':
      return random.oneIn(2);
    default:
      return growText(part, random, known);
  }
}

function typeOf(part: JsonObject, random: FuzzRandom): string {
  const { type } = part;
  if (Array.isArray(type)) return textOf(random.pick(type as readonly Json[]));
  if (typeof type === 'string') return type;
  return jsonAt(part, 'properties') === undefined ? 'string' : 'object';
}

function growText(part: JsonObject, random: FuzzRandom, known: readonly Json[]): Json {
  const format = OF_FORMAT[stringAt(part, 'format')];
  if (format !== undefined) return random.pick(format);
  if (random.oneIn(12)) return anyText(random);
  if (known.length > 0 && random.oneIn(2)) return random.pick(known);
  return random.oneIn(2) ? random.pick(PATTERNS) : random.pick(NAMES);
}

function growObject(part: JsonObject, random: FuzzRandom, depth: number): JsonObject {
  const properties = jsonAt(part, 'properties');
  const known = isJsonObject(properties) ? Object.entries(properties) : [];
  const required = new Set(listOf(part['required']).map(String));
  const branch = oneOf(part, random);
  const others = new Set(
    listOf(part['oneOf']).flatMap((one) => listOf(jsonAt(one, 'required')).map(String)),
  );
  const entries: [string, Json][] = [];
  for (const [key, below] of known) {
    // Deep down fewer of the keys that may be left out, so that documents stay of a size.
    const isWanted = others.has(key)
      ? key === branch
      : required.has(key) || random.below(depth + 3) === 0;
    if (isWanted)
      entries.push([key, key === 'manifest' ? manifest(random) : grow(below, random, depth + 1)]);
  }
  const more = part['additionalProperties'];
  if (isJsonObject(more)) {
    for (const name of random.times(random.between(1, 3), () => random.pick(NAMES))) {
      entries.push([name, grow(more, random, depth + 1)]);
    }
  }
  return Object.fromEntries(entries);
}

/** Of several keys of which there must be one, that one. */
function oneOf(part: JsonObject, random: FuzzRandom): string {
  const branches = listOf(part['oneOf']);
  return branches.length === 0 ? '' : textOf(listOf(jsonAt(random.pick(branches), 'required'))[0]);
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function manifest(random: FuzzRandom): JsonObject {
  return random.pick([JOB, PIPELINE_RUN, WORKFLOW]).manifest;
}

/** Lets rules name triggers and sources that there are. */
function fitted(document: JsonObject, random: FuzzRandom): JsonObject {
  const triggers = namesIn(document['triggers']);
  const sources = namesIn(document['sources']);
  const rules = listOf(document['filters']).map((rule, index) => {
    if (!isJsonObject(rule)) return rule;
    const { triggers: _triggers, source: _source, again, formerly: _formerly, ...rest } = rule;
    const accepts = rest['action'] === 'accept' && triggers.length > 0;
    return {
      ...rest,
      ...('name' in rest && { name: `rule-${index}` }),
      ...(accepts && { triggers: [random.pick(triggers)], ...(again !== undefined && { again }) }),
      ...(sources.length > 0 && random.oneIn(4) && { source: random.pick(sources) }),
      ...(!accepts && { action: 'reject' }),
    };
  });
  return { ...document, ...(rules.length > 0 && { filters: rules }) };
}

function namesIn(section: Json | undefined): readonly string[] {
  return isJsonObject(section) ? Object.keys(section) : [];
}
