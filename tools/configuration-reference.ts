// Renders docs/configuration.md: written parts around tables of the schema and of the problem codes. It
// knows no key of a configuration; the schema describes each. tools/generate.ts writes the file, and
// spec/plan/generated.spec.ts compares it.

import { isJsonObject, type Json, type JsonObject, stringAt } from '../lib/core/json-object.ts';
import type { JsonSchema } from '../lib/core/ports/kind.ts';
import { PROBLEM_CODES } from '../lib/core/problem.ts';
import { configurationSchema } from '../lib/plan/schema.ts';
import { PROBLEM_MEANINGS } from './problem-meanings.ts';
import { BEFORE, ORIGINAL } from './reference-text.ts';

/** Renders the whole document. */
export function configurationReference(): string {
  return [BEFORE, renderReference(configurationSchema()), ORIGINAL, problems()].join('\n');
}

function problems(): string {
  const rows = PROBLEM_CODES.map((code) => `| \`${code}\` | ${PROBLEM_MEANINGS[code]} |`);
  return `## Problems

Problems that \`sluice check\` reports. An error refuses the configuration; a warning refuses it only
with \`--strict\`.

| code | meaning |
| --- | --- |
${rows.join('\n')}
`;
}

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly text: string;
  readonly example: string;
}

/** Renders the keys of a schema as Markdown: one table for each block, below a heading of level 3. */
export function renderReference(schema: JsonSchema): string {
  return blocks(schema, '').join('\n');
}

function blocks(schema: JsonSchema, path: string): readonly string[] {
  const properties = propertiesOf(schema);
  const names = requiredOf(schema);
  const rows = Object.entries(properties).map(([key, property]) =>
    toRow(key, property, { path, isRequired: names.includes(key) }),
  );
  const below = Object.entries(properties).flatMap(([key, property]) =>
    blockBelow(property, joined(path, key)),
  );
  if (rows.length === 0) return below;
  return [heading(path), intro(schema), table(rows), ...below];
}

function blockBelow(property: JsonSchema, path: string): readonly string[] {
  if (isUnion(property) && !isValueOrBlock(property)) return [];
  const items = property['items'];
  if (isJsonObject(items) && hasProperties(items)) return blocks(items, `${path}[]`);
  const values = property['additionalProperties'];
  if (isJsonObject(values)) {
    return hasProperties(values) ? blocks(values, joined(path, '<name>')) : [];
  }
  return hasProperties(property) ? blocks(property, path) : [];
}

function requiredOf(schema: JsonSchema): readonly string[] {
  const { required } = schema;
  return Array.isArray(required) ? required.map(String) : [];
}

function heading(path: string): string {
  return path === '' ? '### The whole document\n' : `### \`${path}\`\n`;
}

function intro(schema: JsonSchema): string {
  const oneOf = schema['oneOf'];
  const keys = Array.isArray(oneOf)
    ? oneOf.flatMap((branch: unknown) => (isJsonObject(branch) ? requiredOf(branch) : []))
    : [];
  const description = stringAt(schema, 'description');
  if (keys.length === 0) return `${description}\n`;
  const choices = keys.map(code).join(', ');
  return `${description} Kinds: ${choices}.\n`;
}

function table(rows: readonly Row[]): string {
  const shared = sharedEnding(rows);
  const lines = rows.map((row) => {
    const isShared = shared !== '' && row.text.endsWith(shared);
    const own = isShared ? row.text.slice(0, -shared.length) : row.text;
    const key = isShared ? `${row.key} ¹` : row.key;
    const text = `${own.trim()}${row.example}`;
    return tableRow([key, row.type, row.fallback, text]);
  });
  const note = shared === '' ? '' : `\n¹ ${shared.trim()}\n`;
  return `| key | value | default | meaning |\n| --- | --- | --- | --- |\n${lines.join('')}${note}`;
}

// An ending that three or more descriptions share is printed once below the table, if it is longer.
const WORTH_SHARING = 80;

function sharedEnding(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { text } of rows) {
    for (const match of text.matchAll(/\. (?=[A-Z`])/g)) {
      const ending = text.slice(match.index + 1);
      if (ending.length > WORTH_SHARING) counts.set(ending, (counts.get(ending) ?? 0) + 1);
    }
  }
  // The one that saves the most characters.
  const saved = [...counts].map(([text, count]) => [text, (count - 1) * text.length] as const);
  const endings = saved.filter(([text]) => (counts.get(text) ?? 0) >= 3);
  return endings.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

interface RowPlace {
  readonly path: string;
  readonly isRequired: boolean;
}

function toRow(key: string, schema: JsonSchema, { path, isRequired }: RowPlace): Row {
  const fallback = schema['default'];
  const examples = schema['examples'];
  const example = Array.isArray(examples) ? ` For instance ${examples.map(code).join(', ')}.` : '';
  return {
    key: `\`${key}\``,
    type: typeText(schema, joined(path, key)),
    fallback: fallback === undefined ? (isRequired ? 'required' : '') : code(fallback),
    text: stringAt(schema, 'description'),
    example,
  };
}

function typeText(schema: JsonSchema, path: string): string {
  const choices = schema['enum'];
  if (Array.isArray(choices)) return choices.map(code).join(', ');
  if (isValueOrBlock(schema)) return valueOrBlockText(schema, path);
  if (isUnion(schema)) return unionText(schema);
  const items = schema['items'];
  if (isJsonObject(items)) {
    return hasProperties(items)
      ? `list of [blocks](${anchor(`${path}[]`)})`
      : `list of ${plural(word(items))}`;
  }
  const values = schema['additionalProperties'];
  if (isJsonObject(values) && hasProperties(values)) {
    return `[blocks](${anchor(joined(path, '<name>'))}) by name`;
  }
  return hasProperties(schema) ? `[block](${anchor(path)})` : word(schema);
}

function unionText(schema: JsonSchema): string {
  const types = typesOf(schema);
  const words = types.flatMap((type) => (type === 'array' ? [] : [WORDS[type] ?? type]));
  return `${words.join(', ')}${types.includes('array') ? ', or a list' : ''}`;
}

/** Whether a value is a text or a number, or a block with more keys, which gets its own table. */
function isValueOrBlock(schema: JsonSchema): boolean {
  const types = typesOf(schema);
  return types.length > 1 && !types.includes('array') && hasProperties(schema);
}

function valueOrBlockText(schema: JsonSchema, path: string): string {
  const words = typesOf(schema)
    .filter((type) => type !== 'object')
    .map((type) => WORDS[type] ?? type);
  return `${words.join(', ')}, or a [block](${anchor(path)})`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'block',
  array: 'list',
};

function word(schema: JsonSchema): string {
  const format = stringAt(schema, 'format');
  if (format !== '') return format;
  return typesOf(schema)
    .map((type) => WORDS[type] ?? type)
    .join(' or ');
}

function plural(name: string): string {
  return name.endsWith('text') ? name : `${name}s`;
}

function typesOf(schema: JsonSchema): readonly string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.map(String) : [];
}

function isUnion(schema: JsonSchema): boolean {
  return typesOf(schema).length > 1;
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonObject>> {
  const { properties } = schema;
  if (!isJsonObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) =>
      isJsonObject(value) ? [[key, value]] : [],
    ),
  );
}

function hasProperties(schema: JsonSchema): boolean {
  return Object.keys(propertiesOf(schema)).length > 0;
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function anchor(path: string): string {
  return `#${path.replaceAll(/[^\w-]/g, '').toLowerCase()}`;
}

function code(value: Json): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Renders one line of a Markdown table. */
export function tableRow(cells: readonly string[]): string {
  const texts = cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' '));
  return `| ${texts.join(' | ')} |\n`;
}
