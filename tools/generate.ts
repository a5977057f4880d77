// Writes the files that are generated from data of lib: the types of a configuration, its reference, its
// schema for editors, the OpenAPI document, and files of the chart. `make verify` runs it;
// spec/plan/generated.spec.ts fails if a file differs from its source.

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { openApiDocument, ROUTES } from '../lib/api/routes.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/core/json-object.ts';
import { version } from '../lib/kit/version.ts';
import { configurationSchema, editorSchema, ruleSchema } from '../lib/plan/schema.ts';
import { chartFiles } from './chart/chart-files.ts';
import { configurationReference } from './configuration-reference.ts';

const TYPES = `// The types of a configuration in our form, generated from its schema by tools/generate.ts.
// Edits here are lost. Descriptions are in the schema and in docs/configuration.md.

import type { RuleSection } from '../filters/rule.ts';

`;

/** Generates every file, by its path from the project's root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const schema = forTypes(configurationSchema());
  const types = await compile({ ...schema }, 'Configuration', {
    bannerComment: '',
    additionalProperties: false,
    format: false,
  });
  return new Map([
    ['lib/plan/configuration.generated.ts', formatted(`${TYPES}${types.trimStart()}`)],
    ['docs/configuration.md', configurationReference()],
    ['docs/configuration.schema.json', `${JSON.stringify(editorSchema(), null, 2)}\n`],
    ['docs/openapi.json', `${JSON.stringify(openApiDocument(ROUTES, version()), null, 2)}\n`],
    ...chartFiles(),
  ]);
}

/** Formats a source with the project's formatter, so that `make format` changes nothing. */
function formatted(source: string): string {
  const biome = new URL('../node_modules/@biomejs/biome/bin/biome', import.meta.url);
  const args = [fileURLToPath(biome), 'format', '--stdin-file-path=lib/generated.ts'];
  const cwd = new URL('../', import.meta.url);
  return execFileSync(process.execPath, args, { input: source, cwd, encoding: 'utf8' });
}

// `oneOf`, `anyOf` and `propertyNames` would become `unknown`; the others would become comments that
// repeat the schema.
const LEFT_OUT = new Set([
  ...['oneOf', 'anyOf', 'propertyNames'],
  ...['description', 'examples', 'default'],
]);

/** Removes the keywords that types cannot express, and those that document the schema. */
function forTypes(schema: JsonObject): JsonObject {
  // Rules have a handwritten type, from which the filter chain is compiled.
  if (schema === ruleSchema) return { tsType: 'RuleSection' };
  const kept = Object.entries(schema).filter(([key]) => !LEFT_OUT.has(key));
  return Object.fromEntries(
    kept.map(([key, value]): [string, Json] => {
      if (!isJsonObject(value)) return [key, value];
      return [key, key === 'properties' ? eachForTypes(value) : forTypes(value)];
    }),
  );
}

function eachForTypes(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      isJsonObject(schema) ? forTypes(schema) : schema,
    ]),
  );
}

if (import.meta.main) {
  for (const [path, text] of await generatedFiles()) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
  }
}
