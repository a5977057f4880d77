// Renders the chart's README: written parts around tables of the values.

import { isJsonList, isJsonObject, type Json, stringAt } from '../../lib/core/json-object.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';
import { tableRow } from '../configuration-reference.ts';
import { ALERTS } from './monitoring/alerts.ts';
import { AFTER_VALUES, ALERTS_TITLE, BEFORE_VALUES } from './readme-text.ts';
import { VALUE_GROUPS } from './values-table.ts';

/** Renders the whole document. */
export function chartReadme(): string {
  const tables = VALUE_GROUPS.map(
    ({ title, values }) => `### ${title}\n\n${TABLE}${rows(values, '').join('')}`,
  );
  return [BEFORE_VALUES, ...tables, alerts(), AFTER_VALUES].join('\n');
}

/** The alerts of `metrics.prometheusRule`, with labels and values of their summaries in capitals. */
function alerts(): string {
  const head =
    '| alert | severity | threshold | after | means |\n| --- | --- | --- | --- | --- |\n';
  const lines = ALERTS.map(({ name, severity, threshold, for: after, summary }) => {
    const means = summary
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => label.toUpperCase())
      .replaceAll(/\{\{ \$value[^}]*\}\}/g, 'VALUE');
    return tableRow([
      `\`${name}\``,
      severity,
      threshold === null ? '' : String(threshold),
      after,
      means,
    ]);
  });
  return `${ALERTS_TITLE}\n${head}${lines.join('')}`;
}

const TABLE = '| value | type | default | meaning |\n| --- | --- | --- | --- |\n';

function rows(values: JsonSchema, path: string): readonly string[] {
  return Object.entries(values).flatMap(([key, schema]) =>
    isJsonObject(schema) ? row(`${path}${key}`, schema) : [],
  );
}

function row(path: string, schema: JsonSchema): readonly string[] {
  const { default: value, properties } = schema;
  if (value === undefined && isJsonObject(properties)) {
    return [
      tableRow([`**\`${path}\`**`, '', '', meaning(schema)]),
      ...rows(properties, `${path}.`),
    ];
  }
  return [tableRow([`\`${path}\``, typeOf(schema), code(value ?? null), meaning(schema)])];
}

function meaning(schema: JsonSchema): string {
  const { examples } = schema;
  const [example] = isJsonList(examples) ? examples : [];
  const shown = example === undefined ? '' : ` For instance ${code(example)}.`;
  return `${stringAt(schema, 'description')}${shown}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true`, `false`',
  object: 'map',
  array: 'list',
};

function typeOf({ type, enum: choices }: JsonSchema): string {
  if (isJsonList(choices)) return choices.map(code).join(', ');
  const types = isJsonList(type) ? type : [type ?? ''];
  const words = types.map(String).filter((one) => one !== 'null');
  return words.map((one) => WORDS[one] ?? one).join(' or ');
}

function code(value: Json): string {
  return `\`${JSON.stringify(value)}\``;
}
