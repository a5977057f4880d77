// Wire forms pinned byte for byte: what a pipeline receives is a promise, so a change of it must be
// seen in a diff. SLUICE_GOLDEN=write writes the files anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Json } from '../../../lib/core/event.ts';
import { systemEnvironment } from '../../../lib/kit/system.ts';

const FOLDER = new URL('../../data/golden/', import.meta.url);

/** A value as golden files hold it: indented JSON and a line end. */
export function toGolden(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Holds a text to the golden file of that name. */
export function expectGolden(file: string, text: string): void {
  const path = fileURLToPath(new URL(file, FOLDER));
  if (systemEnvironment()['SLUICE_GOLDEN'] === 'write') writeFileSync(path, text);
  // By lines, so that a difference is shown as the lines that differ.
  expect(text.split('\n'), file).to.deep.equal(readFileSync(path, 'utf8').split('\n'));
}
