// Configurations grown from the schema itself, so that a key which is added there is fuzzed from then
// on: mostly values that fit, with names that fit together, so that many of them load.

import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  stringAt,
} from '../../../lib/core/json-object.ts';
import { configurationSchema } from '../../../lib/plan/schema.ts';
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
/** What a careful hand writes: it loads, and some of it matches. */
const CAREFUL: Readonly<Record<string, readonly string[]>> = {
  duration: ['30s', '5m', '1h30m', '2d'],
  size: ['1Mi', '64Ki'],
  rate: ['60/h', '10/s', 'off'],
  pattern: ['*', '/a/'],
  '': [
    '*',
    'Pod',
    'Po?',
    'shop',
    'BackOff',
    'Warning',
    'web-*',
    '*1',
    '/^Back/',
    '/o$|x/',
    'Node',
    '',
  ],
};

/** How a document is grown. */
interface Growth {
  readonly random: FuzzRandom;
  /** Whether every value is one that fits. */
  readonly careful: boolean;
  readonly depth: number;
}

function deeper(growth: Growth): Growth {
  return { ...growth, depth: growth.depth + 1 };
}

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
  const careful = random.oneIn(2);
  const grown = grow(configuration(), { random, careful, depth: 0 });
  const document = isJsonObject(grown) ? grown : {};
  if (careful) return { version: 1, ...fitted(document, random) };
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

function grow(part: Json | undefined, growth: Growth): Json {
  const { random, careful } = growth;
  if (!isJsonObject(part)) return careful ? 'word' : anyText(random);
  const { enum: choices, const: constant, examples, default: usual } = part;
  if (constant !== undefined) return constant;
  if (Array.isArray(choices)) return random.pick(choices as readonly Json[]);
  const known = [...listOf(examples), ...(usual === undefined ? [] : [usual])];
  const type = typeOf(part, random);
  if (known.length > 0 && random.oneIn(3)) return random.pick(known);
  switch (type) {
    case 'object':
      return growObject(part, growth);
    case 'array':
      return growList(part, growth);
    case 'integer':
    case 'number':
      return random.oneIn(3) && !careful ? random.pick(ODD_NUMBERS) : random.between(1, 20);
    case 'boolean':
      return random.oneIn(2);
    default:
      return growText(part, growth, known);
  }
}

function growList(part: JsonObject, growth: Growth): Json {
  const { random, careful } = growth;
  const count = careful ? random.between(1, 4) : random.below(4);
  const items = random.times(count, () => grow(jsonAt(part, 'items'), deeper(growth)));
  return careful && part['uniqueItems'] === true ? [...new Set(items)] : items;
}

function typeOf(part: JsonObject, random: FuzzRandom): string {
  const { type } = part;
  if (Array.isArray(type)) return textOf(random.pick(type as readonly Json[]));
  if (typeof type === 'string') return type;
  return jsonAt(part, 'properties') === undefined ? 'string' : 'object';
}

function growText(part: JsonObject, growth: Growth, known: readonly Json[]): Json {
  const { random, careful } = growth;
  const format = stringAt(part, 'format');
  if (careful) {
    // A text with a pattern of its own is best taken from what it shows.
    const isStrict = known.length > 0 && part['pattern'] !== undefined;
    if (isStrict) return random.pick(known);
    return part['pattern'] === undefined ? random.pick(CAREFUL[format] ?? ['x']) : 'build';
  }
  const ofFormat = OF_FORMAT[format];
  if (ofFormat !== undefined) return random.pick(ofFormat);
  if (random.oneIn(12)) return anyText(random);
  if (known.length > 0 && random.oneIn(2)) return random.pick(known);
  return random.oneIn(2) ? random.pick(PATTERNS) : random.pick(NAMES);
}

function growObject(part: JsonObject, growth: Growth): JsonObject {
  const { random, depth } = growth;
  const properties = jsonAt(part, 'properties');
  const known = isJsonObject(properties) ? Object.entries(properties) : [];
  const required = new Set(listOf(part['required']).map(textOf));
  const branch = oneOf(part, random);
  const others = new Set(
    listOf(part['oneOf']).flatMap((one) => listOf(jsonAt(one, 'required')).map(textOf)),
  );
  const entries: [string, Json][] = [];
  for (const [key, below] of known) {
    // Deep down fewer of the keys that may be left out, so that documents stay of a size.
    const isWanted = others.has(key)
      ? key === branch
      : required.has(key) || key === 'filters' || random.below(depth + 3) === 0;
    if (!isWanted) continue;
    entries.push([key, key === 'manifest' ? manifest(random) : grow(below, deeper(growth))]);
  }
  const more = part['additionalProperties'];
  if (isJsonObject(more)) {
    for (const name of random.times(random.between(1, 3), () => nameOf(growth))) {
      entries.push([name, grow(more, deeper(growth))]);
    }
  }
  return Object.fromEntries(entries);
}

function nameOf({ random, careful }: Growth): string {
  return careful ? random.pick(['build', 'shop', 'a']) : random.pick(NAMES);
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
    const { triggers: _triggers, source: _source, again, formerly: _formerly, ...kept } = rule;
    const rest: Record<string, Json> = kept;
    const accepts = rest['action'] === 'accept' && triggers.length > 0;
    if (!isPattern(rest['message'])) delete rest['message'];
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

/** A plain word is an error where messages are asked for. */
function isPattern(wanted: Json | undefined): boolean {
  return typeof wanted === 'string' && /[*?]|^\/.+\/$/.test(wanted);
}

function namesIn(section: Json | undefined): readonly string[] {
  return isJsonObject(section) ? Object.keys(section) : [];
}
