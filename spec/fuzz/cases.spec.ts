// What fuzzing found once: each file of spec/fuzz/cases holds an input that broke a promise, and
// must never again.

import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { targetOf } from './targets.ts';

const FOLDER = new URL('cases/', import.meta.url);

interface KeptCase {
  readonly target: string;
  readonly why: string;
  readonly input: unknown;
}

describe('findings of fuzzing', () => {
  for (const file of readdirSync(FOLDER).toSorted()) {
    const kept = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as KeptCase;
    it(`stays mended: ${kept.why.slice(0, 120)}`, async () => {
      expect(file).to.match(new RegExp(`^${kept.target}-[a-z0-9-]+\\.json$`));
      await targetOf(kept.target).check(kept.input);
    });
  }
});
