// Texts pinned byte for byte: they are promises to pipelines and to users of the chart, so a change must
// be visible in a diff. SLUICE_GOLDEN=write rewrites the files.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import { systemEnvironment } from '../../lib/kit/system.ts';

const FOLDER = new URL('../data/golden/', import.meta.url);

/** A value as in golden files: indented JSON and a line end. */
export function toGolden(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Compares a text with the golden file of that name; another folder is given as its URL. */
export function expectGolden(file: string, text: string, folder = FOLDER): void {
  const path = fileURLToPath(new URL(file, folder));
  if (systemEnvironment()['SLUICE_GOLDEN'] === 'write') writeFileSync(path, text);
  // By lines, so that a failure shows the lines that differ.
  expect(text.split('\n'), file).to.deep.equal(readFileSync(path, 'utf8').split('\n'));
}
