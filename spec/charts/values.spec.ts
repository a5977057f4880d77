// The table of values: values.yaml, the schema and the README say the same, and the schema that helm
// checks accepts exactly the quantities that the gateway reads.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  stringAt,
} from '../../lib/core/json-object.ts';
import { originalKey } from '../../lib/filters/brigade-rules.ts';
import { parseDuration, parseRate, parseSize } from '../../lib/kit/text/quantity.ts';
import { editorSchema } from '../../lib/plan/schema.ts';
import {
  configurationTextSchema,
  configurationValue,
} from '../../tools/chart/configuration-value.ts';
import { originalFilters } from '../../tools/chart/original-filters.ts';
import { VALUE_GROUPS, valuesSchema } from '../../tools/chart/values-table.ts';
import { valuesYaml } from '../../tools/chart/values-yaml.ts';
import { findHelm, render } from './helm.ts';

const root = join(import.meta.dirname, '../..');

describe('the table of values', () => {
  it('gives each value of values.yaml its default, in its order', () => {
    const table = VALUE_GROUPS.flatMap(({ values }) => Object.entries(values));
    const expected = table.map(([key, schema]) => [key, defaultOf(schema)]);
    expect(Object.entries(blockOf(load(valuesYaml())))).to.deep.equal(expected);
  });

  it('has no value twice', () => {
    const keys = VALUE_GROUPS.flatMap(({ values }) => Object.keys(values));
    expect(keys).to.deep.equal([...new Set(keys)]);
  });

  it('shows examples in values.yaml that are YAML of the example itself', () => {
    const text = valuesYaml();
    const blocks = text.matchAll(/^( *)# For instance:\n((?:\1# {3}.*\n)+)/gm);
    const shown = [...blocks].map(([, indent = '', lines = '']) =>
      load(lines.replaceAll(new RegExp(`^${indent}# {3}`, 'gm'), '')),
    );
    expect(shown.length).to.be.greaterThan(10);
    const examples = examplesOf(valuesSchema());
    for (const one of shown) expect(examples).to.deep.include(one);
  });

  it('closes every block of its own, so that a misspelled key is refused', () => {
    const open: string[] = [];
    for (const { values } of VALUE_GROUPS) {
      for (const [key, schema] of Object.entries(values)) findOpen(schema, key, open);
    }
    expect(open).to.deep.equal([]);
  });

  it('has exactly the values that templates read', () => {
    const folder = join(root, 'charts/sluice/templates');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const text = files
      .filter((file) => /\.(tpl|yaml|txt)$/.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('');
    const read = new Set([...text.matchAll(/\.Values\.(\w+)/g)].map(([, key]) => key));
    // Some are read by a name: in a list, or of the original's image as the key of a table.
    const names = text.matchAll(/"(\w+)"|^(\w+)(?=: \{ default:)/gm);
    const named = new Set([...names].map(([, inList, inTable]) => inList ?? inTable));
    const keys = VALUE_GROUPS.flatMap(({ values }) => Object.keys(values));
    expect([...read].filter((key) => !keys.includes(key ?? ''))).to.deep.equal([]);
    expect(keys.filter((key) => !read.has(key) && !named.has(key))).to.deep.equal([]);
  });

  it('describes every value', () => {
    const silent: string[] = [];
    for (const { values } of VALUE_GROUPS) {
      for (const [key, schema] of Object.entries(values)) findSilent(schema, key, silent);
    }
    expect(silent).to.deep.equal([]);
  });
});

describe('the schema of `config`', () => {
  it('uses no keyword whose message under helm names no key', () => {
    const used = new Set(keywordsOf(configurationValue()));
    for (const keyword of ['oneOf', 'propertyNames', 'format', 'not', '$ref']) {
      expect([...used], keyword).to.not.include(keyword);
    }
  });

  it('has for texts no keyword that the templates do not check', () => {
    const template = readFileSync(join(root, 'charts/sluice/templates/_schema.tpl'), 'utf8');
    const used = new Set(keywordsOf(configurationTextSchema()));
    const unknown = [...used].filter((keyword) => !new RegExp(`\\b${keyword}\\b`).test(template));
    expect(unknown).to.deep.equal([]);
  });

  it('has every key of the editor schema', () => {
    expect(propertyPaths(configurationValue())).to.deep.equal(propertyPaths(editorSchema()));
  });

  const texts = [
    '',
    '0s',
    '30s',
    '1h30m',
    '2d',
    '500ms',
    '5m500ms',
    '30',
    '1.5h',
    '30 s',
    's',
    '1s1h',
  ];
  const rates = ['off', '10/s', '0/s', '5/m', '60/h', '007/d', '1/y', '/s', '1'];
  const sizes = ['512', '64Ki', '2G', '1Mi', '3Ti', '1m', 'Ki', '1.5Gi', '1KB'];
  const formats: readonly Format[] = [
    { at: 'delivery.timeout', read: parseDuration },
    { at: 'limits.total', read: (text) => text === 'off' || parseRate(text) },
    { at: 'store.maxSize', read: parseSize },
  ];
  for (const { at, read } of formats) {
    it(`accepts at ${at} exactly what the gateway reads`, () => {
      const schema = schemaAt(configurationValue(), at);
      const pattern = new RegExp(stringAt(schema, 'pattern'));
      const accepts = (text: string) =>
        pattern.test(text) && text.length >= Number(schema['minLength'] ?? 0);
      for (const one of [...texts, ...rates, ...sizes]) {
        expect(accepts(one), one).to.equal(read(one) !== undefined && read(one) !== false);
      }
    });
  }
});

describe('the schema of `filters`', () => {
  it("reads the keys that the original's decoder read, in any letter case", () => {
    const { items } = originalFilters();
    const { patternProperties } = isJsonObject(items) ? items : {};
    const patterns = Object.keys(blockOf(patternProperties)).map((one) => new RegExp(one));
    const known = ['namespace', 'kind', 'reasons', 'action'] as const;
    const written = [...known, 'Namespace', 'KIND', '\u212aind', 'Rea\u017fons', 'reason', 'kinds'];
    for (const key of written) {
      const accepted = patterns.some((pattern) => pattern.test(key));
      expect(accepted, key).to.equal(originalKey(key, known) !== undefined);
    }
  });
});

describe('the examples', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const readme = readFileSync(join(root, 'charts/sluice/README.md'), 'utf8');
  const shown = [...readme.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);
  for (const [index, text] of shown.entries()) {
    it(`of the README render: ${index + 1}`, () => {
      const rendered = render(helm, { values: blockOf(load(text)) });
      expect(rendered).to.have.property('ok', true);
    });
  }

  const samples = readdirSync(join(root, 'samples')).filter((file) => file.endsWith('.yaml'));
  for (const file of samples) {
    it(`of the samples pass the schema: ${file}`, () => {
      const config = load(readFileSync(join(root, 'samples', file), 'utf8'));
      const rendered = render(helm, { values: { config } });
      // The templates may still ask for secrets, or refuse a local command.
      if (!rendered.ok) expect(rendered.said).to.match(/execution error .*: values: trigger /);
    });
  }
});

interface Format {
  readonly at: string;
  readonly read: (text: string) => unknown;
}

function blockOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function defaultOf(schema: JsonObject): Json | undefined {
  const { default: value, properties } = schema;
  if (value !== undefined || !isJsonObject(properties)) return value;
  return Object.fromEntries(
    Object.entries(properties).map(([key, one]) => [key, defaultOf(blockOf(one)) ?? null]),
  );
}

/** Every example, as `{ key: example }`. */
function examplesOf(schema: JsonObject): readonly JsonObject[] {
  return Object.entries(blockOf(schema['properties'])).flatMap(([key, one]) => {
    const inner = blockOf(one);
    const { examples } = inner;
    const own = isJsonList(examples) ? examples.map((example) => ({ [key]: example })) : [];
    return [...own, ...examplesOf(inner)];
  });
}

function findOpen(schema: JsonObject, path: string, open: string[]): void {
  const { properties, additionalProperties } = schema;
  if (!isJsonObject(properties)) return;
  // A manifest is an object of Kubernetes; its first keys are known.
  if (additionalProperties !== false && !path.endsWith('manifest')) open.push(path);
  for (const [key, one] of Object.entries(properties))
    findOpen(blockOf(one), `${path}.${key}`, open);
}

function findSilent(schema: JsonObject, path: string, silent: string[]): void {
  const { default: value, properties } = schema;
  if (typeof schema['description'] !== 'string') silent.push(path);
  if (value !== undefined || !isJsonObject(properties)) return;
  for (const [key, one] of Object.entries(properties)) {
    findSilent(blockOf(one), `${path}.${key}`, silent);
  }
}

function keywordsOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(keywordsOf);
  if (!isJsonObject(schema)) return [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const areNames = keyword === 'properties' || keyword === 'patternProperties';
    const inner = areNames ? Object.values(blockOf(value)) : [value];
    const isData = ['examples', 'default', 'const', 'dependencies'].includes(keyword);
    return isData ? [keyword] : [keyword, ...inner.flatMap(keywordsOf)];
  });
}

function propertyPaths(schema: JsonObject, path = ''): readonly string[] {
  const named = Object.entries(blockOf(schema['properties'])).flatMap(([key, one]) => {
    const at = `${path}.${key}`;
    return [at, ...propertyPaths(blockOf(one), at)];
  });
  const others = [schema['items'], schema['additionalProperties']];
  const byPattern = Object.values(blockOf(schema['patternProperties']));
  const inner = [...others, ...byPattern].filter((one) => isJsonObject(one));
  return [...named, ...inner.flatMap((one) => propertyPaths(blockOf(one), `${path}.*`))];
}

function schemaAt(schema: JsonObject, path: string): JsonObject {
  return path.split('.').reduce((at, key) => blockOf(blockOf(at['properties'])[key]), schema);
}
